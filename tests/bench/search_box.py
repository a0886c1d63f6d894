"""The search box against its raw statements: `python -m tests.bench.search_box --rows 100000`.

Works on a private SQLite file, or on the empty database of DATABASE_URL.
"""

from __future__ import annotations

import argparse
import io
import tempfile
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from tests.bench.expiring_page import BATCH, Browser, existing, make_orders, prepare, undisturbed_ms

MUST, AIM = 3, 1.5
KINDS = ("customer", "contact", "order")


def load(size: int) -> tuple[Any, Any]:
    """A partner with so many orders, a customer and a contact for every five of them."""
    from django.db import connection
    from django_scopes import scopes_disabled

    from certificates.models import Contact, Customer, Order, Product
    from tests import factories

    with scopes_disabled():
        partner = factories.make_partner("Bench Partner", slug="bench")
        member = factories.make_member(partner)
        store(Customer, make_customers(partner, max(size // 5, 1)))
        customers = list(Customer.objects.for_partner(partner).values_list("pk", flat=True))
        store(Contact, make_contacts(partner, customers))
        store(Order, found(make_orders(partner, customers, list(Product.objects.all()), size)))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return partner, member


def store(model: Any, rows: Iterator[Any]) -> None:
    while batch := list(islice(rows, BATCH)):
        model.objects.bulk_create(batch)


def make_customers(partner: Any, count: int) -> Iterator[Any]:
    from certificates.models import Customer
    from certificates.search.text import customer_text

    for n in range(count):
        name = f"Customer {n:06} {('SA', 'GmbH', 'BV')[n % 3]}"
        yield Customer(partner=partner, key=f"bench:{n}", name=name, search_text=customer_text(name=name))


def make_contacts(partner: Any, customers: list[int]) -> Iterator[Any]:
    from certificates.models import Contact
    from certificates.search.text import contact_text

    for n, customer in enumerate(customers):
        facts = {"name": f"Person {n:06}", "email": f"it@host-{n}.example", "phone": f"+33 4 {n:08}"}
        yield Contact(partner=partner, customer_id=customer, **facts, search_text=contact_text(**facts))


def found(orders: Iterator[Any]) -> Iterator[Any]:
    from certificates.search.text import order_text

    for order in orders:
        order.search_text = order_text(
            number=order.number, names=order.names, customer=f"Customer {order.customer_id:06}"
        )
        yield order


def needles(size: int) -> dict[str, str]:
    """What is typed: one host, a thousand hosts or so, every host."""
    return {"rare": f"host-{size // 2}.", "medium": f"host-{str(size // 2)[:3]}", "common": "host"}


def raw_search(partner: Any, word: str) -> int:
    """The limit: the same questions by raw statements on the same indexes; how many rows were found."""
    from django.db import connection

    rows = 0
    with connection.cursor() as cursor:
        for kind in KINDS:
            table = f"certificates_{kind}"
            order = {"order": "placed_at DESC, id DESC", "customer": "name, id", "contact": "id DESC"}[kind]
            if connection.vendor == "sqlite":
                held, needle = f"id IN (SELECT rowid FROM {table}_search WHERE {table}_search MATCH %s)", f'"{word}"'
            else:
                held, needle = "search_text LIKE %s", f"%{word}%"
            cursor.execute(
                f"SELECT id FROM {table} WHERE partner_id = %s AND {held} ORDER BY {order} LIMIT 6",
                [partner.pk, needle],
            )
            rows += len(cursor.fetchall())
    return rows


class Searcher(Browser):
    def ask(self, word: str, **headers: str) -> bytes:
        environ = {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": "/search/",
            "QUERY_STRING": f"q={word}",
            "SERVER_NAME": "testserver",
            "SERVER_PORT": "80",
            "HTTP_COOKIE": self.cookies,
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(),
            **headers,
        }
        return b"".join(self.application(environ, lambda _status, _headers, _problem=None: len))


def measure(partner: Any, member: Any, size: int, repeats: int) -> dict[str, float]:
    searcher = Searcher(member.user)
    typing = {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "search-results"}
    asked: dict[str, Callable[[], object]] = {}
    for kind, word in needles(size).items():
        asked[f"{kind}, raw"] = lambda word=word: raw_search(partner, word)  # type: ignore[misc]
        asked[f"{kind}, typing"] = lambda word=word: searcher.ask(word, **typing)  # type: ignore[misc]
        asked[f"{kind}, page"] = lambda word=word: searcher.ask(word)  # type: ignore[misc]
    return undisturbed_ms(asked, repeats)


def report(figures: dict[str, float], size: int) -> str:
    lines = [f"Search box, {size:,} orders (lower quartile of one run; must {MUST}x, aim {AIM}x while typing)"]
    for name, value in figures.items():
        raw = figures[f"{name.partition(',')[0]}, raw"]
        lines.append(f"  {name:20}{value:9.2f} ms {value / raw:7.1f}x")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--keep", type=Path, help="a folder to keep the data in, for another run")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        prepare(str(wanted.keep or folder))
        partner, member = existing() or load(wanted.rows)
        print(report(measure(partner, member, wanted.rows, wanted.repeats), wanted.rows))


if __name__ == "__main__":
    main()
