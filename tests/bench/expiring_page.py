"""The Expiring page against raw SQL and an f-string: `python -m tests.bench.expiring_page --rows 100000`.

Works on a private SQLite file, or on the empty database of DATABASE_URL.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from html import escape
from itertools import islice
from pathlib import Path
from typing import Any

TODAY = date(2026, 11, 22)
BATCH = 5_000
MUST, AIM = 12, 5
LAST_PAGE_MUST = 5
FIELDS = """o.id, o.number, o.common_name, o.customer_id, c.name, o.ends_on, o.product_name, o.term_years,
 o.notices_enabled, c.notices_enabled, p.family, p.level, g.ov_validated_until, g.ev_validated_until, o.status,
 v.net, v.currency, v.discount, v.subtotal, f.name, f.words_en, v.alternatives"""
ROWS = f"""SELECT {FIELDS}
 FROM certificates_order o
 JOIN certificates_customer c ON c.id = o.customer_id
 LEFT JOIN certificates_product p ON p.id = o.product_id
 LEFT JOIN certificates_organization g ON g.id = o.organization_id
 LEFT JOIN offers_valuation v ON v.order_id = o.id
 LEFT JOIN offers_offer f ON f.id = v.offer_id
 WHERE o.partner_id = %s AND o.renewal_mark = 'none' AND o.status IN ('issued', 'reissue_pending')
 AND o.ends_on BETWEEN %s AND %s
 ORDER BY o.ends_on, o.id LIMIT 50"""


def prepare(folder: str) -> None:
    """Point Django at a database of its own, pinned to the sample's day."""
    os.environ.setdefault("DATABASE_URL", f"sqlite:///{folder}/bench.sqlite3")
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "PORTAL_DATA_DIR": folder,
        "PORTAL_TODAY": TODAY.isoformat(),
        "PORTAL_MFA_REQUIRED": "0",
        "LOG_LEVEL": "ERROR",
    }
    import django

    django.setup()
    from django.conf import settings
    from django.core.cache import cache
    from django.core.management import call_command

    settings.ALLOWED_HOSTS = ["testserver"]
    settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    cache.clear()


def load(size: int) -> tuple[Any, Any]:
    """A partner with so many orders, one in twelve of them ending within 90 days, and its account manager."""
    from django.db import connection
    from django_scopes import scopes_disabled

    from certificates.models import Order, Product
    from offers.models import Valuation
    from tests import factories
    from tests.offers.factories import make_offer

    with scopes_disabled():
        partner = factories.make_partner("Bench Partner", slug="bench")
        member = factories.make_member(partner)
        customers = load_customers(partner, member, max(size // 5, 1))
        products = list(Product.objects.all())
        orders = iter(make_orders(partner, customers, products, size))
        offer = make_offer(partner, "10")
        while batch := list(islice(orders, BATCH)):
            Valuation.objects.bulk_create(make_valuations(partner, Order.objects.bulk_create(batch), offer))
    with connection.cursor() as cursor:
        # As autovacuum leaves a table some minutes after a large import.
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")
    return partner, member


def load_customers(partner: Any, owner: Any, count: int) -> list[int]:
    from certificates.models import Customer

    rows = (
        Customer(partner=partner, key=f"bench:{n}", name=f"Customer {n:06} SA", owner=owner if n % 3 else None)
        for n in range(count)
    )
    while batch := list(islice(rows, BATCH)):
        Customer.objects.bulk_create(batch)
    return list(Customer.objects.for_partner(partner).values_list("pk", flat=True))


def make_orders(partner: Any, customers: list[int], products: list[Any], size: int) -> Iterator[Any]:
    from certificates.models import Order
    from tests.factories import midnight

    for n in range(size):
        ends_on = TODAY + timedelta(days=(n * 7919) % 1090 - 365)
        certificate_ends_on = min(ends_on, TODAY + timedelta(days=(n * 104_729) % 199))
        ends_at, certificate_ends_at = (midnight(day + timedelta(days=1)) for day in (ends_on, certificate_ends_on))
        product = products[n % len(products)]
        yield Order(
            partner=partner,
            customer_id=customers[n % len(customers)],
            product=product,
            product_name=product.name,
            authority="sandbox",
            number=str(5_000_000 + n),
            status=("revoked", "canceled", "pending")[n % 3] if n % 10 < 3 and n % 2 else "issued",
            renewal_mark="renewed" if n % 5 == 0 else "none",
            common_name=f"www.host-{n}.example",
            names=[f"www.host-{n}.example", f"host-{n}.example"],
            placed_at=ends_at - timedelta(days=365),
            starts_at=ends_at - timedelta(days=365),
            ends_at=ends_at,
            ends_on=ends_on,
            certificate_starts_at=certificate_ends_at - timedelta(days=199),
            certificate_ends_at=certificate_ends_at,
            certificate_ends_on=certificate_ends_on,
            csr="-" * 1200,
        )


def make_valuations(partner: Any, orders: list[Any], offer: Any) -> Iterator[Any]:
    """What each is worth, an offer of ten percent for one in three, and one for an upgrade for one in four."""
    from offers.models import Valuation
    from offers.rules.alternatives import Alternative

    at = datetime.combine(TODAY, datetime.min.time(), UTC)
    for order in orders:
        subtotal = Decimal(100 + order.pk % 900)
        discount = subtotal / 10 if order.pk % 3 == 0 else Decimal(0)
        raised = Alternative(
            offer=offer.pk,
            kind="upgrade_percent",
            product="ssl_securesite_pro",
            name="Secure Site Pro",
            price=subtotal * 2,
            saving=subtotal * 2 / 5,
        )
        yield Valuation(
            partner=partner,
            order=order,
            currency="CHF",
            subtotal=subtotal,
            discount=discount,
            net=subtotal - discount,
            offer=offer if discount else None,
            alternatives=[raised.to_json()] if order.pk % 4 == 0 else [],
            valued_at=at,
        )


def raw_page(partner: Any) -> str:
    """The limit: the same fifty rows by one statement, put between the same tags by an f-string."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(ROWS, [partner.pk, TODAY + timedelta(days=1), TODAY + timedelta(days=90)])
        return "".join(raw_row(row) for row in cursor.fetchall())


def raw_row(row: tuple[Any, ...]) -> str:
    pk, number, host, customer, name, ends_on, product, years, on, *_rest, net, coin, off, of, offer, words, others = (
        row
    )
    end = date.fromisoformat(ends_on) if isinstance(ends_on, str) else ends_on
    number, on = escape(number), bool(on)
    chip = raw_chip(100 * off / of, off, coin, words or offer) if offer else ""
    chip += "".join(raw_alternative(pk, coin, **one) for one in json.loads(others or "[]")[:1])
    return f"""<tr><td class="col-select" data-label="Select"><input class="row-select" type="checkbox" name="ids"
 value="{pk}" form="bulk" aria-label="Select {number}"></td><td data-label="Order #"><a class="order-number"
 href="/orders/{pk}/">{number}</a><a class="quick-view" href="/orders/{pk}/quick/" data-quick-view="{pk}">Quick view
<span class="visually-hidden"> {number}</span></a></td><td class="col-main" data-label="Common name">
<span class="host">{escape(host)}</span><span class="sub">and 1 more name</span></td><td data-label="Customer">
<a class="row-link" href="/customers/{customer}/">{escape(name)}</a></td><td data-label="Expires">
<span class="pill pill-warn"><svg class="icon" aria-hidden="true"><use
 href="/static/frontend/icons.svg#exclamation-triangle"/></svg>in {(end - TODAY).days} days</span>
<span class="sub">{end:%d %b %Y}</span></td><td data-label="Product">{escape(product)}
<span class="sub">{years} year</span></td><td data-label="Renewal notices"><button class="switch" id="notices-{pk}"
 type="submit" role="switch" aria-checked="{str(on).lower()}" aria-label="Renewal notices for order {number}" name="on"
 value="{int(not on)}" form="row-actions" formaction="/orders/{pk}/notices/" hx-post="/orders/{pk}/notices/"
 hx-target="this" hx-swap="outerHTML"></button></td><td class="num" data-label="Value">{coin} {net:,.2f}</td>
 <td data-label="Offer">{chip}</td><td class="col-actions"><a href="/orders/{pk}/renew/"
 class="btn btn-sm">Renew now<span class="visually-hidden"> {number}</span></a></td></tr>"""


def raw_chip(share: Any, off: Any, currency: str, words: str) -> str:
    words = escape(words)
    return f"""<span class="pill pill-brand" title="{words}: {currency} {off:,.2f}"><svg class="icon"
 aria-hidden="true"><use href="/static/frontend/icons.svg#tag"/></svg>{share:.0f} % off<span class="visually-hidden">
 {words}</span></span>"""


def raw_alternative(pk: int, currency: str, *, product: str, name: str, price: str, saving: str, **_rest: Any) -> str:
    whole, off = Decimal(price), Decimal(saving)
    return f"""<a class="sub offer-more" title="{currency} {whole - off:,.2f} instead of {currency} {whole:,.2f}"
 href="/orders/{pk}/renew/?product={product}"><svg class="icon" aria-hidden="true"><use
 href="/static/frontend/icons.svg#arrow-up-circle"/></svg>{escape(name)}, {100 * off / whole:.0f} % off</a>"""


def undisturbed_ms(asked: dict[str, Callable[[], object]], repeats: int) -> dict[str, float]:
    """The lower quartile of many runs of each in milliseconds, in turns so that a busy machine slows all alike."""
    times: dict[str, list[float]] = {name: [] for name in asked}
    for turn in range(repeats + 3):
        for name, work in asked.items():
            began = time.perf_counter()
            work()
            if turn >= 3:  # the first ones warm up
                times[name].append(1000 * (time.perf_counter() - began))
    return {name: statistics.quantiles(taken, n=4)[0] for name, taken in times.items()}


class Browser:
    """A signed-in person who asks the WSGI application, as a server does."""

    def __init__(self, user: Any) -> None:
        from django.core.handlers.wsgi import WSGIHandler
        from django.test import Client

        client = Client()
        client.force_login(user)
        self.cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())
        self.application = WSGIHandler()

    def get(self, query: str, **headers: str) -> bytes:
        environ = {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": "/expiring/",
            "QUERY_STRING": query,
            "SERVER_NAME": "testserver",
            "SERVER_PORT": "80",
            "HTTP_COOKIE": self.cookies,
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(),
            **headers,
        }
        statuses: list[str] = []

        def start(status: str, _headers: object, _problem: object = None) -> Callable[[bytes], object]:
            statuses.append(status)
            return len

        body = b"".join(self.application(environ, start))
        assert statuses == ["200 OK"], statuses
        return body


def measure(partner: Any, member: Any, repeats: int) -> dict[str, float]:
    browser = Browser(member.user)
    alone = {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "list"}
    asked: dict[str, Callable[[], object]] = {
        "raw": lambda: raw_page(partner),
        "whole page": lambda: browser.get("tab=90"),
        "its list only": lambda: browser.get("tab=90", **alone),
        "last page": lambda: browser.get("tab=90&end=1"),
        "first tab": lambda: browser.get(""),
        "certificates": lambda: browser.get("tab=90&show=certificates"),
    }
    return undisturbed_ms(asked, repeats)


def report(figures: dict[str, float], size: int) -> str:
    raw, first = figures["raw"], figures["whole page"]
    lines = [f"Expiring page, {size:,} orders, 50 rows (lower quartile of one run)"]
    lines.append(f"  {'raw SQL and f-string':24}{raw:9.2f} ms")
    for name, value in figures.items():
        if name != "raw":
            bar = f"  must {MUST}x, aim {AIM}x" if name == "whole page" else ""
            lines.append(f"  {name:24}{value:9.2f} ms {value / raw:6.1f}x{bar}")
    lines.append(f"  last page against first {figures['last page'] / first:19.2f}x  must {LAST_PAGE_MUST}x")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--repeats", type=int, default=40)
    parser.add_argument("--keep", type=Path, help="a folder to keep the data in, for another run")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        prepare(str(wanted.keep or folder))
        partner, member = existing() or load(wanted.rows)
        print(report(measure(partner, member, wanted.repeats), wanted.rows))


def existing() -> tuple[Any, Any] | None:
    from django_scopes import scopes_disabled

    from portal.models import Membership

    with scopes_disabled():
        member = Membership.objects.filter(partner__slug="bench").select_related("partner", "user").first()
    return (member.partner, member) if member else None


if __name__ == "__main__":
    main()
