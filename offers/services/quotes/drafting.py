"""Make a quote and change it while it is a draft; every press prices all its lines afresh."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction

from certificates.models import Certificate, Contact, Customer, Order, Organization, Product
from certificates.rules import Level, utc_date
from certificates.states import ContactRole
from offers.models import Quote, QuoteBatch, QuoteLine, SalesSettings
from offers.services.choices import choices_for
from offers.services.pricing import Coded
from offers.services.quotes import figures, moves
from offers.services.quotes.figures import Figures
from offers.services.quotes.refusals import LineProblem, LinesRefused, NothingToQuote, Reason, TooManyLines
from portal import activities
from portal.models import User

# More lines nobody reads, and their form would hold more fields than Django takes (four a line, a thousand in all).
MOST_LINES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class LineWish:
    """One line as it is wanted: the renewal of an order, or a certificate of another authority moved over."""

    product: Product
    term_years: int
    names: Sequence[str]
    order: Order | None = None
    certificate: Certificate | None = None
    organization: Organization | None = None


def draft_quote(
    subject: Customer | Order | Sequence[Order],
    *,
    contact: Contact | None = None,
    actor: User | None,
    now: datetime,
    code: str = "",
    certificates: Sequence[Certificate] = (),
    lines: Sequence[LineWish] | None = None,
    batch: QuoteBatch | None = None,
) -> Quote:
    """A draft for orders of one customer, each renewed as it is, or as `lines` says; of a customer, for all due ones.

    `certificates` of another authority are moved over. Without a contact it is made out to the customer's buyer, or
    whoever the orders know. Raises LinesRefused with every order that cannot be quoted, and NothingToQuote.
    """
    customer = _customer_of(subject, certificates)
    orders = due_orders(customer, now=now) if isinstance(subject, Customer) else _as_list(subject)
    if lines is None:
        lines = [*wishes_for(customer, orders), *moves_for(customer, certificates)]
    contact = contact or default_contact(customer, orders)
    quote = new_draft(customer, contact=contact, actor=actor, now=now, code=code, batch=batch)
    with transaction.atomic():
        quote.save()
        _write_lines(quote, lines, now=now)
        activities.record("quote.drafted", quote, partner=quote.partner, actor=actor, at=now, lines=len(lines))
    return quote


def new_draft(
    customer: Customer,
    *,
    contact: Contact | None,
    actor: User | None,
    now: datetime,
    code: str = "",
    batch: QuoteBatch | None = None,
) -> Quote:
    """An empty draft, not stored yet; its validity is the house's."""
    partner = customer.partner
    today = utc_date(now)
    terms = SalesSettings.objects.for_partner(partner).first() or SalesSettings(partner=partner)
    return Quote(
        partner=partner,
        customer=customer,
        contact=contact,
        language=contact.language if contact else customer.language,
        currency=partner.currency,
        code=code.strip()[:40],
        reference_day=today,
        valid_until=today + timedelta(days=terms.quote_days),
        owner=actor,
        created_at=now,
        batch=batch,
    )


def change_draft(
    quote: Quote, *, actor: User, now: datetime, lines: Sequence[LineWish] | None = None, **values: Any
) -> Quote:
    """Change a draft: its `lines` as a whole, and contact, language, code, note, purchase_order, valid_until, owner.

    Raises QuoteMovedOn once it has been sent, LinesRefused, NothingToQuote, and TypeError for any other column.
    """
    if unknown := values.keys() - _CHANGEABLE:
        raise TypeError(sorted(unknown))
    with transaction.atomic():
        quote = moves.lock(quote)
        moves.refuse_unless_draft(quote)
        for name, value in values.items():
            setattr(quote, name, value)
        _write_lines(quote, wishes_of(quote) if lines is None else lines, now=now)
        activities.record("quote.changed", quote, partner=quote.partner, actor=actor, at=now)
    return quote


def preview_draft(quote: Quote, *, now: datetime, lines: Sequence[LineWish] | None = None, **values: Any) -> Figures:
    """What a draft would come to with these changes; they stand on `quote` in memory, and nothing is stored."""
    for name, value in values.items():
        setattr(quote, name, value)
    made = lines_of(quote) if lines is None else unsaved_lines(quote, lines)
    worked = figures.work_out(quote, made, now=now)
    figures.apply(worked, quote)
    quote.reference_day = utc_date(now)
    quote.valid_until = min(quote.valid_until, worked.limit)
    return worked


_CHANGEABLE = {"contact", "language", "code", "note", "purchase_order", "valid_until", "owner"}


def discard_draft(quote: Quote, *, actor: User, now: datetime) -> None:
    """Throw a draft away; it never had a number of its own. Raises QuoteMovedOn."""
    with transaction.atomic():
        quote = moves.lock(quote)
        moves.refuse_unless_draft(quote)
        activities.record("quote.discarded", quote, partner=quote.partner, actor=actor, at=now)
        quote.delete()


def unsaved_lines(quote: Quote, wishes: Iterable[LineWish]) -> list[QuoteLine]:
    """Lines as they would be stored, numbered from one; a product that names an organisation gets the customer's."""
    organization = _longest_validated(quote.customer)
    return [
        QuoteLine(
            partner=quote.partner,
            quote=quote,
            position=position,
            order=wish.order,
            certificate=wish.certificate,
            organization=_organization(wish.product, wish.organization or organization),
            product=wish.product,
            term_years=wish.term_years,
            names=list(wish.names),
        )
        for position, wish in enumerate(wishes, start=1)
    ]


def wishes_of(quote: Quote) -> list[LineWish]:
    """The lines of a stored quote, as wishes."""
    return [
        LineWish(
            product=line.product,
            term_years=line.term_years,
            names=tuple(line.names),
            order=line.order,
            certificate=line.certificate,
            organization=line.organization,
        )
        for line in lines_of(quote)
    ]


def lines_of(quote: Quote) -> list[QuoteLine]:
    """The stored lines with all that pricing and drawing reads."""
    related = ("order__product", "order__customer", "order__partner", "order__organization")
    return list(quote.lines.select_related(*related, "product", "certificate", "organization"))


def reprice(quote: Quote, *, now: datetime) -> Figures:
    """The figures of a stored draft at this moment, written on it and on its lines.

    Raises LinesRefused and NothingToQuote.
    """
    lines = lines_of(quote)
    if not lines:
        raise NothingToQuote
    worked = figures.work_out(quote, lines, now=now)
    worked.refuse_problems()
    figures.apply(worked, quote)
    quote.reference_day = utc_date(now)
    quote.valid_until = min(quote.valid_until, worked.limit)
    quote.save(update_fields=_FIGURES)
    QuoteLine.objects.bulk_update(lines, ["arithmetic", "net", "new_ends_on"], batch_size=100)
    return worked


_FIGURES = ["currency", "net", "tax", "gross", "reference_day", "valid_until"]


def _write_lines(quote: Quote, wishes: Sequence[LineWish], *, now: datetime) -> None:
    """Replace the lines of a locked or new draft, priced; all of them or none."""
    lines = unsaved_lines(quote, wishes)
    _refuse_odd_numbers(lines)
    worked = figures.work_out(quote, lines, now=now)
    worked.refuse_problems()
    figures.apply(worked, quote)
    quote.reference_day = utc_date(now)
    quote.valid_until = min(quote.valid_until, worked.limit)
    quote.save()
    quote.lines.all().delete()
    QuoteLine.objects.bulk_create(lines, batch_size=100)


def _refuse_odd_numbers(lines: Sequence[QuoteLine]) -> None:
    if not lines:
        raise NothingToQuote
    if len(lines) > MOST_LINES:
        raise TooManyLines


# What is quoted where nobody says otherwise


def due_orders(customer: Customer, *, now: datetime) -> list[Order]:
    """The customer's orders whose renewal is open today, those that end first before the others."""
    today = utc_date(now)
    rows = Order.objects.for_partner(customer.partner).filter(customer=customer).issued().unrenewed()
    soon = rows.expiring(today=today, within=(-30, 90)).select_related(*_ORDER_PARTS).order_by("ends_on", "pk")
    return list(soon[:MOST_LINES])


_ORDER_PARTS = ("partner", "customer", "product", "organization", "contact")


def sort_out(
    customer: Customer, orders: Sequence[Order], *, now: datetime, code: str = ""
) -> tuple[list[Order], list[LineProblem]]:
    """Of a customer's orders those that can be quoted as they are, and what stands in the way of the others."""
    quote = new_draft(customer, contact=None, actor=None, now=now, code=code)
    wishes = wishes_for(customer, orders, strict=False)
    worked = figures.work_out(quote, unsaved_lines(quote, wishes), now=now)
    refused = {problem.order: problem for problem in worked.problems}
    wished = {wish.order.pk for wish in wishes if wish.order}
    for order in orders:
        if order.pk not in wished:
            refused[order.pk] = _nothing_sold(order)
    return [order for order in orders if order.pk not in refused], list(refused.values())


def code_of(
    customer: Customer, orders: Sequence[Order], certificates: Sequence[Certificate], *, code: str, now: datetime
) -> Coded | None:
    """What would become of the code in a quote for these; nothing is stored."""
    if not code:
        return None
    quote = new_draft(customer, contact=None, actor=None, now=now, code=code)
    wishes = [*wishes_for(customer, orders, strict=False), *moves_for(customer, certificates, strict=False)]
    return figures.work_out(quote, unsaved_lines(quote, wishes), now=now).coded


def wishes_for(customer: Customer, orders: Iterable[Order], *, strict: bool = True) -> list[LineWish]:
    """Each order renewed as it is: its product, or the nearest that is still sold, for as many years as before.

    Raises LinesRefused where nothing is sold that could replace it; not `strict`, such an order is left out.
    """
    organization = _longest_validated(customer)
    wishes, problems = [], []
    chosen: dict[tuple[int | None, bool], Product | None] = {}
    for order in orders:
        alike = order.product_id, order.has_flagged_wildcard
        if alike not in chosen:
            chosen[alike] = _product_for(order)
        product = chosen[alike]
        if product is None:
            problems.append(_nothing_sold(order))
            continue
        wishes.append(
            LineWish(
                order=order,
                product=product,
                term_years=min(max(order.term_years, 1), product.max_years),
                names=tuple(order.names or [order.common_name]),
                organization=_organization(product, order.organization or organization),
            )
        )
    if problems and strict:
        raise LinesRefused(problems)
    return wishes


def moves_for(customer: Customer, certificates: Iterable[Certificate], *, strict: bool = True) -> list[LineWish]:
    """Each certificate of another authority as a new order of ours: the lowest product that holds its names.

    Raises LinesRefused where there is none; not `strict`, such a certificate is left out.
    """
    organization, wishes, problems = _longest_validated(customer), [], []
    for certificate in certificates:
        product = _product_for_names(certificate.names or [certificate.common_name], organization)
        if product is None:
            problems.append(
                LineProblem(reason=Reason.NO_PRODUCT, certificate=certificate.pk, host=certificate.common_name)
            )
            continue
        wishes.append(
            LineWish(
                certificate=certificate,
                product=product,
                term_years=1,
                names=tuple(certificate.names or [certificate.common_name]),
                organization=_organization(product, organization),
            )
        )
    if problems and strict:
        raise LinesRefused(problems)
    return wishes


def further_wishes(quote: Quote, *, now: datetime) -> list[LineWish]:
    """What else of the customer's could be quoted: orders ending within the window, certificates of others."""
    customer, lines = quote.customer, lines_of(quote) if quote.pk else []
    there = {line.order_id for line in lines}
    orders = [one for one in due_orders(customer, now=now) if one.pk not in there]
    moved = {line.certificate_id for line in lines}
    others = Certificate.objects.for_partner(quote.partner).movable().filter(customer=customer)
    others = others.exclude(pk__in=[pk for pk in moved if pk]).order_by("ends_on", "pk")[:MOST_OFFERED]
    return [*wishes_for(customer, orders, strict=False), *moves_for(customer, others, strict=False)]


# More than this a person does not choose from.
MOST_OFFERED = 100


def default_contact(customer: Customer, orders: Sequence[Order] = ()) -> Contact | None:
    """Whom a quote is made out to: a buyer, else the first order's own contact, else whoever can be written to."""
    people = list(Contact.objects.for_partner(customer.partner).reachable().filter(customer=customer))
    known = {order.contact_id for order in orders if order.contact_id}
    return min(people, key=lambda one: (one.role != ContactRole.BUYER, one.pk not in known, one.pk), default=None)


def _product_for(order: Order) -> Product | None:
    if order.product and order.product.is_offered and not order.has_flagged_wildcard:
        return order.product
    choices = choices_for(order)
    return choices[0].product if choices else None


def _product_for_names(names: Sequence[str], organization: Organization | None) -> Product | None:
    """The first of the catalogue that holds the names; an OV one where an organisation is known."""
    level = Level.OV if organization else Level.DV
    offered = Product.objects.filter(is_offered=True, level=level).order_by("rank")
    wildcard = any(name.startswith("*.") for name in names)
    return next(
        (one for one in offered if (one.allows_wildcard or not wildcard) and (one.allows_names or len(names) == 1)),
        None,
    )


def _organization(product: Product, organization: Organization | None) -> Organization | None:
    return None if product.level == Level.DV else organization


def _longest_validated(customer: Customer) -> Organization | None:
    """As `planning.organization_of` chooses for an order without one."""
    organizations = Organization.objects.for_partner(customer.partner).filter(customer=customer)
    return max(organizations, key=lambda one: one.ov_validated_until or date.min, default=None)


def _nothing_sold(order: Order) -> LineProblem:
    return LineProblem(reason=Reason.NO_PRODUCT, order=order.pk, number=order.number, host=order.common_name)


def _customer_of(subject: Customer | Order | Sequence[Order], certificates: Sequence[Certificate]) -> Customer:
    if isinstance(subject, Customer):
        return subject
    rows: Sequence[Order | Certificate] = [*_as_list(subject), *certificates]
    if not rows:
        raise NothingToQuote
    return rows[0].customer


def _as_list(subject: Order | Sequence[Order]) -> list[Order]:
    return [subject] if isinstance(subject, Order) else list(subject)
