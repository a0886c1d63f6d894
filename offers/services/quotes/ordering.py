"""Turn a line of an accepted quote into what it promised: the renewal, or the new order, at the price it locked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal

from django.db import transaction

from certificates.models import Certificate, Order, Request
from certificates.rules import RenewalWindowClosed, last_day
from certificates.services.keys import present_key
from certificates.services.refusals import AlreadyInHand, AlreadyMoved, OrderNotRenewable, RequestRefused
from certificates.services.renewals import Agreed, request_new, request_renewal
from offers.models import Quote, QuoteLine, Sale
from offers.rules.prices import Priced
from offers.rules.taxes import shares
from offers.services.quotes.figures import OBSTACLES, problem_of
from offers.services.quotes.refusals import LineProblem, Reason
from offers.services.quotes.snapshots import stored_snapshot
from portal.models import User

# What stands as `source` on the requests.
SOURCE = "quote"


def lock_subjects(lines: Iterable[QuoteLine]) -> None:
    """Orders and certificates in the order of their keys: another quote may hold the same the other way round."""
    lines = list(lines)
    orders = Order.objects.filter(pk__in=[line.order_id for line in lines if line.order_id])
    list(orders.order_by("pk").select_for_update(no_key=True).values_list("pk"))
    certificates = Certificate.objects.filter(pk__in=[line.certificate_id for line in lines if line.certificate_id])
    list(certificates.order_by("pk").select_for_update(no_key=True).values_list("pk"))


def taxes_of(quote: Quote, lines: Iterable[QuoteLine]) -> Mapping[int, Decimal]:
    """What each line bears of the quote's tax, by their keys: together exactly that."""
    lines = list(lines)
    owed = shares([line.net for line in lines], stored_snapshot(quote).tax.rate, quote.currency)
    return {line.pk: tax for line, tax in zip(lines, owed, strict=True)}


def order_line(quote: Quote, line: QuoteLine, *, tax: Decimal, actor: User | None, now: datetime) -> LineProblem | None:
    """Ask for what the line says; what stands in the way, where something does, and then nothing was asked."""
    subject = line.order or line.certificate
    if subject and subject.customer_id != quote.customer_id:
        return problem_of(line, Reason.ANOTHER_CUSTOMER)
    if line.certificate and line.certificate.order_id:
        return problem_of(line, Reason.MOVED)
    try:
        with transaction.atomic():
            ask = _renew if line.order else _buy
            request = ask(quote, line, actor=actor, now=now)
            _note_sale(quote, line, request, owed=tax)
    except AlreadyMoved:
        return problem_of(line, Reason.MOVED)
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
        moves=line.certificate,
    )


def _agreed(quote: Quote, line: QuoteLine) -> Agreed:
    return Agreed(line.net, quote.currency)


def _note_sale(quote: Quote, line: QuoteLine, request: Request, *, owed: Decimal) -> None:
    """What was agreed, kept with the request; its tax is its share of the snapshot's."""
    priced = Priced.from_json(line.arithmetic)
    tax = stored_snapshot(quote).tax
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
