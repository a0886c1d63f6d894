"""Customers whose letters are written in tests, and what any letter is held against."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from html import unescape
from html.parser import HTMLParser
from typing import Any

from campaigns.library import LIBRARY, Action
from campaigns.services.writing import Reader, Subject, Written, write_letters
from campaigns.states import Tone
from certificates.models import Certificate, Contact, Customer, Order
from offers.models import Offer
from portal.models import Partner
from tests import factories
from tests.offers.factories import make_offer, make_prices

NOW = factories.midnight(factories.TODAY) + timedelta(hours=9)
ADDRESS = "https://portal.example"
SOCIAL = "https://social.example/relais"
_VOID = {"meta", "img", "br", "link", "hr", "input"}


def make_seller(**fields: Any) -> Partner:
    """A partner that may write letters, with prices and an offer that every order has."""
    facts = {
        "support_email": "help@relais.example",
        "support_phone": "+33 1 00 00 00 00",
        "postal_address": "1 rue des Tests\n69001 Lyon",
        "social_links": [{"network": "LinkedIn", "url": SOCIAL}],
        "legal_en": "Who we are",
    }
    return factories.make_partner(**(facts | fields))


def make_offers(partner: Partner) -> None:
    """What the letters may propose: something off as it is, off an upgrade, off a longer plan."""
    make_prices(partner)
    make_offer(partner)
    make_offer(partner, "20", kind=Offer.Kind.UPGRADE_PERCENT, name="Upgrade")
    make_offer(partner, "15", kind=Offer.Kind.LONGER_PLAN, min_term_years=2, name="Longer")


def make_due_orders(contact: Contact, count: int, *, in_days: int = 30, **fields: Any) -> list[Order]:
    """Orders of the contact, each a day after the one before, with hosts of their own."""
    customer: Customer = contact.customer
    return [
        factories.make_order(
            customer.partner,
            customer=customer,
            contact=contact,
            ends_on=factories.TODAY + timedelta(days=in_days + at),
            common_name=f"host{at}.granit-phare.example",
            **fields,
        )
        for at in range(count)
    ]


def reader_of(
    contact: Contact,
    orders: Sequence[Order],
    key: str = "days_30",
    *,
    certificates: Sequence[Certificate] = (),
    **fields: Any,
) -> Reader:
    """Whom a letter about these orders is for; of their certificates where it is a reissue."""
    kind = LIBRARY.get(key)
    known = {one.order_id: one.pk for one in certificates}
    is_reissue = kind is not None and kind.action is Action.REISSUE
    subjects = [Subject(order=one.pk, certificate=known.get(one.pk) if is_reissue else None) for one in orders]
    return Reader(key=key, subjects=subjects, contact=contact, **({"tone": Tone.PLAIN} | fields))


def written(*readers: Reader, now: datetime = NOW) -> list[Written]:
    """The letters; none of them failed."""
    letters = write_letters(readers, now=now)
    assert [one.failed for one in letters] == [None] * len(readers)
    return letters


class Page(HTMLParser):
    """Reads HTML strictly: every tag closed in its order, nothing where it must not stand."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.problems: list[str] = []
        self.links: list[str] = []
        self.pictures: list[dict[str, str | None]] = []
        self.words: list[str] = []
        self.feed(html)
        self.close()
        self.problems += [f"never closed: {tag}" for tag in self.open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        if len(known) != len(attrs):
            self.problems.append(f"an attribute twice: {tag} {attrs}")
        self.problems += [f"{tag} in {parent}" for parent in self._wrong_parents(tag)]
        if tag == "a" and "href" in known:
            self.links.append(known["href"] or "")
        if tag == "img":
            self.pictures.append(known)
            self.words.append(f" {known.get('alt')} ")
        if tag not in _VOID:
            self.open.append(tag)

    def _wrong_parents(self, tag: str) -> Iterator[str]:
        parent = self.open[-1] if self.open else ""
        holders = {
            "li": {"ul", "ol"},
            "tr": {"table", "tbody"},
            "td": {"tr"},
            "th": {"tr"},
            "html": {""},
            "title": {"head"},
        }
        if tag in holders and parent not in holders[tag]:
            yield parent
        if tag in {"p", "h1", "h2", "h3", "ul", "ol", "table", "div", "blockquote"}:
            yield from (one for one in self.open if one in {"p", "h1", "h2", "h3", "a", "span"})
        if tag == "a" and "a" in self.open:
            yield "a"

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.problems.append(f"closed out of order: {tag} at {self.getpos()}")

    def handle_data(self, data: str) -> None:
        # the only <div> is the preheader, which mail programs show in their lists
        if not {"style", "title", "div"} & set(self.open):
            self.words.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", unescape(" ".join(self.words)))


def figures(text: str) -> set[str]:
    """Every number, date and amount in a text; addresses, codes and the numbers of a list aside."""
    without = re.sub(r"(?m)https?://\S+|\b[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{2}\b|^\d+\. ", " ", text)
    return set(re.findall(r"\d+(?:[.,]\d+)?", without))
