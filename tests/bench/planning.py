"""Planning touchpoints against one set-based statement: `python -m tests.bench.planning --rows 1000000`.

Works on a private SQLite file, or on the empty database of DATABASE_URL. The limit is one INSERT … SELECT … ON CONFLICT
DO NOTHING of the very same notices into the same table, with every index, constraint and tenant guard in place; when
each is due it need not work out.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from tests.bench.expiring_page import TODAY, prepare

RATE_MUST, AGAIN_MUST = 0.60, 0.50
MEMORY_MUST = 64  # MiB by which the peak may grow, whatever the number of orders
ZONES = ("UTC", "Europe/Paris", "Europe/London", "America/New_York", "Asia/Tokyo")


@dataclass(frozen=True)
class Dialect:
    """How each database makes rows out of numbers, and counts days."""

    numbers: str
    day: str
    goes_on: str
    midnight: str
    strings: str


POSTGRESQL = Dialect(
    numbers="SELECT n FROM generate_series(0, {count} - 1) AS series(n)",
    day="(DATE '{today}' + ({days}))",
    goes_on="o.certificate_ends_on + 30",
    midnight="(({day} + 1)::timestamp AT TIME ZONE 'UTC')",
    strings="(ARRAY[{values}])[1 + ({index})]",
)
SQLITE = Dialect(
    numbers="WITH RECURSIVE series(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM series WHERE n + 1 < {count}) "
    "SELECT n FROM series",
    day="date('{today}', ({days}) || ' days')",
    goes_on="date(o.certificate_ends_on, '30 days')",
    midnight="(date({day}, '1 day') || ' 00:00:00')",
    strings="(SELECT value FROM json_each(json_array({values})) WHERE key = {index})",
)


def load(size: int) -> Any:
    """A partner with so many orders, written by the database itself: one in nine ends within 90 days."""
    from django_scopes import scopes_disabled

    from campaigns.services.calendars import ensure_calendar
    from tests.factories import make_partner

    with scopes_disabled():
        partner = make_partner("Bench Partner", slug="bench")
        ensure_calendar(partner)
        customers = max(size // 5, 1)
        write_customers(partner, customers)
        write_contacts(partner)
        write_orders(partner, size, customers)
    run("VACUUM ANALYZE" if vendor() == "postgresql" else "ANALYZE")
    return partner


def write_customers(partner: Any, count: int) -> None:
    from certificates.models import Customer

    numbers, text = dialect().numbers.format(count=count), "'bench:' || n"
    write(Customer, {"partner_id": partner.pk}, {"key": text, "name": text}, f"({numbers}) numbers")


def write_contacts(partner: Any) -> None:
    from certificates.models import Contact

    values = ", ".join(f"'{zone}'" for zone in ZONES)
    computed = {
        "customer_id": "c.id",
        "name": "c.name",
        "role": "'technical'",
        "email": "'it' || c.id || '@customer.example'",
        "time_zone": dialect().strings.format(values=values, index=f"CAST(c.id AS integer) % {len(ZONES)}"),
    }
    write(Contact, {"partner_id": partner.pk}, computed, "certificates_customer c")


def write_orders(partner: Any, size: int, customers: int) -> None:
    from certificates.models import Customer, Order, Product

    first = Customer.objects.order_by("pk").values_list("pk", flat=True)[0]
    found, begun = dialect(), "-199"
    ends = found.day.format(today=TODAY, days="((n % 1090) * 7919) % 1090 - 365")
    certificate = found.day.format(today=TODAY, days="((n % 199) * 104729) % 199")
    soonest = f"CASE WHEN {certificate} < {ends} THEN {certificate} ELSE {ends} END"
    started = SQLITE if vendor() == "sqlite" else None
    computed = {
        "customer_id": f"{first} + n % {customers}",
        "number": "CAST(5000000 + n AS varchar)",
        "status": "CASE WHEN n % 10 < 3 AND n % 2 = 1 THEN 'revoked' ELSE 'issued' END",
        "renewal_mark": "CASE WHEN n % 5 = 0 THEN 'renewed' ELSE 'none' END",
        "common_name": "'www.host-' || n || '.example'",
        "ends_on": ends,
        "ends_at": found.midnight.format(day=ends),
        "certificate_ends_on": soonest,
        "certificate_ends_at": found.midnight.format(day=f"({soonest})"),
        "certificate_starts_at": f"datetime({soonest}, '1 day', '{begun} days')"
        if started
        else f"({found.midnight.format(day=f'({soonest})')} - INTERVAL '199 days')",
    }
    constants = {
        "partner_id": partner.pk,
        "product_id": Product.objects.values_list("pk", flat=True)[0],
        "authority": "sandbox",
        "placed_at": datetime(2020, 1, 1),  # noqa: DTZ001 - read as UTC
        "starts_at": datetime(2020, 1, 1),  # noqa: DTZ001
        "names": "[]",
    }
    write(Order, constants, computed, f"({found.numbers.format(count=size)}) numbers")


def write(model: Any, constants: dict[str, Any], computed: dict[str, str], source: str) -> None:
    """Rows of a model, one for each of the source; columns that are not named begin with their default."""
    from django.db import connection
    from django.utils import timezone

    values: dict[str, Any] = {}
    for one in model._meta.concrete_fields:
        if one.primary_key or one.column in computed or one.column in constants:
            continue
        is_moment = getattr(one, "auto_now", False) or getattr(one, "auto_now_add", False)
        default = timezone.now() if is_moment else one.get_default()
        values[one.column] = one.get_db_prep_save(default, connection)
    values |= {name: str(value) if isinstance(value, datetime) else value for name, value in constants.items()}
    columns = ", ".join([*computed, *values])
    select = ", ".join([*computed.values(), *["%s"] * len(values)])
    run(f"INSERT INTO {model._meta.db_table} ({columns}) SELECT {select} FROM {source}", list(values.values()))


def run(statement: str, params: list[Any] | None = None) -> int:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(statement.replace("%", "%%").replace("%%s", "%s") if params else statement, params)
        return int(cursor.rowcount)


def vendor() -> str:
    from django.db import connection

    return str(connection.vendor)


def dialect() -> Dialect:
    return POSTGRESQL if vendor() == "postgresql" else SQLITE


# The limit

# When each step speaks to whom reads in a zone about what ends on a day: by the rules, made before the clock runs.
DUE_COLUMNS = ("step_id", "channel", "zone", "life", "ends_on", "day", "due_at", "expires_at")
DUE = """
CREATE TABLE bench_due (step_id bigint NOT NULL, channel varchar(9) NOT NULL, zone varchar(64) NOT NULL, life bigint,
  ends_on date NOT NULL, day date NOT NULL, due_at {timestamp} NOT NULL, expires_at {timestamp} NOT NULL)
"""
LIMIT = """
INSERT INTO campaigns_notice (partner_id, step_id, order_id, customer_id, channel, contact_id, ends_at, day, due_at,
  expires_at, state, reason, detail, planned_at)
SELECT o.partner_id, d.step_id, o.id, o.customer_id, d.channel, CASE WHEN d.channel = 'email' THEN k.id END, o.ends_at,
  d.day, d.due_at, d.expires_at, 'planned', '', '', {now}
FROM certificates_order o JOIN certificates_customer c ON c.id = o.customer_id AND c.notices_enabled
JOIN certificates_contact k ON k.customer_id = c.id AND k.role = 'technical'
JOIN bench_due d ON d.ends_on = o.ends_on AND d.zone = CASE WHEN d.channel = 'email' THEN k.time_zone ELSE 'UTC' END
WHERE {wanted} AND o.status IN ('issued', 'reissue_pending') AND d.life IS NULL
  AND o.ends_on IN (SELECT ends_on FROM bench_due WHERE life IS NULL)
UNION ALL
SELECT o.partner_id, d.step_id, o.id, o.customer_id, d.channel, k.id, o.certificate_ends_at, d.day, d.due_at,
  d.expires_at, 'planned', '', '', {now}
FROM certificates_order o JOIN certificates_customer c ON c.id = o.customer_id AND c.notices_enabled
JOIN certificates_contact k ON k.customer_id = c.id AND k.role = 'technical'
JOIN bench_due d ON d.ends_on = o.certificate_ends_on AND d.zone = k.time_zone AND d.life = {life}
WHERE {wanted} AND o.status = 'issued' AND o.ends_on > {goes_on}
  AND o.certificate_ends_on IN (SELECT ends_on FROM bench_due WHERE life IS NOT NULL)
ON CONFLICT DO NOTHING
"""
WANTED = "o.renewal_mark = 'none' AND o.notices_enabled"
LIFE_DAYS = 199
# What tells one plan from another, without a clock.
FINGERPRINT = """
SELECT COUNT(*), SUM(order_id * step_id), SUM(COALESCE(contact_id, 0)), COUNT(DISTINCT due_at), MIN(due_at),
  MAX(due_at), MIN(expires_at), MAX(expires_at) FROM campaigns_notice WHERE state = 'planned'
"""


def limit() -> int:
    """The same notices by one statement, which is told beforehand when each is due; how many were made."""
    is_sqlite = vendor() == "sqlite"
    seconds = (
        "(strftime('%s', o.certificate_ends_at) - strftime('%s', o.certificate_starts_at))"
        if is_sqlite
        else "EXTRACT(EPOCH FROM o.certificate_ends_at - o.certificate_starts_at)::bigint"
    )
    return run(
        LIMIT.format(
            wanted=WANTED,
            life=f"{seconds} / 86400",
            goes_on=dialect().goes_on,
            now=f"'{TODAY} 00:00:00'" if is_sqlite else f"TIMESTAMP '{TODAY}' AT TIME ZONE 'UTC'",
        )
    )


def write_due(partner: Any) -> None:
    """The limit's table of moments."""
    from django.db import connection

    from certificates.services.imports.sql import load

    run("DROP TABLE IF EXISTS bench_due")
    run(DUE.format(timestamp="datetime" if vendor() == "sqlite" else "timestamp with time zone"))
    adapted = connection.ops.adapt_datetimefield_value
    rows = [(*row[:-2], *(adapted(moment) for moment in row[-2:])) for row in due_rows(partner)]
    load("bench_due", DUE_COLUMNS, rows)
    run("ANALYZE bench_due")


def due_rows(partner: Any) -> Iterator[tuple[Any, ...]]:
    from django_scopes import scopes_disabled

    from campaigns.models import Calendar
    from campaigns.rules import timing
    from campaigns.services import planning
    from campaigns.services.calendars import steps_of
    from tests.factories import midnight

    with scopes_disabled():
        calendar = Calendar.objects.get(partner=partner)
        steps, hours = list(steps_of(calendar)), planning.hours_of(calendar)
    now = midnight(TODAY)
    for step, zone in product(steps, ZONES):
        siblings = [planning.when_of(one) for one in steps if (one.basis, one.channel) == (step.basis, step.channel)]
        for ends_on in (TODAY + timedelta(days=ahead) for ahead in range(-60, 300)):
            ends_at = midnight(ends_on + timedelta(days=1))
            life = None if step.share is None else LIFE_DAYS
            starts_at = midnight(date(2020, 1, 1)) if life is None else ends_at - timedelta(days=life)
            when, period = planning.when_of(step), timing.Period(starts_at, ends_at)
            day = timing.day_of(when, period)
            if day is None or abs((day - TODAY).days) > timing.LONGEST_BREAK:
                continue
            one = timing.moment(when, period, hours=hours, zone=ZoneInfo(zone), siblings=siblings)
            if one is not None and one.due_at <= now + planning.PLAN_AHEAD and one.expires_at > now:
                day_row = (ends_on.isoformat(), one.day.isoformat())
                yield step.pk, step.channel, zone, life, *day_row, one.due_at, one.expires_at


def fingerprint() -> Any:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(FINGERPRINT)
        return cursor.fetchone()


# What is measured


@contextmanager
def seconds(found: list[float]) -> Iterator[None]:
    began = time.perf_counter()
    yield
    found.append(time.perf_counter() - began)


def peak_mebibytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def empty() -> None:
    from django_scopes import scopes_disabled

    from campaigns.models import Calendar
    from tests.factories import midnight

    run("DELETE FROM campaigns_notice" if vendor() == "sqlite" else "TRUNCATE campaigns_notice CASCADE")
    with scopes_disabled():
        Calendar.objects.update(planned_until=None, changed_at=midnight(TODAY) - timedelta(days=30))


def measure(partner: Any, repeats: int) -> dict[str, Any]:
    from campaigns.services.planning import Planned, plan_touchpoints
    from tests.factories import midnight

    now = midnight(TODAY)
    write_due(partner)
    times: dict[str, list[float]] = {"planned": [], "again": [], "limit": []}
    before, made, limited, grown = peak_mebibytes(), 0, 0, 0.0

    def plan() -> Planned:
        return plan_touchpoints(now=now, partner=partner)

    for _turn in range(repeats):
        empty()
        with seconds(times["planned"]):
            made = plan().planned
        with seconds(times["again"]):
            again = plan()
        if again != Planned():
            raise AssertionError(again)
        grown = peak_mebibytes() - before
        planned = fingerprint()
        empty()
        with seconds(times["limit"]):
            limited = limit()
        if planned != fingerprint():
            raise AssertionError([planned, fingerprint()])
    return {**{name: min(taken) for name, taken in times.items()}, "made": made, "limited": limited, "memory": grown}


def report(figures: dict[str, Any], size: int) -> str:
    rate, at_most = figures["made"] / figures["planned"], figures["limited"] / figures["limit"]
    return "\n".join(
        [
            f"Planning touchpoints on {vendor()}, {size:,} orders",
            f"  {'one set-based statement':28}{figures['limited']:9,} notices {figures['limit']:8.2f} s",
            f"  {'planned':28}{figures['made']:9,} notices {figures['planned']:8.2f} s"
            f"   rate {rate / at_most:5.2f}, must {RATE_MUST:.2f} {_verdict(rate / at_most >= RATE_MUST)}",
            f"  {'planned again, nothing due':28}{0:9,} notices {figures['again']:8.2f} s"
            f"   of it {figures['again'] / figures['planned']:4.2f}, must {AGAIN_MUST:.2f}"
            f" {_verdict(figures['again'] / figures['planned'] <= AGAIN_MUST)}",
            f"  {'peak memory grew by':28}{figures['memory']:9.0f} MiB"
            f"{'':27}must {MEMORY_MUST} MiB {_verdict(figures['memory'] <= MEMORY_MUST)}",
        ]
    )


def _verdict(met: Callable[[], bool] | bool) -> str:
    return "met" if met else "MISSED"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--keep", type=Path, help="a folder to keep the data in, for another run")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        prepare(str(wanted.keep or folder))
        partner = existing() or load(wanted.rows)
        print(report(measure(partner, wanted.repeats), wanted.rows))


def existing() -> Any:
    from portal.models import Partner

    return Partner.objects.filter(slug="bench").first()


if __name__ == "__main__":
    main()
