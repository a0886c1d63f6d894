"""Letters about what a customer has ordered: to whoever ordered it, and to the customer's account manager."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils import translation
from django.utils.timezone import localtime
from django.utils.translation import get_language

from certificates.models import Request
from certificates.states import RequestState
from certificates.visits import Visit
from certificates.wording import readable
from offers.documents import words as paper
from offers.documents.snapshot import TaxKind, TaxPart
from offers.models import SalesSettings
from offers.rules.taxes import ZERO
from offers.services.renewing import Ordered
from portal import links
from portal.dates import date_format
from portal.mail import letters, outbox
from portal.models import OutgoingMail, Partner, User
from portal.models.mail import MailPurpose


@dataclass(frozen=True, slots=True)
class Item:
    """One renewal as a letter tells it; no price where the list has none."""

    number: str  # of the order that is renewed
    host: str
    product: str
    term_years: int
    ends_on: date | None
    net: Decimal | None


@dataclass(frozen=True, slots=True)
class Sums:
    """What the renewals come to, tax rounded once for all of them."""

    net: Decimal
    tax: Decimal
    gross: Decimal
    currency: str
    tax_label: str
    is_whole: bool  # whether each of them has a price


def confirm_renewals(visit: Visit, ordered: Sequence[Ordered], *, now: datetime) -> None:
    """Queue the letter about renewals that were pressed at once, to whoever pressed, and to the account manager.

    Within the caller's transaction. Asked again for the same requests, nothing is written twice.
    """
    if ordered:
        _confirm(visit, ordered, now)
        _tell_owner(visit, ordered, now)


def language_of(visit: Visit) -> str:
    """In which the visitor reads: as they chose, as they are known, or as the customer does."""
    if visit.actor:
        return str(visit.actor.language)
    known = visit.contact.language if visit.contact else ""
    return known or (visit.link.language if visit.link else "") or str(visit.customer.language)


def _confirm(visit: Visit, ordered: Sequence[Ordered], now: datetime) -> OutgoingMail | None:
    if not visit.email:
        return None
    language = language_of(visit)
    with translation.override(language):
        home = links.address(visit.partner, reverse("certificates:home")) if visit.link is None else ""
        facts = {**_facts(visit, ordered, now, zone=visit.partner.time_zone), "url": home}
        facts["person"] = {"first_name": visit.contact.name if visit.contact else ""}
    words = letters.render("emails/renewals_placed", facts, language=language, partner=visit.partner, bears_code=True)
    return _enqueue("renewals-placed", visit, ordered, words, to=(visit.email, visit.name), now=now)


def _tell_owner(visit: Visit, ordered: Sequence[Ordered], now: datetime) -> None:
    owner = _owner(visit)
    if owner is None:
        return
    with translation.override(owner.language):
        facts = {
            **_facts(visit, ordered, now, zone=owner.time_zone),
            "person": owner,
            "url": _staff_page(visit.partner, ordered),
        }
    words = letters.render("emails/renewals_told", facts, language=owner.language, partner=visit.partner)
    _enqueue("renewals-told", visit, ordered, words, to=(owner.email, owner.get_full_name()), now=now)


def _owner(visit: Visit) -> User | None:
    """The customer's account manager, unless that person has left."""
    membership = visit.customer.owner
    if membership is None or not membership.is_active or not membership.user.is_active:
        return None
    return membership.user


def _staff_page(partner: Partner, ordered: Sequence[Ordered]) -> str:
    """Where the house looks at it: the request, or all that the customer asked for."""
    first = ordered[0].request
    page, pk = ("certificates:customer", first.customer_id) if len(ordered) > 1 else ("certificates:request", first.pk)
    return links.address(partner, reverse(page, args=[pk]))


def _enqueue(
    kind: str,
    visit: Visit,
    ordered: Sequence[Ordered],
    words: letters.Words,
    *,
    to: tuple[str, str],
    now: datetime,
) -> OutgoingMail:
    """One letter for one press: the first of its requests names it, which no other press has."""
    return outbox.enqueue(
        key=f"{kind}:{min(one.request.pk for one in ordered)}",
        partner=visit.partner,
        purpose=MailPurpose.SERVICE,
        to_email=to[0],
        to_name=to[1],
        words=words,
        now=now,
    )


def _facts(visit: Visit, ordered: Sequence[Ordered], now: datetime, *, zone: str) -> dict[str, Any]:
    """What both letters say, in the active language."""
    first = ordered[0].request
    return {
        "customer": visit.customer,
        "items": [_item(one.request, one.sale.net if one.sale else None) for one in ordered],
        "count": len(ordered),
        "host": readable(first.common_name),
        "sums": _sums(visit, ordered),
        "purchase_order": first.purchase_order,
        "asked_by": visit.name,
        "asked_at": date_format(localtime(now, ZoneInfo(zone)), "DATETIME_FORMAT"),
        "waiting": sum(one.request.state == RequestState.WAITING_KEY for one in ordered),
    }


def _item(request: Request, net: Decimal | None) -> Item:
    ends = request.promise.get("order_ends_on")
    return Item(
        number=request.order.number if request.order else "",
        host=readable(request.common_name),
        product=request.product.name,
        term_years=request.term_years,
        ends_on=date.fromisoformat(ends) if ends else None,
        net=net,
    )


def _sums(visit: Visit, ordered: Sequence[Ordered]) -> Sums | None:
    """None where nothing has a price."""
    sales = [one.sale for one in ordered if one.sale]
    if not sales:
        return None
    net, gross = sum((sale.net for sale in sales), ZERO), sum((sale.gross for sale in sales), ZERO)
    terms = SalesSettings.objects.for_partner(visit.partner).first() or SalesSettings(partner=visit.partner)
    tax = TaxPart(
        kind=TaxKind(sales[0].tax["code"]),
        amount=gross - net,
        rate=Decimal(sales[0].tax["rate"]),
        country=sales[0].tax["country"],
        name=terms.tax_name(get_language() or "en"),
    )
    return Sums(net, tax.amount, gross, sales[0].currency, paper.tax_label(tax), len(sales) == len(ordered))
