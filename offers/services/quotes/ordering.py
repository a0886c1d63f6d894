"""Turn a line of an accepted quote into what it promised: the renewal, or the new order, at the price it locked."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from certificates.models import Order, Request
from certificates.rules import RenewalWindowClosed, last_day
from certificates.services.keys import present_key
from certificates.services.refusals import AlreadyInHand, OrderNotRenewable, RequestRefused
from certificates.services.renewals import Agreed, request_new, request_renewal
from offers.models import Quote, QuoteLine, Redemption, Sale
from offers.rules.money import percent_of
from offers.rules.prices import Priced
from offers.services.quotes import holding
from offers.services.quotes.figures import OBSTACLES, problem_of, subject_of
from offers.services.quotes.refusals import LineProblem, Reason
from offers.services.quotes.snapshots import stored_snapshot
from portal.models import User

# What stands as `source` on the requests.
SOURCE = "quote"


def lock_orders(lines: Iterable[QuoteLine]) -> None:
    """In the order of their keys: another quote may hold the same orders the other way round."""
    rows = Order.objects.filter(pk__in=[line.order_id for line in lines if line.order_id]).order_by("pk")
    list(rows.select_for_update(no_key=True).values_list("pk"))


def order_line(quote: Quote, line: QuoteLine, *, actor: User | None, now: datetime) -> LineProblem | None:
    """Ask for what the line says; what stands in the way, where something does, and then nothing was asked."""
    if line.order and line.order.customer_id != quote.customer_id:
        return problem_of(line, Reason.ANOTHER_CUSTOMER)
    try:
        with transaction.atomic():
            ask = _renew if line.order else _buy
            request = ask(quote, line, actor=actor, now=now)
            _note_sale(quote, line, request)
    except AlreadyInHand:
        return problem_of(line, Reason.RENEWED)
    except OrderNotRenewable as refusal:
        return problem_of(line, OBSTACLES[refusal.obstacle])
    except RenewalWindowClosed as closed:
        return problem_of(line, Reason.TOO_LATE, on=last_day(closed.closes_at))
    except RequestRefused:
        return problem_of(line, Reason.NO_PRODUCT, detail=line.product.name)
    return None


def _renew(quote: Quote, line: QuoteLine, *, actor: User | None, now: datetime) -> Request:
    order = line.order
    if order is None:
        raise ValueError(line)
    key = present_key(order)
    return request_renewal(
        order,
        product=line.product,
        term_years=line.term_years,
        names=line.names,
        csr=key.csr.pem if key else None,
        actor=actor,
        source=SOURCE,
        now=now,
        purchase_order=quote.purchase_order,
        agreed=_agreed(quote, line),
    )


def _buy(quote: Quote, line: QuoteLine, *, actor: User | None, now: datetime) -> Request:
    return request_new(
        quote.customer,
        product=line.product,
        organization=line.organization,
        names=line.names,
        csr=None,
        term_years=line.term_years,
        actor=actor,
        now=now,
        purchase_order=quote.purchase_order,
        source=SOURCE,
        agreed=_agreed(quote, line),
    )


def _agreed(quote: Quote, line: QuoteLine) -> Agreed:
    return Agreed(line.net, quote.currency)


def use_offers(quote: Quote) -> None:
    """What was held for the lines is used now; of new orders, under the name by which it is given back if they fail.

    Asked once all orders are locked: whoever renews one of them takes its offers after it.
    """
    holding.use_all(quote)
    for line in quote.lines.filter(order=None).select_related("sale"):
        used = Redemption.objects.filter(subject=subject_of(line), state=Redemption.State.USED)
        used.update(subject=f"request:{line.sale.request_id}")


def _note_sale(quote: Quote, line: QuoteLine, request: Request) -> None:
    """What was agreed, kept with the request; its tax is that of the snapshot, on this line alone."""
    priced = Priced.from_json(line.arithmetic)
    tax = stored_snapshot(quote).tax
    owed = percent_of(priced.net, tax.rate, quote.currency)
    Sale.objects.create(
        partner=quote.partner,
        request=request,
        customer=quote.customer,
        quote_line=line,
        currency=quote.currency,
        arithmetic=line.arithmetic,
        subtotal=priced.subtotal,
        discount=priced.discount,
        net=priced.net,
        cost=priced.cost,
        tax={"code": tax.kind.value, "rate": str(tax.rate), "country": tax.country, "amount": str(owed)},
        gross=priced.net + owed,
        at=request.requested_at,
    )
