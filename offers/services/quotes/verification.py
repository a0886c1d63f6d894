"""Whether a quote is really ours: told to whoever types its code, and no more than a forger knows already."""

from __future__ import annotations

from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from offers.models import Quote
from offers.models.quotes import QuoteState
from offers.services.quotes.links import newest_version
from portal import verification
from portal.verification import Verified, domain_of


def find_quote(code: str, today: date) -> Verified | None:
    """The quote of that code: its number and version, when and where it went, and for which host, half of it hidden."""
    rows = Quote.objects.sent().filter(verification_code=code).exclude(verification_code="")
    quote = rows.select_related("partner", "contact").first()
    if quote is None or quote.sent_at is None:
        return None
    why_not = _why_not(quote, today)
    return Verified(
        partner=quote.partner,
        answer=why_not or _("Yes: %(partner)s sent this quote.") % {"partner": quote.partner.name},
        holds=not why_not,
        about=_("Quote %(number)s, version %(version)s") % {"number": quote.number, "version": quote.version},
        sent_at=quote.sent_at,
        domain=domain_of(quote.contact.email) if quote.contact else "",
        facts=((_("For"), _hosts(quote)),),
        advice=""
        if why_not
        else _(
            "Compare these with what you hold. The amount stands on the page to which the link in the letter leads."
        ),
    )


def _why_not(quote: Quote, today: date) -> str:
    """Why nobody can accept it any more; nothing of one that was answered, since the answer is nobody else's matter."""
    newest, facts = newest_version(quote), {"partner": quote.partner.name}
    if newest != quote:
        words = _("%(partner)s sent this quote, but it no longer holds: version %(version)s has replaced it.")
        return words % {**facts, "version": newest.version}
    if quote.state == QuoteState.WITHDRAWN:
        return _("%(partner)s sent this quote, but it no longer holds: it was withdrawn.") % facts
    if quote.state == QuoteState.EXPIRED or (quote.is_open and quote.valid_until < today):
        return _("%(partner)s sent this quote, but it no longer holds: its last day is over.") % facts
    return ""


def _hosts(quote: Quote) -> str:
    hosts = [line.host for line in quote.lines.all()]
    further = len(hosts) - 1
    first = masked(hosts[0]) if hosts else ""
    if further < 1:
        return first
    words = ngettext("%(host)s and %(count)s more", "%(host)s and %(count)s more", further)
    return words % {"host": first, "count": further}


def masked(host: str) -> str:
    """Known again by whoever knows it: "www.granit-phare.example" -> "w….gr….example"."""
    *labels, top = host.split(".")
    return ".".join([*(f"{label[: 2 if len(label) > 4 else 1]}…" for label in labels), top])


def register() -> None:
    """Let quotes be asked after."""
    verification.sources.add(find_quote)
