"""Quotes that customers get for themselves from the page on which they renew: made and sent in one press."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from certificates.models import Contact, Customer, Order
from certificates.services.customers import AddressTaken, add_contact
from certificates.states import ContactRole, EmailState
from certificates.visits import Visit
from offers.models import Quote
from offers.services.confirming import language_of
from offers.services.quotes import LineWish, draft_quote, make_quote_link, send_quote, wishes_of
from offers.services.quotes.drafting import wishes_for
from portal import activities
from portal.limits import Limit
from portal.models import User

# Each is a letter, a number and a document: so many in a day are enough for one reader.
QUOTES = Limit("customer-quote", amount=5, seconds=24 * 60 * 60)
# The same lines asked for again within this time are a form that was sent twice.
SAME_PRESS = timedelta(minutes=10)


class TooManyQuotes(Exception):
    """The reader has had as many quotes today as one may make for oneself."""


def quote_for_visit(
    visit: Visit,
    wanted: Sequence[Order] | Sequence[LineWish],
    *,
    now: datetime,
    purchase_order: str = "",
    code: str = "",
) -> Quote:
    """One quote for these orders of the visit's customer, sent to whoever visits; asked twice it is one.

    Orders are renewed as they are, wishes as they say. It is made out to the visitor's own contact, which is added to
    the customer where there is none yet; to an address that letters do not reach it is not mailed. Raises
    TooManyQuotes, LinesRefused with every order that cannot be quoted, and NothingToQuote.
    """
    reader = f"{visit.source}:{visit.email}"
    wishes = _wishes(visit.customer, wanted)
    with transaction.atomic():
        _hold(visit.customer)
        if there := _same_press(visit, wishes, code, now):
            return there
        if QUOTES.is_reached(reader):
            raise TooManyQuotes
        quote = _send(visit, wishes, now=now, purchase_order=purchase_order, code=code)
    QUOTES.count(reader)
    return quote


def read_quote_link(visit: Visit, quote: Quote, *, now: datetime) -> str:
    """The address at which the visitor reads the quote just made."""
    return make_quote_link(quote, now=now, source=visit.source)


def _hold(customer: Customer) -> None:
    """Whoever else wants a quote for the customer this very moment waits until this one is made."""
    Customer.objects.for_partner(customer.partner).select_for_update(no_key=True).get(pk=customer.pk)


def _send(visit: Visit, wishes: Sequence[LineWish], *, now: datetime, purchase_order: str, code: str) -> Quote:
    contact = _contact_of(visit, now=now)
    orders = [wish.order for wish in wishes if wish.order]
    draft = draft_quote(orders, contact=contact, actor=None, now=now, code=code, lines=wishes)
    draft.owner, draft.purchase_order = _owner_of(visit.customer), purchase_order
    draft.save(update_fields=["owner", "purchase_order"])
    quote = send_quote(draft, actor=visit.actor, now=now, by_mail=contact.email_state == EmailState.OK)
    activities.record(
        "quote.got",
        quote,
        partner=quote.partner,
        actor=visit.actor,
        at=now,
        name=visit.name,
        source=visit.source,
        gross=str(quote.gross),
        currency=quote.currency,
    )
    return quote


def _contact_of(visit: Visit, *, now: datetime) -> Contact:
    """The visitor as a contact of the customer: the one there is, or a new one who buys."""
    if visit.contact:
        return visit.contact
    values = {
        "name": visit.name,
        "email": visit.email,
        "role": ContactRole.BUYER,
        "language": language_of(visit),
    }
    try:
        return add_contact(visit.customer, values=values, actor=visit.actor, now=now)
    except AddressTaken:
        mine = Contact.objects.for_partner(visit.partner).filter(customer=visit.customer)
        found: Contact = mine.get(email__iexact=visit.email)
        return found


def _owner_of(customer: Customer) -> User | None:
    """Who hears of the answer: the customer's account manager, unless that person has left."""
    owner = customer.owner
    return owner.user if owner and owner.is_active and owner.user.is_active else None


def _same_press(visit: Visit, wishes: Sequence[LineWish], code: str, now: datetime) -> Quote | None:
    """An open quote of the last minutes, made out to the visitor, with these very lines and this code."""
    rows = Quote.objects.for_partner(visit.partner).open().select_related("partner", "customer", "contact")
    mine = rows.filter(customer=visit.customer, contact__email__iexact=visit.email, code=code.strip())
    recent = mine.filter(created_at__gt=now - SAME_PRESS)
    asked = _what(wishes)
    return next((one for one in recent.order_by("-pk") if _what(wishes_of(one)) == asked), None)


def _what(wishes: Sequence[LineWish]) -> list[tuple[int, int, int, tuple[str, ...]]]:
    """What a quote is for, to be compared with another."""
    return sorted(
        (wish.order.pk if wish.order else 0, wish.product.pk, wish.term_years, tuple(wish.names)) for wish in wishes
    )


def _wishes(customer: Customer, wanted: Sequence[Order] | Sequence[LineWish]) -> list[LineWish]:
    """All as wishes. Raises LinesRefused where nothing is sold that could replace an order."""
    orders = [one for one in wanted if isinstance(one, Order)]
    return [*wishes_for(customer, orders), *(one for one in wanted if isinstance(one, LineWish))]
