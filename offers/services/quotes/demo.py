"""Quotes of the demo: one at each stage of its life, made by the same verbs as real ones, on the days that fit."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from django.utils.translation import gettext, override

from certificates.models import Order
from certificates.rules import utc_date
from offers.models import Quote
from offers.models.quotes import DeclineReason
from offers.services.quotes import answering, drafting, sending
from offers.services.quotes.refusals import QuoteRefused
from portal.models import Membership, Partner, User
from portal.roles import Role

# Days ago on which each was made; one more is a draft of today.
_SENT, _VIEWED, _ASKED, _ENDING, _ACCEPTED, _DECLINED = 2, 4, 6, 9, 8, 12
_OLDEST = timedelta(days=max(_SENT, _VIEWED, _ASKED, _ENDING, _ACCEPTED, _DECLINED) + 1)
_DAYS_OF_THE_ENDING_ONE = 4


def seed(partner: Partner, now: datetime) -> None:
    """Make them for the demo's partner, whose scope is open, in the name of its first account manager."""
    sellers = Membership.objects.for_partner(partner).filter(role=Role.ACCOUNT_MANAGER).select_related("user")
    if seller := sellers.order_by("pk").first():
        seed_quotes(partner, owner=seller.user, now=now)


def seed_quotes(partner: Partner, *, owner: User, now: datetime) -> list[Quote]:
    """One draft, and quotes sent, read, accepted, declined, soon over, and with a change asked for.

    Fewer where the partner has too few customers with orders to renew, or no prices for them.
    """
    subjects = _subjects(partner, now=now)
    # Numbers are given in the order of the days.
    makers = (_draft, _declined, _ending, _accepted, _asked, _viewed, _sent)
    made = []
    for make in makers:
        for orders in subjects:
            try:
                made.append(make(orders, owner, now))
            except QuoteRefused:
                continue
            break
    return made


def _subjects(partner: Partner, *, now: datetime) -> Iterator[list[Order]]:
    """Orders to renew, those of one customer together: their renewal was open on each of the days, and still is."""
    today = utc_date(now)
    rows = Order.objects.for_partner(partner).issued().unrenewed().filter(product__isnull=False, auto_renew=False)
    rows = rows.expiring(today=today, within=(15, 90 - _OLDEST.days)).select_related(
        "partner", "customer__partner", "product", "organization", "contact"
    )
    by_customer: dict[int, list[Order]] = {}
    for order in rows.order_by("-ends_on", "pk")[:200]:
        by_customer.setdefault(order.customer_id, []).append(order)
    # The larger ones first: a quote over several orders shows more.
    yield from sorted((orders[:4] for orders in by_customer.values()), key=len, reverse=True)


def _made(orders: list[Order], owner: User, at: datetime, *, valid_until: date | None = None) -> Quote:
    quote = drafting.draft_quote(orders, actor=owner, now=at)
    if valid_until:
        quote = drafting.change_draft(quote, actor=owner, now=at, valid_until=valid_until)
    return sending.send_quote(quote, actor=owner, now=at)


def _draft(orders: list[Order], owner: User, now: datetime) -> Quote:
    return drafting.draft_quote(orders, actor=owner, now=now)


def _sent(orders: list[Order], owner: User, now: datetime) -> Quote:
    return _made(orders, owner, now - timedelta(days=_SENT))


def _viewed(orders: list[Order], owner: User, now: datetime) -> Quote:
    quote = _made(orders, owner, now - timedelta(days=_VIEWED))
    answering.view_quote(quote, now=now - timedelta(days=_VIEWED - 1))
    return quote


def _asked(orders: list[Order], owner: User, now: datetime) -> Quote:
    quote = _made(orders, owner, now - timedelta(days=_ASKED))
    at = now - timedelta(days=_ASKED - 2)
    answering.view_quote(quote, now=at)
    with override(quote.language):
        words = gettext("Could we have two years instead of one?")
    return answering.ask_for_change(quote, words=words, name=_name(quote), now=at)


def _ending(orders: list[Order], owner: User, now: datetime) -> Quote:
    until = utc_date(now) + timedelta(days=_DAYS_OF_THE_ENDING_ONE)
    return _made(orders, owner, now - timedelta(days=_ENDING), valid_until=until)


def _accepted(orders: list[Order], owner: User, now: datetime) -> Quote:
    quote = _made(orders, owner, now - timedelta(days=_ACCEPTED))
    at = now - timedelta(days=_ACCEPTED - 3)
    answering.view_quote(quote, now=at)
    return answering.accept_quote(
        quote, name=_name(quote), role="IT", purchase_order="PO-2026-118", terms_accepted=True, now=at
    )


def _declined(orders: list[Order], owner: User, now: datetime) -> Quote:
    quote = _made(orders, owner, now - timedelta(days=_DECLINED))
    at = now - timedelta(days=_DECLINED - 5)
    return answering.decline_quote(quote, reason=DeclineReason.LATER, name=_name(quote), now=at, by=owner)


def _name(quote: Quote) -> str:
    return quote.contact.name if quote.contact else quote.customer.name
