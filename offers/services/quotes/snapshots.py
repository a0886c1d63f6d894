"""Freeze what a quote says: every word, figure, colour and day, when it is sent or looked at as a draft."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from django.utils import translation

from certificates.rules import RenewalPlan, last_day, utc_date
from offers.documents.snapshot import (
    ContactPart,
    CustomerPart,
    LineKind,
    LinePart,
    PartnerPart,
    PriceKind,
    PricePart,
    QuoteSnapshot,
    TaxKind,
    TaxPart,
)
from offers.models import CustomerTerms, Offer, Quote, QuoteLine, SalesSettings
from offers.rules.baskets import Line
from offers.rules.baskets import LineKind as RuleKind
from offers.rules.taxes import Treatment
from offers.services.choices import benefits_of
from offers.services.quotes.figures import Figures, Worked
from portal.models import Partner

_KINDS = {RuleKind.BASE: PriceKind.BASE, RuleKind.NAMES: PriceKind.NAMES, RuleKind.WILDCARDS: PriceKind.WILDCARDS}


def snapshot_of(quote: Quote, worked: Figures, *, verify_at: str = "") -> QuoteSnapshot:
    """The whole quote in its contact's language; with `verify_at` once it is being sent."""
    terms = SalesSettings.objects.for_partner(quote.partner).first() or SalesSettings(partner=quote.partner)
    with translation.override(quote.language):
        return QuoteSnapshot(
            partner=_partner(quote.partner, terms),
            customer=_customer(quote),
            contact=_contact(quote),
            language=quote.language,
            currency=worked.currency,
            number=quote.number,
            version=quote.version,
            issued_on=quote.reference_day,
            valid_until=quote.valid_until,
            reference_day=quote.reference_day,
            lines=tuple(_line(one, quote.language, _offers_of(worked)) for one in worked.lines),
            net=worked.totals.net,
            tax=_tax(quote, worked, terms),
            gross=worked.totals.gross,
            prepared_by=quote.owner.get_full_name() if quote.owner else "",
            purchase_order=quote.purchase_order,
            terms=terms.terms(quote.language),
            note=quote.note,
            verification_code=quote.verification_code,
            verify_at=verify_at,
            is_draft=not verify_at,
        )


def stored_snapshot(quote: Quote) -> QuoteSnapshot:
    """What the quote said when it was sent. Raises SnapshotUnreadable for a draft."""
    return QuoteSnapshot.from_json(quote.snapshot)


def _partner(partner: Partner, terms: SalesSettings) -> PartnerPart:
    return PartnerPart(
        name=partner.name,
        address=partner.postal_address,
        vat_number=terms.vat_number,
        support_email=partner.support_email,
        support_phone=partner.support_phone,
        website=partner.website,
        brand=partner.brand_colour,
        accent=partner.accent_colour,
        logo=_logo(partner),
        legal_footer=terms.legal_footer,
    )


def _logo(partner: Partner) -> str:
    """The logo as a data: URI; logos are PNGs of our own making. Empty where there is none, or its file is gone."""
    if not partner.logo:
        return ""
    try:
        with partner.logo.open("rb") as file:
            return f"data:image/png;base64,{b64encode(file.read()).decode()}"
    except FileNotFoundError:
        return ""


def _customer(quote: Quote) -> CustomerPart:
    customer = quote.customer
    return CustomerPart(
        name=customer.name,
        address=customer.address,
        city=customer.city,
        country=customer.country,
        vat_number=customer.vat_number,
        number=customer.number,
    )


def _contact(quote: Quote) -> ContactPart:
    contact = quote.contact
    return ContactPart(name=contact.name, email=contact.email) if contact else ContactPart()


def _tax(quote: Quote, worked: Figures, terms: SalesSettings) -> TaxPart:
    tax = worked.tax
    agreed = CustomerTerms.objects.for_partner(quote.partner).filter(customer=quote.customer).first()
    is_exempt = agreed is not None and agreed.tax_treatment == Treatment.EXEMPT
    return TaxPart(
        kind=TaxKind(tax.code.value),
        amount=worked.totals.tax,
        rate=tax.rate,
        country=tax.country,
        name=terms.tax_name(quote.language),
        reason=agreed.exemption_reason if agreed and is_exempt else "",
    )


def _offers_of(worked: Figures) -> dict[int, Offer]:
    return {pk: offer for one in worked.lines if one.price for pk, offer in one.price.offers.items()}


def _line(worked: Worked, language: str, offers: dict[int, Offer]) -> LinePart:
    line, order, moved = worked.line, worked.line.order, worked.line.certificate
    upgrade_from = _upgrade_from(line)
    return LinePart(
        kind=LineKind.RENEWAL if order else LineKind.NEW,
        host=line.host,
        product=line.product.name,
        term_years=line.term_years,
        net=worked.price.priced.net if worked.price else line.net,
        prices=tuple(_price(one, language, offers) for one in (worked.price.priced.lines if worked.price else ())),
        order_number=order.number if order else "",
        names=tuple(line.names),
        names_count=len(line.names),
        upgrade_from=upgrade_from,
        benefits=_gained(line) if upgrade_from else (),
        old_starts_on=utc_date(order.starts_at) if order and order.starts_at else None,
        old_ends_on=order.ends_on if order else moved.ends_on if moved else None,
        moved_from=moved.issuer_name if moved and not order else "",
        **_days(worked.plan),
    )


def _upgrade_from(line: QuoteLine) -> str:
    order = line.order
    if order is None or order.product_id == line.product_id:
        return ""
    return order.product.name if order.product else order.product_name


def _gained(line: QuoteLine) -> tuple[str, ...]:
    """What the product brings and the present one does not, in the active language."""
    present = line.order.product if line.order else None
    has = [str(one) for one in benefits_of(present)] if present else []
    return tuple(str(one) for one in benefits_of(line.product) if str(one) not in has)


def _price(one: Line, language: str, offers: dict[int, Offer]) -> PricePart:
    if one.kind is not RuleKind.DISCOUNT:
        return PricePart(kind=_KINDS[one.kind], amount=one.amount, quantity=one.quantity, unit=one.unit)
    offer = offers.get(one.offer or 0)
    return PricePart(
        kind=PriceKind.OFFER,
        amount=one.amount,
        offer_words=offer.words(language) if offer else "",
        percent=one.percent,
        is_limited=one.is_limited,
    )


def _days(plan: RenewalPlan | None) -> dict[str, Any]:
    if plan is None:
        return {}
    return {
        "new_ends_on": last_day(plan.order_end),
        "term_days": plan.term_days,
        "carried_days": plan.carried_days,
        "lost_days": plan.lost_days,
        "order_days": plan.order_days,
        "certificate_days": plan.certificate_days,
        "certificate_ends_on": last_day(plan.certificate_end),
        "reissues": len(plan.reissues),
    }
