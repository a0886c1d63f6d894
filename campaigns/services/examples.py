"""Worked examples of letters: an invented customer with real products, under the partner's own rules and looks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.utils import translation
from django.utils.translation import gettext as _

from campaigns.letters.blocks import Saving, issued
from campaigns.letters.pen import Draft, Drawn, Pen, QuoteFacts
from campaigns.library import LIBRARY, Action, LibraryLetter, Source
from campaigns.rules.keys import Checked, Code, Finding, five_keys
from campaigns.services.facts import Gathered
from campaigns.services.writing import letter_of
from certificates import rules, wording
from certificates.models import AuthorityConnection, Certificate, Customer, Order, Product
from certificates.services import planning
from certificates.services.planning import ValidationCode, ValidationFact
from certificates.states import AuthorityKind, OrderStatus
from offers.wording.alternatives import movable_words
from offers.wording.renewal import validation_for_customers
from offers.wording.sums import share_off
from portal import links
from portal.access import on_behalf_of
from portal.models import Partner
from portal.money import money

_HOSTS = ("www", "shop", "extranet", "mail", "api", "portal", "intranet", "files")
_DOMAIN = "horizon-yole.example"
_CUSTOMER, _READER, _MANAGER, _CODE = "Horizon Yole SA", "Søren Lindqvist", "Claire Martin", "KT79-4QBX-2M"
_DIGEST = 12


@dataclass(frozen=True, slots=True)
class Example:
    """A letter as the invented customer would get it, and what it was written from."""

    draft: Draft
    drawn: Drawn


def example(
    partner: Partner,
    key: str,
    language: str,
    now: datetime,
    *,
    source: Source | None = None,
    based_on: str = "",
    with_offers: bool = True,
    count: int = 0,
) -> Example:
    """The letter with the partner's words, or with `source`, which somebody may be typing.

    `based_on` is the kind of a letter that is neither in the library nor kept yet; `count` is of how many orders.
    Raises KeyError for a letter that is nobody's, and LetterRefused.
    """
    with on_behalf_of(partner), translation.override(language):
        kind = LIBRARY.get(key) or LIBRARY.get(based_on)
        if kind is None or source is None:
            letter = letter_of(partner, key, language)
            kind, source = letter.kind, source or letter.source
        number = count or (_DIGEST if key == "digest" else 1)
        draft = _draft(partner, kind, source, language=language, now=now, with_offers=with_offers, count=number)
        return Example(draft, Pen(partner).write(draft))


def check(shown: Example) -> list[Finding]:
    """The five keys of what an example says."""
    draft, drawn = shown.draft, shown.drawn
    with translation.override(draft.language):
        essentials = _essentials(draft)
    return five_keys(
        Checked(
            subject=drawn.words.subject,
            preheader=drawn.preheader,
            text=drawn.words.text,
            own=drawn.own,
            said=drawn.said,
            language=draft.language,
            essentials=essentials,
            named=_named(draft),
            expected=frozenset(draft.kind.parts),
            placed=drawn.placed,
            shown=drawn.shown,
            days=draft.kind.days,
            is_urgent=draft.tone == "urgent",
        )
    )


def _named(draft: Draft) -> tuple[str, ...]:
    """What its reader knows the letter by."""
    if draft.quote:
        return (draft.quote.number,)
    first = draft.abouts[0]
    return (draft.customer, first.host) if len(draft.abouts) > 1 else (first.host, first.order.number)


def _essentials(draft: Draft) -> Mapping[Code, str]:
    first = draft.abouts[0]
    order = first.order
    return {
        Code.ORDER_NUMBER: order.number,
        Code.PRODUCT: order.product_name,
        Code.COMMON_NAME: first.host,
        Code.ISSUED: issued(order),
        Code.EXPIRES: wording.day(order.ends_on) if order.ends_on else "",
        Code.VALIDITY: wording.years(order.term_years),
    }


# The invented customer


def _draft(
    partner: Partner,
    kind: LibraryLetter,
    source: Source,
    *,
    language: str,
    now: datetime,
    with_offers: bool,
    count: int,
) -> Draft:
    gathered = _gathered(partner, kind, now=now, count=count)
    old_end = rules.utc_date(now) + timedelta(days=_OLD_ENDS_IN) if kind.action is Action.INSTALL else None
    abouts = [
        gathered.about(order, certificate=pk if kind.action is Action.REISSUE else None, old_end=old_end)
        for pk, order in gathered.orders.items()
    ]
    somewhere = links.address(partner, "/")
    return Draft(
        kind=kind,
        source=source,
        language=language,
        tone=kind.tone,
        name=_READER,
        customer=_CUSTOMER,
        manager=_MANAGER,
        abouts=abouts,
        savings=_savings(partner) if with_offers and kind.may_offer else (),
        holds=[validation_for_customers(_lapsed(now))] if kind.action is Action.VALIDATE else (),
        quote=_quote(partner, now, count) if kind.action is Action.QUOTE else None,
        code=_CODE,
        action_url=somewhere,
        preferences_url=somewhere,
        unsubscribe_url=somewhere,
    )


def _lapsed(now: datetime) -> ValidationFact:
    return ValidationFact(ValidationCode.DOMAIN_LAPSED, _DOMAIN, rules.utc_date(now) - timedelta(days=2))


def _savings(partner: Partner) -> list[Saving]:
    """Invented figures, in the words of real offers: as it is, a better product, a longer plan, what others sold."""
    price, net = Decimal(299), Decimal("269.10")
    facts = {
        "offer": share_off(price - net, price),
        "net": money(net, partner.currency),
        "price": money(price, partner.currency),
    }
    moved = {"certificates": movable_words(2), "offer": share_off(Decimal(15), Decimal(100))}
    return [
        Saving(_("%(offer)s: %(net)s instead of %(price)s.") % facts, 10),
        _more(partner, "Secure Site Pro", price=Decimal(499), saved=Decimal("99.80")),
        _more(partner, wording.years(3), price=Decimal(897), saved=Decimal("107.64")),
        Saving(_("%(certificates)s: %(offer)s.") % moved, 15),
    ]


def _more(partner: Partner, choice: str, *, price: Decimal, saved: Decimal) -> Saving:
    wanted = _("%(choice)s, %(discount)s") % {"choice": choice, "discount": share_off(saved, price)}
    sums = {"net": money(price - saved, partner.currency), "price": money(price, partner.currency)}
    facts = {"choice": wanted, "price": _("%(net)s instead of %(price)s") % sums}
    return Saving(_("%(choice)s: %(price)s.") % facts, int(100 * saved / price))


def _quote(partner: Partner, now: datetime, count: int) -> QuoteFacts:
    until = rules.utc_date(now) + timedelta(days=5)
    return QuoteFacts(
        number="Q-2026-0142",
        total=money(Decimal(299 * count), partner.currency),
        valid_until=wording.day(until),
        days=5,
        count=count,
    )


def _gathered(partner: Partner, kind: LibraryLetter, *, now: datetime, count: int) -> Gathered:
    kinds = (
        AuthorityConnection.objects.for_partner(partner).order_by("-is_default", "pk").values_list("kind", flat=True)
    )
    authority = next(iter(kinds), AuthorityKind.SANDBOX)
    sold = Product.objects.filter(is_offered=True).order_by("rank")
    product = sold.filter(name_id="ssl_securesite_flex").first() or sold.first()
    customer = Customer(partner=partner, name=_CUSTOMER)
    days = -(kind.days if kind.days is not None else _DAYS[kind.action])
    orders = {
        at: _order(partner, customer, product, kind, at, days=days + at - 1, now=now) for at in range(1, count + 1)
    }
    return Gathered(
        partner=partner,
        now=now,
        orders=orders,
        certificates={pk: _certificate(order) for pk, order in orders.items()},
        rules=planning.rulebook(partner),
        default_authority=authority,
        authorities=frozenset({authority}),
    )


# Days before the order's end at which a letter without a day of its own usually goes out. Of a new certificate that
# waits to be installed, the one before ends in some days, and it was issued some days ago.
_OLD_ENDS_IN, _ISSUED_AGO = 6, 4
_DAYS = dict.fromkeys(Action, -30) | {Action.REISSUE: -196, Action.INSTALL: -365 - _OLD_ENDS_IN, Action.QUOTE: -21}


def _order(
    partner: Partner,
    customer: Customer,
    product: Product | None,
    kind: LibraryLetter,
    at: int,
    *,
    days: int,
    now: datetime,
) -> Order:
    ends_on = rules.utc_date(now) + timedelta(days=days)
    certificate_ends_on = ends_on - timedelta(days=166) if kind.action is Action.REISSUE else ends_on
    if is_new := kind.action is Action.INSTALL:
        certificate_ends_on = rules.utc_date(now) + timedelta(days=199 - _ISSUED_AGO)
    ends_at, certificate_ends_at = rules.end_of_day(ends_on), rules.end_of_day(certificate_ends_on)
    certificate_starts_at = certificate_ends_at - timedelta(days=199)
    host = f"{_HOSTS[(at - 1) % len(_HOSTS)]}{at // len(_HOSTS) or ''}.{_DOMAIN}"
    return Order(
        partner=partner,
        customer=customer,
        product=product,
        product_name=product.name if product else "",
        authority=AuthorityKind.SANDBOX,
        status=OrderStatus.ISSUED,
        number=str(7_101_810 + at),
        common_name=host,
        names=[host],
        starts_at=certificate_starts_at if is_new else rules.add_years(ends_at, -1),
        ends_at=ends_at,
        ends_on=ends_on,
        certificate_starts_at=certificate_starts_at,
        certificate_ends_at=certificate_ends_at,
        certificate_ends_on=certificate_ends_on,
        server_platform="nginx",
        auto_renew=kind.action is Action.LOOK,
    )


def _certificate(order: Order) -> Certificate:
    if order.certificate_ends_at is None or order.certificate_ends_on is None:
        raise ValueError(order)
    return Certificate(ends_at=order.certificate_ends_at, ends_on=order.certificate_ends_on)
