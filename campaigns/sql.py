"""Planning by whole sets: each step's notices are worked out by one statement, over however many orders.

What each day means in each time zone comes from the rules, as a small table (`plan_moment`); what a step means on it is
another (`plan_due`). A step's notices are gathered in a third (`plan_stage`) without a lock on anything, and go from
there to their own, batch by batch.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper

from campaigns.states import SAID_ONCE, NoticeState, Reason, Recipient
from certificates.services.imports.sql import load
from certificates.states import LIVE_ORDER_STATES, ContactRole, EmailState, OrderStatus, RenewalMark

# The roles of contacts that a stage reaches; the account manager is one of the partner's own people.
ROLES = {
    Recipient.TECHNICAL: ContactRole.TECHNICAL,
    Recipient.BUYER: ContactRole.BUYER,
    Recipient.MANAGER: ContactRole.MANAGER,
}
_REACHABLE = f"{{0}}.email <> '' AND {{0}}.email_state = '{EmailState.OK}'"


@dataclass(frozen=True, slots=True)
class Dialect:
    """What the two databases write differently."""

    least: str
    later: str  # a date, so many days on
    seconds: str  # from one moment to another
    midnight: str  # in UTC, to compare with
    an_hour_before: str


POSTGRESQL = Dialect(
    least="LEAST",
    later="({day} + CAST({days} AS integer))",
    seconds="CAST(FLOOR(EXTRACT(EPOCH FROM ({until} - {since}))) AS bigint)",
    midnight="(CAST({day} AS timestamp) AT TIME ZONE 'UTC')",
    an_hour_before="({moment} - INTERVAL '1 hour')",
)
SQLITE = Dialect(
    least="MIN",
    later="date({day}, ({days}) || ' days')",
    seconds="(strftime('%%s', {until}) - strftime('%%s', {since}))",
    midnight="{day}",
    an_hour_before="datetime({moment}, '-1 hour')",
)


def dialect_of(database: BaseDatabaseWrapper) -> Dialect:
    return POSTGRESQL if database.vendor == "postgresql" else SQLITE


@dataclass(frozen=True, slots=True)
class Segment:
    """The orders of a calendar: those that fit it and none of the calendars before it. Empty lists mean everything."""

    own: Mapping[str, Sequence[Any]]
    others: Sequence[Mapping[str, Sequence[Any]]] = ()

    @property
    def asks_for_products(self) -> bool:
        return any(one.get("families") or one.get("levels") for one in (self.own, *self.others))


_SEGMENT_COLUMNS = {
    "families": "COALESCE(p.family, '')",
    "levels": "COALESCE(p.level, '')",
    "countries": "c.country",
    "customers": "c.id",
    "owners": "COALESCE(c.owner_id, 0)",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StepPlan:
    """One step to plan: `days` from the order's end or a `share` of its certificate's life, and its neighbours'.

    `next_…` is the step after it, `last_…` the last before the end, None where there is none. `twins` stand in the same
    place, removed since or in another calendar. `first_day` and `last_day` are the days on which it may stand to be due
    within the run.
    """

    step: int
    channel: str
    recipients: Sequence[str] = ()
    days: int | None = None
    share: int | None = None
    next_at: int | None = None
    last_at: int | None = None
    since: datetime | None = None
    twins: Sequence[int] = ()
    first_day: date
    last_day: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What all steps of a calendar share: whose it is, which orders, and from when to when.

    A thorough run asks of every order who is to be reached, and when; the others only of those not planned yet.
    """

    partner: int
    zone: str
    segment: Segment
    now: datetime
    horizon: datetime
    planned_until: datetime | None
    is_thorough: bool
    least_days: int
    reissue_lead_days: int
    longest_life: int = 1_188  # 39 months, for which code signing certificates were issued


# The tables of a run

_CREATE = (
    "DROP TABLE IF EXISTS plan_moment",
    "DROP TABLE IF EXISTS plan_due",
    "DROP TABLE IF EXISTS plan_window",
    "DROP TABLE IF EXISTS plan_life",
    "DROP TABLE IF EXISTS plan_pick",
    "DROP TABLE IF EXISTS plan_stage",
    """CREATE TEMPORARY TABLE plan_moment (
      zone varchar(64) NOT NULL, day date NOT NULL, permitted {timestamp} NOT NULL,
      permitted_until {timestamp} NOT NULL, usual {timestamp} NOT NULL, usual_until {timestamp} NOT NULL,
      PRIMARY KEY (zone, day))""",
    """CREATE TEMPORARY TABLE plan_due (
      zone varchar(64) NOT NULL, life bigint NOT NULL, day date NOT NULL, permitted {timestamp} NOT NULL,
      permitted_until {timestamp} NOT NULL, last {timestamp} NOT NULL, last_until {timestamp} NOT NULL,
      next_at {timestamp}, PRIMARY KEY (zone, day, life))""",
    """CREATE TEMPORARY TABLE plan_window (
      step_id bigint NOT NULL, share bigint NOT NULL, ends_on date NOT NULL, starts_from date NOT NULL,
      starts_until date NOT NULL, to_last bigint NOT NULL, to_first bigint NOT NULL)""",
    """CREATE TEMPORARY TABLE plan_life (
      step_id bigint NOT NULL, order_id bigint NOT NULL, customer_id bigint NOT NULL, contact_id bigint,
      product_id bigint, ends_at {timestamp} NOT NULL, life bigint NOT NULL, day date NOT NULL)""",
    """CREATE TEMPORARY TABLE plan_pick (
      order_id bigint NOT NULL, customer_id bigint NOT NULL, contact_id bigint, product_id bigint,
      starts_at {timestamp}, ends_at {timestamp} NOT NULL, life bigint NOT NULL, day date NOT NULL, own_id bigint)""",
    """CREATE TEMPORARY TABLE plan_stage (
      step_id bigint NOT NULL, order_id bigint NOT NULL, certificate_id bigint,
      customer_id bigint NOT NULL, contact_id bigint, member_id bigint, ends_at {timestamp} NOT NULL, day date NOT NULL,
      due_at {timestamp} NOT NULL, expires_at {timestamp} NOT NULL, state varchar(10) NOT NULL,
      reason varchar(16) NOT NULL)""",
    "CREATE INDEX plan_stage_order ON plan_stage (step_id, order_id)",
)
_TABLES = ("plan_moment", "plan_due", "plan_window", "plan_life", "plan_pick", "plan_stage")
_WINDOW_COLUMNS = ("step_id", "share", "ends_on", "starts_from", "starts_until", "to_last", "to_first")
_MOMENT_COLUMNS = ("zone", "day", "permitted", "permitted_until", "usual", "usual_until")


@dataclass(frozen=True, slots=True)
class MomentRow:
    """One day in one zone: the first moment that is permitted and the usual one, and the end of the grace of each."""

    zone: str
    day: date
    permitted: datetime
    permitted_until: datetime
    usual: datetime
    usual_until: datetime


@contextmanager
def staging(moments: Iterable[MomentRow]) -> Iterator[None]:
    """The tables, the moments in theirs; they belong to this connection alone and are gone at the end."""
    with connection.cursor() as cursor:
        for statement in _CREATE:
            cursor.execute(statement.format(timestamp=_timestamp()))
    load("plan_moment", _MOMENT_COLUMNS, (_adapted(one) for one in moments))
    _count("plan_moment")
    with connection.cursor() as cursor:
        yield
        for table in _TABLES:
            cursor.execute(f"DROP TABLE {table}")


def _count(table: str) -> None:
    """Let PostgreSQL know how few rows a table of ours has, or it walks the large ones from end to end."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"ANALYZE {table}")


def _empty(table: str) -> None:
    """Leave nothing of the last step behind, dead rows neither."""
    _changed(f"TRUNCATE {table}" if connection.vendor == "postgresql" else f"DELETE FROM {table}", {})


def _timestamp() -> str:
    return "timestamp with time zone" if connection.vendor == "postgresql" else "datetime"


def _adapted(one: MomentRow) -> tuple[Any, ...]:
    moments = (one.permitted, one.permitted_until, one.usual, one.usual_until)
    return one.zone, one.day.isoformat(), *(_moment(each) for each in moments)


def _moment(when: datetime | None) -> Any:
    return None if when is None else connection.ops.adapt_datetimefield_value(when)


# Gathering what a step plans

# The innermost finds the day and the reader, the next one the moment, the outermost what of it belongs to this run.
_STAGE = """
INSERT INTO plan_stage (step_id, order_id, certificate_id, customer_id, contact_id, member_id, ends_at, day, due_at,
  expires_at, state, reason)
SELECT %(step)s, order_id, certificate_id, customer_id, contact_id, member_id, ends_at, day, due_at, expires_at,
  CASE WHEN expires_at <= %(now)s THEN '{missed}' WHEN is_lost THEN '{suppressed}' ELSE '{planned}' END,
  CASE WHEN expires_at <= %(now)s THEN '{grace_over}' WHEN is_lost THEN '{nobody}' ELSE '' END
FROM (
  SELECT order_id, certificate_id, customer_id, contact_id, member_id, ends_at, day, is_lost, due_at,
    {least}(until, COALESCE(CASE WHEN next_at > due_at THEN next_at END, until){or_its_end}) AS expires_at
  FROM (
    SELECT q.order_id, {certificate} AS certificate_id, q.customer_id, {contact} AS contact_id,
      {member} AS member_id, q.ends_at, q.day, {is_lost} AS is_lost, {due_at} AS due_at, {until} AS until, m.next_at
    FROM plan_pick q JOIN certificates_customer c ON c.id = q.customer_id
    {product}{current}{reader}
    JOIN plan_due m ON m.zone = {zone} AND m.day = q.day AND m.life = q.life
    WHERE c.notices_enabled{stands}{segment}{unread}
  ) timed
) planned
WHERE due_at <= %(horizon)s AND (expires_at > %(now)s{or_missed}){and_since}
"""
_CONTACT = """
    JOIN certificates_contact k ON k.customer_id = q.customer_id AND {reachable} AND ({who})"""
# The order's own contact, or whoever has that role where it has none that can be reached.
_OWN = f"k.id = q.own_id OR k.role = '{ContactRole.TECHNICAL}' AND q.own_id IS NULL"
_OWNER = """
    JOIN portal_membership w ON w.id = c.owner_id AND w.is_active
    JOIN portal_user k ON k.id = w.user_id AND k.is_active"""
_ANYBODY = """
    LEFT JOIN certificates_contact k ON k.id = (
      SELECT MIN(a.id) FROM certificates_contact a WHERE a.customer_id = q.customer_id AND {reachable})"""
_NO_READER = """
    LEFT JOIN certificates_contact k ON k.id = q.contact_id AND k.customer_id = q.customer_id"""
_CURRENT = """
    LEFT JOIN certificates_certificate x ON x.order_id = q.order_id AND x.is_current"""
_PRODUCT = """
    LEFT JOIN certificates_product p ON p.id = q.product_id"""
# Whether such a reader of an order is found at all, whatever the hour.
_FOUND = """
  SELECT 1 FROM certificates_customer c {reader}
  WHERE c.id = q.customer_id"""


# A certificate's step has no column of its own to be found by. For every day on which certificates end there is a time
# in which those began that have so much of their life left; by the index's dates first, then by the true moments.
_LOOK = """
INSERT INTO plan_life (step_id, order_id, customer_id, contact_id, product_id, ends_at, life, day)
WITH near AS MATERIALIZED (
  SELECT o.id, w.step_id, w.share, w.to_last, w.to_first
  FROM plan_window w JOIN certificates_order o ON o.certificate_ends_on = w.ends_on
  WHERE o.partner_id = %(partner)s AND o.renewal_mark = '{unrenewed}' AND o.status = '{issued}'
    AND o.certificate_starts_at BETWEEN w.starts_from AND w.starts_until AND o.ends_on > {goes_on}
), lived AS MATERIALIZED (
  SELECT near.*, o.customer_id, o.contact_id, o.product_id, o.certificate_ends_at, o.certificate_ends_on, {life} AS life
  FROM near JOIN certificates_order o ON o.id = near.id WHERE o.notices_enabled
)
SELECT step_id, id, customer_id, contact_id, product_id, certificate_ends_at, life, {day}
FROM lived WHERE {left} < life AND {left} BETWEEN to_last AND to_first
"""


def look_at_lives(plans: Sequence[StepPlan], run: Run) -> None:
    """Find the certificates on whose life a step of theirs stands on a day of this run, for all such steps at once.

    A reissue is asked for only while the order goes on without its certificate.
    """
    found = [plan for plan in plans if plan.share is not None]
    if not found:
        return
    load("plan_window", _WINDOW_COLUMNS, (one for plan in found for one in _windows(plan, run)))
    _count("plan_window")
    dialect, left = dialect_of(connection), _left("life", "share")
    seconds = dialect.seconds.format(until="o.certificate_ends_at", since="o.certificate_starts_at")
    statement = _LOOK.format(
        day=dialect.later.format(day="certificate_ends_on", days=f"-({left})"),
        life=f"({seconds} / 86400)",
        unrenewed=RenewalMark.NONE,
        issued=OrderStatus.ISSUED,
        goes_on=dialect.later.format(day="w.ends_on", days="%(lead)s"),
        left=left,
    )
    _changed(statement, _params(found[0], run))
    _count("plan_life")


def _windows(plan: StepPlan, run: Run) -> Iterator[tuple[Any, ...]]:
    """For each day on which certificates end, within which days those began whose step stands within the plan's.

    A life of which so many days are left is at most `left * 100 / share` days long, and longer than a day less gives.
    """
    share, (first_end, last_end) = plan.share or 1, _ends(plan, run)
    for ahead in range((last_end - first_end).days + 1):
        ends_on = first_end + timedelta(days=ahead)
        to_last, to_first = (ends_on - plan.last_day).days, (ends_on - plan.first_day).days
        longest = to_first * 100 // share
        shortest = (to_last - 1) * 100 // share + 1 if to_last > run.least_days else 0
        starts = (ends_on - timedelta(days=longest + 2), ends_on - timedelta(days=shortest - 3))
        yield plan.step, share, *(one.isoformat() for one in (ends_on, *starts)), to_last, to_first


# The orders of one step. Where somebody has been found for an order already, only a thorough run asks again.
_PICK = """
INSERT INTO plan_pick (order_id, customer_id, contact_id, product_id, starts_at, ends_at, life, day, own_id)
SELECT q.id, q.customer_id, q.contact_id, q.product_id, q.starts_at, q.ends_at, 0, {day}, {own}
FROM certificates_order q
WHERE q.partner_id = %(partner)s AND q.renewal_mark = '{unrenewed}' AND q.status IN ({statuses}) AND q.notices_enabled
  AND q.ends_on BETWEEN %(first_end)s AND %(last_end)s{unplanned}
"""
_PICK_LIVES = """
INSERT INTO plan_pick (order_id, customer_id, contact_id, product_id, ends_at, life, day, own_id)
SELECT q.order_id, q.customer_id, q.contact_id, q.product_id, q.ends_at, q.life, q.day, {own}
FROM plan_life q
WHERE q.step_id = %(step)s{unplanned}
"""
_OWN_REACHABLE = f"""(
  SELECT own.id FROM certificates_contact own
  WHERE own.id = q.contact_id AND own.customer_id = q.customer_id AND {_REACHABLE.format("own")})"""
_UNPLANNED = f"""
  AND NOT EXISTS (
    SELECT 1 FROM campaigns_notice n WHERE n.order_id = q.{{key}} AND n.step_id + 0 = %(step)s AND n.ends_at = q.ends_at
    AND n.reason NOT IN ('{Reason.BAD_ADDRESS}', '{Reason.NOBODY}', '{Reason.READER_CHANGED}'))"""


def _pick(plan: StepPlan, run: Run) -> int:
    """Put the step's orders into their table; how many they are."""
    is_reissue = plan.share is not None
    statement = (_PICK_LIVES if is_reissue else _PICK).format(
        day=dialect_of(connection).later.format(day="q.ends_on", days="%(at)s"),
        own=_OWN_REACHABLE,
        unrenewed=RenewalMark.NONE,
        statuses=", ".join(f"'{status}'" for status in LIVE_ORDER_STATES),
        unplanned="" if run.is_thorough else _UNPLANNED.format(key="order_id" if is_reissue else "id"),
    )
    _empty("plan_pick")
    picked = _changed(statement, _params(plan, run))
    _count("plan_pick")
    return picked


# When a step is due on each of its days: permitted, or, where that comes after what it warns of, when the last step
# before the end is; and when the step after it takes its place.
# A certificate's steps stand apart by the days of its life.
_DUE = """
INSERT INTO plan_due (zone, life, day, permitted, permitted_until, last, last_until, next_at)
SELECT m.zone, lives.life, m.day, m.permitted, m.permitted_until, COALESCE(f.usual, m.usual),
  COALESCE(f.usual_until, m.usual_until), n.permitted
FROM plan_moment m CROSS JOIN (SELECT DISTINCT life FROM plan_pick) lives
LEFT JOIN plan_moment n ON n.zone = m.zone AND n.day = {next_day}
LEFT JOIN plan_moment f ON f.zone = m.zone AND f.day = {last_day}
WHERE m.day BETWEEN %(first_day)s AND %(last_day)s
"""


def _look_at_days(plan: StepPlan, run: Run) -> None:
    days = _Days(dialect_of(connection), is_reissue=plan.share is not None)
    statement = _DUE.format(next_day=days.of("%(next_at)s"), last_day=days.of("%(last_at)s"))
    _empty("plan_due")
    _changed(statement, _params(plan, run))
    _count("plan_due")


def stage(plan: StepPlan, run: Run) -> None:
    """Gather the notices of one step, for each of its readers, in the place of the last one's."""
    _empty("plan_stage")
    if not _pick(plan, run):
        return
    _look_at_days(plan, run)
    if plan.channel != "email":
        _stage(plan, run, _Reader(_NO_READER, zone="COALESCE(k.time_zone, %(zone)s)"))
        return
    *others, last = _wanted(plan)
    for reader in (*others, last):
        _stage(plan, run, reader)
    if _leave_unread(last):
        _stage(plan, run, _anybody(unless=others))


@dataclass(frozen=True, slots=True)
class _Reader:
    """How a statement finds its reader, and the zone of the reader's clock."""

    joined: str
    zone: str
    contact: str = "CAST(NULL AS bigint)"
    member: str = "CAST(NULL AS bigint)"
    is_lost: str = "1 = 0"
    unread: str = ""

    @property
    def found(self) -> str:
        return _FOUND.format(reader=self.joined)


def _wanted(plan: StepPlan) -> list[_Reader]:
    """Whom a letter is for: its account manager, and last the contacts. Where the last are missing, any others read."""
    contacts = [Recipient(one) for one in plan.recipients if one != Recipient.OWNER]
    if Recipient.OWNER not in plan.recipients:
        return [_contacts(contacts or [Recipient.TECHNICAL])]
    owner = _Reader(_OWNER, zone="k.time_zone", member="w.id")
    return [owner, _contacts(contacts)] if contacts else [owner]


def _contacts(wanted: Collection[Recipient]) -> _Reader:
    who = [f"k.role = '{ROLES[one]}'" for one in wanted if one != Recipient.TECHNICAL]
    if Recipient.TECHNICAL in wanted:
        who.append(_OWN)
    joined = _CONTACT.format(reachable=_REACHABLE.format("k"), who=" OR ".join(who))
    return _Reader(joined, zone="k.time_zone", contact="k.id")


def _anybody(*, unless: Iterable[_Reader]) -> _Reader:
    """Any contact at all; where there is none nobody, unless one of those others is found."""
    return _Reader(
        _ANYBODY.format(reachable=_REACHABLE.format("a")),
        zone="COALESCE(k.time_zone, %(zone)s)",
        contact="k.id",
        is_lost="k.id IS NULL",
        unread="".join(f" AND (k.id IS NOT NULL OR NOT EXISTS ({one.found}))" for one in unless),
    )


def _leave_unread(reader: _Reader) -> int:
    """Of the step's orders leave those for which no such reader is found; how many.

    Whoever's hour lies outside this run is found too: nobody else is asked instead.
    """
    _changed(f"DELETE FROM plan_pick AS q WHERE EXISTS ({reader.found})", {})
    _count("plan_pick")
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM plan_pick")
        return int(cursor.fetchone()[0])


def _stage(plan: StepPlan, run: Run, reader: _Reader) -> None:
    params = _params(plan, run)
    words = {**_words(plan, run, params), **_reader_words(reader)}
    statement = _STAGE.format(**words)
    with connection.cursor() as cursor:
        cursor.execute(statement, params)


def _reader_words(reader: _Reader) -> dict[str, str]:
    return {
        "reader": reader.joined,
        "zone": reader.zone,
        "contact": reader.contact,
        "member": reader.member,
        "is_lost": reader.is_lost,
        "unread": reader.unread,
    }


def _words(plan: StepPlan, run: Run, params: dict[str, Any]) -> dict[str, str]:
    """The statement's pieces for one step."""
    dialect = dialect_of(connection)
    is_reissue = plan.share is not None
    warns = is_reissue or (plan.days or 0) < 0
    in_time = "CASE WHEN m.permitted < q.ends_at THEN" if warns else ""
    soonest = f"{dialect.least}(m.last, {dialect.an_hour_before.format(moment='q.ends_at')})"
    return {
        "missed": NoticeState.MISSED,
        "suppressed": NoticeState.SUPPRESSED,
        "planned": NoticeState.PLANNED,
        "grace_over": Reason.GRACE_OVER,
        "nobody": Reason.NOBODY,
        "least": dialect.least,
        "or_its_end": ", ends_at" if warns else "",
        "certificate": "x.id" if is_reissue else "CAST(NULL AS bigint)",
        "current": _CURRENT if is_reissue else "",
        "product": _PRODUCT if run.segment.asks_for_products else "",
        "due_at": f"{in_time} m.permitted ELSE {soonest} END" if warns else "m.permitted",
        "until": f"{in_time} m.permitted_until ELSE m.last_until END" if warns else "m.permitted_until",
        "stands": "" if is_reissue else _stands(dialect),
        "segment": _segment(run.segment, params),
        "or_missed": "" if run.planned_until is None else " OR due_at > %(planned_until)s",
        "and_since": "" if plan.since is None else " AND due_at >= %(since)s",
    }


@dataclass(frozen=True, slots=True)
class _Days:
    """The day on which another step stands, counted from the step's own: `timing.day_of` in the database's words."""

    dialect: Dialect
    is_reissue: bool

    def of(self, at: str) -> str:
        if not self.is_reissue:
            return self.dialect.later.format(day="m.day", days=f"CAST({at} AS integer) - %(at)s")
        left = f"{_left('lives.life', '%(at)s')} - {_left('lives.life', f'CAST({at} AS integer)')}"
        return self.dialect.later.format(day="m.day", days=left)


def _left(life: str, share: str) -> str:
    """Days that are left of a life, rounded up: `ladder.days_left_of`."""
    part = f"(({life} * {share} + 99) / 100)"
    return f"(CASE WHEN {part} < %(least_days)s THEN %(least_days)s ELSE {part} END)"


def _stands(dialect: Dialect) -> str:
    """The step stands within the order's life."""
    return f" AND (q.starts_at IS NULL OR q.starts_at < {dialect.midnight.format(day='q.day')})"


def _segment(segment: Segment, params: dict[str, Any]) -> str:
    own = _conditions("own", segment.own, params)
    others = [_conditions(f"other{number}", other, params) for number, other in enumerate(segment.others)]
    # a calendar for everything leaves nothing to those after it
    return f" AND {own or '1 = 1'}" + "".join(f" AND NOT ({other or '1 = 1'})" for other in others)


def _conditions(name: str, wanted: Mapping[str, Sequence[Any]], params: dict[str, Any]) -> str:
    parts = []
    for kind, column in _SEGMENT_COLUMNS.items():
        values = wanted.get(kind) or ()
        keys = [f"{name}_{kind}_{number}" for number, _value in enumerate(values)]
        params.update(zip(keys, values, strict=True))
        if keys:
            parts.append(f"{column} IN ({', '.join(f'%({key})s' for key in keys)})")
    return " AND ".join(parts)


def _ends(plan: StepPlan, run: Run) -> tuple[date, date]:
    """The last days between which an order or a certificate may end for the step to stand within its days."""
    if plan.share is None:
        step = timedelta(days=plan.days or 0)
        return plan.first_day - step, plan.last_day - step
    most = max(run.least_days, -(-run.longest_life * plan.share // 100))
    return plan.first_day + timedelta(days=run.least_days), plan.last_day + timedelta(days=most)


def _params(plan: StepPlan, run: Run) -> dict[str, Any]:
    first_end, last_end = _ends(plan, run)
    return {
        "step": plan.step,
        "partner": run.partner,
        "zone": run.zone,
        "at": plan.days if plan.share is None else plan.share,
        "next_at": plan.next_at,
        "last_at": plan.last_at,
        "first_end": first_end.isoformat(),
        "last_end": last_end.isoformat(),
        "first_day": plan.first_day.isoformat(),
        "last_day": plan.last_day.isoformat(),
        "now": _moment(run.now),
        "horizon": _moment(run.horizon),
        "planned_until": _moment(run.planned_until),
        "since": _moment(plan.since),
        "least_days": run.least_days,
        "lead": run.reissue_lead_days,
    }


# From there to the notices

# Notices are sought by their order, and by nothing else that an index knows: PostgreSQL is not aware of what this very
# run has written, and would walk all of a step's notices, or all that were sent, for each one.
_OF_STEP = "n.order_id = s.order_id AND n.step_id + 0 = s.step_id AND n.ends_at = s.ends_at"
_SAME_READER = """COALESCE(n.contact_id, 0) = COALESCE({0}.contact_id, 0)
  AND COALESCE(n.member_id, 0) = COALESCE({0}.member_id, 0)"""
_SAME = f"{_OF_STEP} AND COALESCE(n.certificate_id, 0) = COALESCE(s.certificate_id, 0) AND {_SAME_READER.format('s')}"
_IN_STATES = "n.state || '' IN ({})"
_WAITING = _IN_STATES.format(f"'{NoticeState.PLANNED}', '{NoticeState.HELD}'")
_SAID = _IN_STATES.format(f"'{NoticeState.SENT}', '{NoticeState.QUEUED}'")
_OF_BATCH = "s.step_id = %(step)s AND s.order_id > %(after)s AND s.order_id <= %(until)s AND s.state = %(state)s"
# Whom a step has reached already needs no second reader, who came into their place since.
_TOLD = f"""
  SELECT 1 FROM campaigns_notice n WHERE n.order_id = s.order_id AND n.ends_at = s.ends_at AND {_SAID}
    AND (n.step_id + 0 = s.step_id{{or_twin}})"""
# Whoever was told the same by another step in the same place need not hear it again.
_OR_TWIN = f"""
      OR n.step_id + 0 IN ({{twins}}) AND n.channel = %(channel)s AND {_SAME_READER.format("s")}"""
_INSERT = f"""
INSERT INTO campaigns_notice (partner_id, step_id, order_id, certificate_id, customer_id, channel, contact_id,
  member_id, ends_at, day, due_at, expires_at, state, reason, detail, planned_at, decided_at)
SELECT %(partner)s, s.step_id, s.order_id, s.certificate_id, s.customer_id, %(channel)s, s.contact_id, s.member_id,
  s.ends_at, s.day, s.due_at, s.expires_at, s.state, s.reason, '', {{now}}, {{decided}}
FROM plan_stage s
WHERE {_OF_BATCH} AND NOT EXISTS ({{told}})
ON CONFLICT DO NOTHING
"""
# The reader's zone or the calendar's hours have changed since; what is due already, its sender watches over.
_RETIME = f"""
UPDATE campaigns_notice AS n SET day = s.day, due_at = s.due_at, expires_at = s.expires_at
FROM plan_stage s
WHERE {_OF_BATCH} AND {_SAME} AND {_WAITING}
  AND s.due_at > %(now)s AND (n.due_at <> s.due_at OR n.expires_at <> s.expires_at)
  AND n.detail = '' -- somebody has told it to hurry
"""
# Of these orders and this step, whom it is for now is known: whoever else waits for it is left out, until he is back.
_AWAY = f"""
UPDATE campaigns_notice AS n
SET state = '{NoticeState.SILENT}', reason = '{Reason.READER_CHANGED}', decided_at = {{now}}
FROM plan_stage s
WHERE {_OF_BATCH} AND {_OF_STEP} AND {_WAITING} AND n.expires_at > %(now)s AND n.due_at <= %(horizon)s{{and_since}}
  AND NOT EXISTS (
  SELECT 1 FROM plan_stage t WHERE t.step_id = s.step_id AND t.order_id = s.order_id AND t.ends_at = s.ends_at
    AND COALESCE(n.certificate_id, 0) = COALESCE(t.certificate_id, 0) AND {_SAME_READER.format("t")})
"""
_BACK = f"""
UPDATE campaigns_notice AS n SET state = '{NoticeState.PLANNED}', reason = '', decided_at = NULL
FROM plan_stage s
WHERE {_OF_BATCH} AND {_SAME} AND {_IN_STATES.format(f"'{NoticeState.SILENT}'")}
  AND n.reason = '{Reason.READER_CHANGED}' AND NOT EXISTS ({{told}})
"""
_LAST_OF_BATCH = """
SELECT MAX(order_id) FROM (
  SELECT order_id FROM plan_stage WHERE step_id = %(step)s AND order_id > %(after)s ORDER BY order_id LIMIT %(size)s
) batch
"""


@dataclass(frozen=True, slots=True)
class Batch:
    """The staged rows of one step for the orders after one and until another: all the readers of each."""

    step: int
    channel: str
    since: datetime | None
    twins: Sequence[int]
    after: int
    until: int


def batches(plan: StepPlan, *, size: int) -> Iterator[Batch]:
    """The step's staged rows in pieces of about that many."""
    after = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(_LAST_OF_BATCH, {"step": plan.step, "after": after, "size": size})
            until = cursor.fetchone()[0]
        if until is None:
            return
        yield Batch(plan.step, plan.channel, plan.since, plan.twins, after, until)
        after = until


def has_spoken(plan: StepPlan) -> bool:
    """Whether the step has any notice yet."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT 1 FROM campaigns_notice WHERE step_id = %s)", [plan.step])
        return bool(cursor.fetchone()[0])


def insert_staged(batch: Batch, run: Run, state: str) -> int:
    """Make notices of the batch's rows in a state, where there are none yet; how many were made."""
    now = _now()
    params = {**_of(batch, state), "partner": run.partner, "channel": batch.channel, "now": _moment(run.now)}
    decided = "NULL" if state == NoticeState.PLANNED else now
    return _changed(_INSERT.format(now=now, decided=decided, told=_told(batch)), params)


def _told(batch: Batch) -> str:
    """What says that a staged row's step, or for the same reader another one in its place, has spoken."""
    twins = ", ".join(str(int(one)) for one in batch.twins)
    return _TOLD.format(or_twin=_OR_TWIN.format(twins=twins) if twins and batch.channel in SAID_ONCE else "")


def retime_staged(batch: Batch, run: Run) -> int:
    """Give planned notices the moment that was gathered for them, where it is another one; how many were changed."""
    return _changed(_RETIME, {**_of(batch, NoticeState.PLANNED), "now": _moment(run.now)})


@dataclass(frozen=True, slots=True)
class Swapped:
    """How many notices were laid aside because somebody else is their step's reader, and how many taken up again."""

    away: int = 0
    back: int = 0


def swap_readers(batch: Batch, run: Run) -> Swapped:
    """Of the batch's orders, let those alone wait for the step who are its readers now."""
    params = {**_of(batch, NoticeState.PLANNED), "now": _moment(run.now), "horizon": _moment(run.horizon)}
    params |= {"since": _moment(batch.since), "channel": batch.channel}
    since = " AND n.due_at >= %(since)s" if batch.since else ""
    away = _changed(_AWAY.format(now=_now(), and_since=since), params)
    return Swapped(away, back=_changed(_BACK.format(told=_told(batch)), params))


def _now() -> str:
    return "CAST(%(now)s AS timestamp with time zone)" if connection.vendor == "postgresql" else "%(now)s"


def _of(batch: Batch, state: str) -> dict[str, Any]:
    return {"step": batch.step, "after": batch.after, "until": batch.until, "state": str(state)}


def _changed(statement: str, params: Mapping[str, Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return max(int(cursor.rowcount), 0)
