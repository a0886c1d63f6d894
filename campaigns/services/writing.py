"""Letters of touchpoints, written for many readers at once: in their language, in the partner's voice and colours."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from itertools import islice
from typing import Any

from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from campaigns import library
from campaigns.letters import blocks
from campaigns.letters.blocks import About
from campaigns.letters.pen import Draft, Pen, QuoteFacts
from campaigns.letters.refusals import refusal_words
from campaigns.library import LIBRARY, Action, LibraryLetter, Source
from campaigns.liquid import LetterRefused
from campaigns.models import Letter as StoredLetter
from campaigns.models import LetterVersion
from campaigns.rules.keys import Part
from campaigns.services.facts import NOTHING, Gathered, gather, savings_of
from campaigns.services.unsubscribing import unsubscribe_headers, unsubscribe_url
from campaigns.states import Tone
from certificates import rules, wording
from certificates.models import Contact, Order
from certificates.services.renewal_links import OF_PREFERENCES, OF_REISSUE, OF_REQUEST, to_contact, to_order
from offers.models import Quote
from offers.services.quotes.links import to_quote
from offers.wording.renewal import validation_for_customers
from portal import links
from portal.access import on_behalf_of
from portal.codes import new_code
from portal.links import NewLink
from portal.mail import letters
from portal.mail.letters import Words
from portal.models import Membership, Partner
from portal.money import money

# Bytes of the HTML part: more than this is cut off by mail programs.
HEAVIEST = 100_000
NOTE_TO_MEMBER = "emails/touch_member"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One order that a letter speaks of, by primary keys; `certificate` where its step hangs on that one's life.

    `request` is what is followed to its end; `old_end` that of the certificate that is still in use.
    """

    order: int
    certificate: int | None = None
    notice: int | None = None
    request: int | None = None
    old_end: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Whom a letter is for, a contact or a member of the partner's own, and what it speaks of.

    `key` names the letter in the library or the partner's own; the most urgent order comes first. `quote` is what a
    letter about a quote speaks of. Offers are left out unless `with_offers`; a member never reads any.
    """

    key: str
    subjects: Sequence[Subject]
    tone: Tone = Tone.PLAIN
    contact: Contact | None = None
    member: Membership | None = None
    with_offers: bool = False
    quote: Quote | None = None

    @property
    def partner_id(self) -> int:
        reader = self.contact or self.member
        if reader is None:
            raise ValueError(self)
        return int(reader.partner_id)

    @property
    def language(self) -> str:
        if self.contact:
            return self.contact.language
        return self.member.user.language if self.member else ""


@dataclass(frozen=True, slots=True)
class Failed:
    """Why a letter could not be written, for the partner's people."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A letter ready to be queued, or why there is none. `with_offers` says whether it really holds one."""

    reader: Reader
    words: Words | None = None
    preheader: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    with_offers: bool = False
    failed: Failed | None = None


def write_letters(readers: Sequence[Reader], *, now: datetime) -> list[Written]:
    """One letter for each reader, in their order, in a number of queries that does not grow with them.

    A letter that cannot be written says so on its own `failed`, and keeps no other from being written.
    """
    by_partner: dict[int, list[int]] = defaultdict(list)
    for at, reader in enumerate(readers):
        by_partner[reader.partner_id].append(at)
    written: dict[int, Written] = {}
    for partner in Partner.objects.filter(pk__in=by_partner):
        places = by_partner[partner.pk]
        with on_behalf_of(partner):
            mine = _Desk(partner, [readers[at] for at in places], now=now).write()
        written.update(zip(places, mine, strict=True))
    return [written[at] for at in range(len(readers))]


def source_of(partner: Partner, key: str, language: str) -> Source:
    """What the letter says: the partner's own words in this language, else the library's. Raises KeyError."""
    return letter_of(partner, key, language).source


def letter_of(partner: Partner, key: str, language: str) -> Letter:
    """The same with its kind. Raises KeyError."""
    return _sources(partner, {(key, language)})[key, language]


# Whose words


@dataclass(frozen=True, slots=True)
class Letter:
    """A kind of letter with the words that it is written with."""

    kind: LibraryLetter
    source: Source


def _sources(partner: Partner, wanted: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Letter]:
    """By key and language, in two queries at most; what is nobody's letter is left out.

    A letter of the partner's own that does not speak a language yet says there what it began as: a missing translation
    keeps nobody from hearing of an end.
    """
    wanted = set(wanted)
    keys = {key for key, _language in wanted}
    live = LetterVersion.objects.for_partner(partner).filter(is_live=True, letter__archived_at=None)
    own = {(one.letter.key, one.language): one for one in live.filter(letter__key__in=keys).select_related("letter")}
    bases = _bases(partner, keys)
    found = {}
    for key, language in wanted:
        if key in bases:
            kind, version = LIBRARY[bases[key]], own.get((key, language))
            source = Source(version.subject, version.preheader, version.body) if version else None
            kind = kind if kind.key == key else replace(kind, key=key, days=None)
            found[key, language] = Letter(kind, source or library.source(bases[key], language))
    return found


def _bases(partner: Partner, keys: Iterable[str]) -> dict[str, str]:
    """The letter of the library that each is, or began as."""
    others = {key for key in keys if key not in LIBRARY}
    rows = StoredLetter.objects.for_partner(partner).filter(key__in=others, archived_at=None) if others else ()
    began = {one.key: one.based_on if one.based_on in LIBRARY else "days_60" for one in rows}
    return {key: key for key in keys if key in LIBRARY} | began


# Writing


@dataclass(frozen=True, slots=True, kw_only=True)
class _Addresses:
    """The links of one letter; `orders` are those of single orders in a list."""

    action: str
    preferences: str
    orders: Mapping[int, str] = field(default_factory=dict)


class _Desk:
    """Writes the letters of one partner; what they have in common is looked up and drawn once."""

    def __init__(self, partner: Partner, readers: Sequence[Reader], *, now: datetime) -> None:
        self.partner, self.readers, self.now = partner, readers, now
        self.letters = _sources(partner, {(one.key, one.language) for one in readers if one.contact})
        self.gathered = self._gather()
        self.pen = Pen(partner)

    def write(self) -> list[Written]:
        addresses = self._addresses()
        return [self._write(reader, links_of) for reader, links_of in zip(self.readers, addresses, strict=True)]

    def _gather(self) -> Gathered:
        kinds = {key: letter.kind for (key, _language), letter in self.letters.items()}
        offering = [one for one in self.readers if one.contact and one.with_offers and self._may_offer(kinds, one)]
        checking = [one for one in self.readers if one.key in kinds and kinds[one.key].action is Action.VALIDATE]
        subjects = [subject for one in self.readers for subject in one.subjects]
        return gather(
            self.partner,
            orders=(one.order for one in subjects),
            certificates=(one.certificate for one in subjects if one.certificate),
            priced=(subject.order for one in offering for subject in one.subjects),
            checked=(subject.order for one in checking for subject in one.subjects),
            now=self.now,
        )

    @staticmethod
    def _may_offer(kinds: Mapping[str, LibraryLetter], reader: Reader) -> bool:
        return reader.key in kinds and kinds[reader.key].may_offer

    # Links, stored with one INSERT

    def _addresses(self) -> list[_Addresses | None]:
        wanted = [self._links_of(reader) for reader in self.readers]
        made = iter(links.make_links([one for some in wanted for one in some], partner=self.partner, now=self.now))
        return [
            self._as_addresses(reader, list(islice(made, len(some)))) if some else None
            for reader, some in zip(self.readers, wanted, strict=True)
        ]

    def _links_of(self, reader: Reader) -> list[NewLink]:
        """To what the button does, to the reader's wishes, and to single orders where one link does not hold them."""
        contact, letter = reader.contact, self.letters.get((reader.key, reader.language))
        known = [one for one in reader.subjects if one.order in self.gathered.orders]
        if contact is None or letter is None or not known:
            return []
        wishes = to_contact(contact, now=self.now, source=f"{OF_PREFERENCES}{reader.key}")
        if reader.quote is not None:
            return [to_quote(reader.quote, now=self.now, source=f"letter:{reader.key}"), wishes]
        prefix = OF_REISSUE if letter.kind.action is Action.REISSUE else ""
        single = [self._order_link(reader, one, prefix) for one in known]
        if len(known) == 1:
            return [single[0], wishes]
        if all(self.gathered.orders[one.order].contact_id == contact.pk for one in known) and not prefix:
            return [to_contact(contact, now=self.now, source=f"letter:{reader.key}"), wishes]
        return [single[0], wishes, *single]

    def _order_link(self, reader: Reader, subject: Subject, prefix: str) -> NewLink:
        source = f"notice:{subject.notice}" if subject.notice else f"letter:{reader.key}"
        order, contact = self.gathered.orders[subject.order], reader.contact
        if subject.request:
            source = f"{OF_REQUEST}{subject.request}"
        email, language = (contact.email, contact.language) if contact else ("", "")
        return to_order(order, email=email, language=language, now=self.now, source=f"{prefix}{source}")

    def _as_addresses(self, reader: Reader, made: list[str]) -> _Addresses:
        known = [one.order for one in reader.subjects if one.order in self.gathered.orders]
        return _Addresses(action=made[0], preferences=made[1], orders=dict(zip(known, made[2:], strict=False)))

    # One letter

    def _write(self, reader: Reader, addresses: _Addresses | None) -> Written:
        if reader.member is not None:
            return self._to_member(reader, reader.member)
        letter = self.letters.get((reader.key, reader.language))
        with translation.override(reader.language):
            if letter is None:
                return Written(reader=reader, failed=Failed(_("There is no letter “%(key)s”.") % {"key": reader.key}))
            if addresses is None:
                return Written(reader=reader, failed=Failed(_("The orders that it speaks of are gone.")))
            try:
                return self._to_contact(reader, letter, addresses)
            except LetterRefused as refused:
                return Written(reader=reader, failed=Failed(refusal_words(refused)))

    def _to_contact(self, reader: Reader, letter: Letter, addresses: _Addresses) -> Written:
        code = new_code()
        unsubscribe = unsubscribe_url(self.partner, code)
        draft = self._draft(reader, letter, addresses, code=code, unsubscribe=unsubscribe)
        drawn = self.pen.write(draft)
        return Written(
            reader=reader,
            words=drawn.words,
            preheader=drawn.preheader,
            headers=unsubscribe_headers(unsubscribe),
            with_offers=Part.SAVINGS in drawn.shown,
        )

    def _draft(self, reader: Reader, letter: Letter, addresses: _Addresses, *, code: str, unsubscribe: str) -> Draft:
        abouts = self._abouts(reader, addresses)
        orders = [one.order for one in abouts]
        proposals = self.gathered.proposals if reader.with_offers and letter.kind.may_offer else NOTHING
        customer = orders[0].customer
        return Draft(
            kind=letter.kind,
            source=letter.source,
            language=reader.language,
            tone=Tone(reader.tone),
            name=reader.contact.name if reader.contact else "",
            customer=customer.name,
            manager=str(customer.owner.user) if customer.owner else "",
            abouts=abouts,
            savings=savings_of(orders, proposals, language=reader.language),
            holds=self._holds(orders),
            quote=_quote_facts(reader.quote, len(orders), self.now) if reader.quote else None,
            code=code,
            action_url=addresses.action,
            preferences_url=addresses.preferences,
            unsubscribe_url=unsubscribe,
        )

    def _abouts(self, reader: Reader, addresses: _Addresses) -> list[About]:
        gathered = self.gathered
        known = [one for one in reader.subjects if one.order in gathered.orders]
        return [
            gathered.about(
                gathered.orders[one.order],
                certificate=one.certificate,
                url=addresses.orders.get(one.order, ""),
                old_end=one.old_end,
            )
            for one in known
        ]

    def _holds(self, orders: Sequence[Order]) -> list[str]:
        facts = (fact for order in orders for fact in self.gathered.checks.get(order.pk, ()))
        return list(dict.fromkeys(validation_for_customers(fact) for fact in facts))

    # One of the partner's own people

    def _to_member(self, reader: Reader, member: Membership) -> Written:
        known = [self.gathered.orders[one.order] for one in reader.subjects if one.order in self.gathered.orders]
        with translation.override(reader.language):
            if not known:
                return Written(reader=reader, failed=Failed(_("The orders that it speaks of are gone.")))
            items = [self._item(order) for order in known[: blocks.SHOWN]]
        facts = {"person": member.user, "items": items, "first": items[0], "count": len(known)}
        words = letters.render(NOTE_TO_MEMBER, facts, language=reader.language, partner=self.partner)
        return Written(reader=reader, words=words)

    def _item(self, order: Order) -> dict[str, Any]:
        days = order.days_left(rules.utc_date(self.now))
        return {
            "number": order.number,
            "host": wording.host(order),
            "customer": order.customer.name,
            "product": order.product_name,
            "ends_on": wording.day(order.ends_on) if order.ends_on else "",
            "ending": wording.ending(days).words if days is not None else "",
            "price": money(order.price, order.currency) if order.price is not None and order.currency else "",
            "url": links.address(self.partner, reverse("certificates:order", args=[order.pk])),
        }


def _quote_facts(quote: Quote, count: int, now: datetime) -> QuoteFacts:
    return QuoteFacts(
        number=quote.number or "",
        total=money(quote.gross, quote.currency),
        valid_until=wording.day(quote.valid_until),
        days=(quote.valid_until - rules.utc_date(now)).days,
        count=count,
    )
