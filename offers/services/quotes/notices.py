"""Who hears of an answer: the customer gets what was ordered in writing, the quote's owner what the customer said."""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from certificates.models import Request
from certificates.states import RequestState
from offers.documents import words as paper
from offers.models import Quote
from offers.models.quotes import DeclineReason, QuoteState
from offers.services.quotes.letters import SHOWN
from offers.services.quotes.snapshots import stored_snapshot
from portal import links
from portal.mail import letters, outbox
from portal.models.mail import MailPurpose


def confirm_order(quote: Quote, *, now: datetime) -> None:
    """Queue the customer's letter about what an accepted quote has ordered; without a contact there is none."""
    if quote.contact is None or not quote.contact.email:
        return
    snapshot = stored_snapshot(quote)
    waiting = Request.objects.for_partner(quote.partner).filter(
        sale__quote_line__quote=quote, state=RequestState.WAITING_KEY
    )
    with translation.override(quote.language):
        facts = {
            "person": {"first_name": snapshot.contact.name},
            "snapshot": snapshot,
            "items": paper.items(snapshot)[:SHOWN],
            "further": max(len(snapshot.lines) - SHOWN, 0),
            "accepted_by": quote.answered_name,
            "purchase_order": quote.purchase_order,
            "waiting": waiting.count(),
        }
    words = letters.render(
        "emails/quote_accepted", facts, language=quote.language, partner=quote.partner, bears_code=True
    )
    outbox.enqueue(
        key=f"quote-accepted:{quote.pk}",
        partner=quote.partner,
        purpose=MailPurpose.SERVICE,
        to_email=quote.contact.email,
        to_name=quote.contact.name,
        words=words,
        now=now,
    )


def tell_owner(quote: Quote, *, now: datetime) -> None:
    """Queue a letter to the quote's owner about what its customer has just answered; nobody's quote tells nobody."""
    owner = quote.owner
    if owner is None or not owner.is_active:
        return
    with translation.override(owner.language):
        facts = {
            "person": owner,
            "quote": quote,
            "headline": _headline(quote),
            "said_by": ", ".join(filter(None, [quote.answered_name, quote.answered_role])),
            "reason": str(DeclineReason(quote.decline_reason).label) if quote.decline_reason else "",
            "words": quote.answer_words,
            "url": links.address(quote.partner, reverse("offers:quote", args=[quote.pk])),
        }
    words = letters.render("emails/quote_answered", facts, language=owner.language, partner=quote.partner)
    outbox.enqueue(
        key=f"quote-answered:{quote.pk}:{quote.state}:{now:%Y%m%d%H%M%S%f}",
        partner=quote.partner,
        purpose=MailPurpose.SERVICE,
        to_email=owner.email,
        to_name=owner.get_full_name(),
        words=words,
        now=now,
    )


def _headline(quote: Quote) -> str:
    facts = {"customer": quote.customer.name, "number": quote.number}
    match quote.state:
        case QuoteState.ACCEPTED:
            return _("%(customer)s has accepted quote %(number)s") % facts
        case QuoteState.DECLINED:
            return _("%(customer)s has declined quote %(number)s") % facts
    return _("%(customer)s asks for a change of quote %(number)s") % facts
