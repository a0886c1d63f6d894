"""How fast an export is imported, beside writing the same rows raw: `python tests/bench/import_orders.py [ROWS]`.

Runs on whatever DATABASE_URL names, in a database of its own. The limit is what the database takes to accept the
finished rows of the same tables (COPY on PostgreSQL, executemany on SQLite), with every index and constraint in place.
"""

from __future__ import annotations

import csv
import hashlib
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

SAMPLE = ROOT / "tests" / "data" / "orders-report-sample.csv"
TABLES = (
    "certificates_customer",
    "certificates_contact",
    "certificates_organization",
    "certificates_domain",
    "certificates_order",
    "certificates_certificate",
)


def write_report(file: Path, rows: int) -> None:
    """The sample again and again, each time with other customers, numbers and serials."""
    with SAMPLE.open(newline="", encoding="utf-8") as source:
        header, *sample = csv.reader(source)
    place = {column: number for number, column in enumerate(header)}
    with file.open("w", newline="", encoding="utf-8") as target:
        writer = csv.writer(target, quoting=csv.QUOTE_ALL)
        writer.writerow(header)
        writer.writerows(_variant(sample[row % len(sample)], row, row // len(sample), place) for row in range(rows))


def _variant(row: list[str], number: int, block: int, place: dict[str, int]) -> list[str]:
    row = list(row)
    row[place["order_id"]] = str(7_101_000 + number)
    if row[place["organization_id"]]:
        row[place["organization_id"]] = f"{row[place['organization_id']]}{block:04}"
        row[place["organization_name"]] += f" {block}"
    for column in ("common_name", "dns_names", "tech_email", "additional_emails"):
        row[place[column]] = row[place[column]].replace(".example", f"-{block}.example")
    if row[place["serial_number"]]:
        digest = hashlib.sha256(str(number).encode()).hexdigest().upper()
        row[place["thumbprint"]], row[place["serial_number"]] = digest[:40], digest[:32]
    if row[place["renewed_order_id"]] != "0":
        row[place["renewed_order_id"]] = str(90_000_000 + number)
    return row


class Bench:
    """Each figure beside its limit, from one run on one database."""

    def __init__(self, rows: int) -> None:
        from certificates.states import AuthorityKind  # once Django is set up
        from tests.factories import TODAY, make_partner, midnight

        self.rows = rows
        self.partner = make_partner()
        self.authority = AuthorityKind.CERTCENTRAL
        self.now = midnight(TODAY)
        self.folder = tempfile.TemporaryDirectory()
        self.file = Path(self.folder.name) / "orders.csv"

    def run(self) -> None:
        """Print each figure beside its limit."""
        write_report(self.file, self.rows)
        before = peak_mebibytes()
        fresh = self.timed(self.import_file, expect=(self.rows, 0, 0))
        again = self.timed(self.import_file, expect=(0, 0, self.rows))
        memory = peak_mebibytes() - before
        finished = {table: read_table(table) for table in TABLES}
        empty_tables()
        raw = timed(lambda: write_raw(finished))
        self.folder.cleanup()
        print(f"{vendor()}, {self.rows:,} orders, peak memory grew by {memory:.0f} MiB")
        line("import, every row validated", fresh, "the same rows raw, same tables", raw, raw / fresh, 0.60)
        line("import again, nothing changed", again, "first import", fresh, fresh / again, 2.0)

    def import_file(self) -> tuple[int, int, int]:
        from certificates.services.imports import import_orders, open_orders  # once Django is set up

        with self.file.open("rb") as file:
            records = open_orders(file).records()
            report = import_orders(records, partner=self.partner, authority=self.authority, now=self.now)
        return report.created, report.updated, report.unchanged

    def timed(self, action: Callable[[], Any], *, expect: Any) -> float:
        begun = time.perf_counter()
        found = action()
        seconds = time.perf_counter() - begun
        if found != expect:
            raise AssertionError(f"{found} instead of {expect}")
        return seconds


def timed(action: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    action()
    return time.perf_counter() - begun


def line(what: str, seconds: float, limit: str, limit_seconds: float, ratio: float, bar: float) -> None:
    verdict = "met" if ratio >= bar else "MISSED"
    figures = f"  {what:30}{seconds:8.2f} s   {limit:31}{limit_seconds:8.2f} s"
    print(f"{figures}   ratio {ratio:5.2f}, bar {bar:.2f} {verdict}")


def peak_mebibytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def vendor() -> str:
    from django.db import connection

    return str(connection.vendor)


def read_table(table: str) -> list[Any]:
    """The finished rows: pieces of COPY text on PostgreSQL, tuples on SQLite."""
    from django.db import connection

    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} TO STDOUT") as copy:
                return [bytes(piece) for piece in copy]
        cursor.execute(f"SELECT * FROM {table}")
        return list(cursor.fetchall())


def empty_tables() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"TRUNCATE {', '.join(TABLES)} CASCADE")
            return
        for table in reversed(TABLES):
            cursor.execute(f"DELETE FROM {table}")


def write_raw(finished: dict[str, list[Any]]) -> None:
    from django.db import transaction

    with transaction.atomic():
        for table, rows in finished.items():
            write_table(table, rows)


def write_table(table: str, rows: list[Any]) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} FROM STDIN") as copy:
                for piece in rows:
                    copy.write(piece)
            return
        holes = ", ".join(["%s"] * len(rows[0]))
        cursor.executemany(f"INSERT INTO {table} VALUES ({holes})", rows)


def main() -> None:
    import django

    django.setup()
    from django.db import connection
    from django_scopes import scopes_disabled

    # One file holds no more.
    rows = min(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000, 200_000)
    name = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0)
    try:
        with scopes_disabled():
            Bench(rows).run()
    finally:
        connection.creation.destroy_test_db(name, verbosity=0)


if __name__ == "__main__":
    main()
