"""Quotes at the stages of their life that the demo's own have not come to, and how the demo's are found."""

from __future__ import annotations

from datetime import timedelta

from certificates.models import Order
from certificates.querysets import OrderQuerySet
from offers.models import Quote, QuoteBatch
from offers.services.quotes import batches, draft_quote, expire_quotes, new_version, send_quote, withdraw_quote
from portal import clock
from portal.models import Partner, User

# Each of a customer without another quote; of the last one the renewal is in hand already.
WITHDRAWN, REPLACED, OVER, IN_HAND = "900000049", "900000050", "900000051", "900000080"


def make_quotes(partner: Partner, *, actor: User) -> None:
    """For the demo's partner, whose scope is open: quotes made at once, then withdrawn and replaced; one expired.

    Others wait to be made.
    """
    now = clock.now()
    batch = _start(partner, [WITHDRAWN, REPLACED, IN_HAND], actor=actor)
    batches.work_on(batch.pk, clock=clock.now)
    withdraw_quote(_quote_for(WITHDRAWN), actor=actor, now=now)
    second = new_version(_quote_for(REPLACED), actor=actor, now=now)
    send_quote(second, actor=actor, now=now, by_mail=False)
    _make_expired(partner, actor=actor)
    _start(partner, [OVER], actor=actor)


def _start(partner: Partner, numbers: list[str], *, actor: User) -> QuoteBatch:
    return batches.start_batch(
        _orders(partner, numbers),
        partner=partner,
        grouping=QuoteBatch.Grouping.ORDER,
        delivery=QuoteBatch.Delivery.ARCHIVE,
        actor=actor,
        now=clock.now(),
    )


def _orders(partner: Partner, numbers: list[str]) -> OrderQuerySet:
    found: OrderQuerySet = Order.objects.for_partner(partner).filter(number__in=numbers)
    return found


def _make_expired(partner: Partner, *, actor: User) -> None:
    begun = clock.now() - timedelta(days=40)
    draft = draft_quote(list(_orders(partner, [OVER])), actor=actor, now=begun)
    send_quote(draft, actor=actor, now=begun, by_mail=False)
    expire_quotes(clock.now())


def _quote_for(number: str) -> Quote:
    found: Quote = Quote.objects.get(lines__order__number=number)
    return found
