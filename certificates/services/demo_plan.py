"""What the demo partner holds on any day: some of it expired, some due this week, all of it dated from today."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from certificates import rules

_FIRST = [
    "Granit",
    "Opale",
    "Cascade",
    "Delta",
    "Lavande",
    "Jonquille",
    "Mistral",
    "Horizon",
    "Verger",
    "Boréal",
    "Xenia",
    "Noroît",
    "Iris",
    "Yole",
]
_SECOND = [
    "Phare",
    "Quartz",
    "Tilleul",
    "Rivage",
    "Ursa",
    "Zéphyr",
    "Saule",
    "Fontaine",
]
_FORMS = (("SA", "FR", "Lyon"), ("SARL", "FR", "Nantes"), ("GmbH", "DE", "Köln"), ("BV", "NL", "Utrecht"))
_HOSTS = ("www", "shop", "extranet", "portail", "api", "mail", "vpn", "pay", "blog", "cdn", "auth", "img")
_PRODUCTS = (
    ("ssl_securesite_flex", 8),
    ("ssl_ev_securesite_flex", 4),
    ("ssl_basic", 4),
    ("ssl_securesite_pro", 3),
    ("ssl_ev_securesite_pro", 1),
    ("ssl_dv_geotrust_flex", 2),
    ("ssl_geotrust_truebizid", 1),
)
# Days until the order's end: what an account manager meets on any morning
_ENDS_IN = (-20, -12, -6, -5, -3, -1, 0, 1, 2, 2, 4, 5, 6, 7, 9, 11, 12, 14, 16, 19, 20, 22, 25, 27, 28, 29)
_LATER = (31, 33, 35, 38, 41, 44, 48, 52, 55, 57, 59, 60, 63, 66, 70, 71, 74, 78, 82, 85, 88, 90, 94, 99, 110)
_YEAR_ROUND = tuple(range(120, 360, 5))
# Ends of orders whose customers renewed early, some weeks before
_RENEWED = (-58, -47, -41, -36, -29, -22, -15, -10, -4, 3, 8, 13, 17, 23)
# Ends of the year behind: with those above, 18 of the 30 orders whose time to renew has run out were renewed.
_LONG_RENEWED = (-298, -281, -267, -255, -238, -220, -207, -189, -176, -154, -133, -117, -96, -77)
_LONG_LEFT = (-290, -272, -246, -229, -198, -165, -143, -124, -108, -89, -68, -49)


@dataclass(frozen=True, slots=True)
class DemoCustomer:
    name: str
    domain: str
    country: str
    city: str
    owner: int
    # Days until the organisation's OV and EV validation ends
    validated_for: int = 200


@dataclass(frozen=True, slots=True)
class DemoOrder:
    customer: DemoCustomer
    product: str
    names: tuple[str, ...]
    ends_in: int
    platform: str = "nginx"
    notices: bool = True
    auto_renew: bool = False
    # The present certificate's reissue was forgotten: its plan has days left that nobody collected.
    reissue_forgotten: bool = False
    is_renewed: bool = False


def customers() -> list[DemoCustomer]:
    """Some forty customers; the first holds forty certificates, a few need a new validation."""
    pairs = [(first, second) for second in _SECOND for first in _FIRST][::3]
    made = [_customer(number, first, second) for number, (first, second) in enumerate(pairs)]
    made[0] = DemoCustomer("Karst Atelier SA", "karst-atelier.example", "FR", "Grenoble", 0)
    made[3], made[7] = replace(made[3], validated_for=-9), replace(made[7], validated_for=12)
    return made


def _customer(number: int, first: str, second: str) -> DemoCustomer:
    form, country, city = _FORMS[number % len(_FORMS)]
    domain = f"{first}-{second}.example".lower().translate(str.maketrans("éî", "ei"))
    return DemoCustomer(f"{first} {second} {form}", domain, country, city, owner=number % 2)


def orders() -> Iterator[DemoOrder]:
    """The same orders on every day: expired ones, some due this week, wildcards, EV, forgotten reissues."""
    chance = random.Random(2026)  # noqa: S311  a fixed seed makes the same demo everywhere
    known = customers()
    yield from _forty_of_one(known[0])
    for number, ends_in in enumerate((*_ENDS_IN, *_LATER, *_YEAR_ROUND)):
        yield _order(chance, known[1 + number % (len(known) - 1)], number, ends_in)
    yield from _ended(chance, known[1:], _RENEWED, is_renewed=True)
    # EV whose organisation has to be validated again, and one due for it soon
    yield DemoOrder(known[3], "ssl_ev_securesite_flex", (f"pay.{known[3].domain}",), 15)
    yield DemoOrder(known[7], "ssl_ev_securesite_pro", (f"login.{known[7].domain}",), 24)
    yield from _ended(chance, known[1:], _LONG_RENEWED, is_renewed=True)
    yield from _ended(chance, known[4:], _LONG_LEFT, is_renewed=False)


def _ended(
    chance: random.Random, known: Sequence[DemoCustomer], ends: Sequence[int], *, is_renewed: bool
) -> Iterator[DemoOrder]:
    for number, ends_in in enumerate(ends):
        order = _order(chance, known[number * 5 % len(known)], number + 1, ends_in)
        yield replace(order, is_renewed=is_renewed, reissue_forgotten=False, auto_renew=False)


def _forty_of_one(customer: DemoCustomer) -> Iterator[DemoOrder]:
    for number in range(40):
        host = f"{_HOSTS[number % len(_HOSTS)]}{number // len(_HOSTS) or ''}.{customer.domain}"
        yield DemoOrder(customer, "ssl_securesite_flex", (host,), ends_in=4 + number * 9 % 150)


def _order(chance: random.Random, customer: DemoCustomer, number: int, ends_in: int) -> DemoOrder:
    product = chance.choices([name for name, _ in _PRODUCTS], [weight for _, weight in _PRODUCTS])[0]
    is_wildcard = number % 9 == 4 and "_ev_" not in product and "dv" not in product
    host = "*" if is_wildcard else _HOSTS[number % len(_HOSTS)]
    others = () if is_wildcard else tuple(f"{one}.{customer.domain}" for one in chance.sample(_HOSTS, number % 3))
    names = dict.fromkeys(
        (f"{host}.{customer.domain}", customer.domain, *others) if number % 3 else (f"{host}.{customer.domain}",)
    )
    return DemoOrder(
        customer,
        product,
        tuple(names),
        ends_in,
        platform=chance.choice(("nginx", "Apache", "Microsoft IIS", "F5 Big-IP")),
        notices=number % 11 != 5,
        auto_renew=number % 13 == 6,
        reissue_forgotten=number % 6 == 2,
    )


def issue_days(order: DemoOrder, *, today: datetime) -> Iterator[datetime]:
    """When the order's certificates were issued: with its start, then by each reissue that was not forgotten."""
    hour = timedelta(hours=9, minutes=order.ends_in % 50)
    end = today + timedelta(days=order.ends_in + 1)
    start = rules.add_years(end, -1) + hour
    yield start
    life = rules.rule_for(rules.DIGICERT, start.date(), level=None).certificate_days
    reissued = start + timedelta(days=life - 15)
    if not order.reissue_forgotten and reissued < min(today, end):
        yield reissued


def renewal_day(order: DemoOrder, *, today: datetime) -> datetime:
    """When an early customer renewed: weeks before the end, and before today."""
    before = timedelta(days=20 + order.ends_in * 7 % 41)
    return min(today + timedelta(days=order.ends_in) - before, today - timedelta(days=2)) + timedelta(hours=14)


def make_csr(names: tuple[str, ...]) -> str:
    """A request as the customer's own server would make it; its key is thrown away at once."""
    key = ec.generate_private_key(ec.SECP256R1())
    alternatives = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
    builder = x509.CertificateSigningRequestBuilder().subject_name(
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    )
    request = builder.add_extension(alternatives, critical=False).sign(key, hashes.SHA256())
    return request.public_bytes(serialization.Encoding.PEM).decode("ascii")
