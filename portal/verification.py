"""Whether something is really ours: told to whoever types the code it bears, and no more than forgers know already."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from portal import links
from portal.access import across_partners
from portal.codes import as_printed
from portal.contributions import Slot
from portal.models import OutgoingMail, Partner
from portal.models.mail import MailPurpose


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """Something that we sent, and all that is told of it, in the active language.

    `answer` says so in one sentence; `about` is what it is, `domain` that of the reader's address. What no longer
    `holds` should not be acted on. `facts` are pairs of a label and words; `advice` is what to do next.
    """

    partner: Partner
    answer: str
    about: str
    sent_at: datetime
    domain: str = ""
    holds: bool = True
    facts: tuple[tuple[str, str], ...] = ()
    advice: str = ""


# find(code as printed, today) among all partners' things of one kind; apps above add theirs in AppConfig.ready().
Source = Callable[[str, date], Verified | None]
sources: Slot[Source] = Slot()


def verified(typed: str, *, owner: Partner | None, today: date) -> Verified | None:
    """What bears the code, however it was typed; `owner` is the partner on whose host it is asked, if any.

    An unknown code, another partner's and a suspended one's are answered alike; every source is asked each time.
    """
    with across_partners():
        answers = [find(as_printed(typed), today) for find in sources.items]
    found = next(filter(None, answers), None)
    return found if found and found.partner.is_active and owner in (None, found.partner) else None


def place_of(partner: Partner) -> str:
    """Where a code of this partner is typed, without scheme: "portal.example/verify/"."""
    return links.address(partner, reverse("portal:verify")).partition("://")[2]


def domain_of(email: str) -> str:
    return email.rpartition("@")[2].lower()


def find_letter(code: str, _today: date) -> Verified | None:
    """The letter of that code, once it has been handed to a mail server."""
    rows = OutgoingMail.objects.filter(code=code, attempts__gt=0).exclude(code="").select_related("partner")
    letter = rows.first()
    if letter is None or letter.partner is None:
        return None
    return Verified(
        partner=letter.partner,
        answer=_("Yes: %(partner)s sent this letter.") % {"partner": letter.partner.name},
        about=_about(letter.purpose),
        sent_at=letter.sent_at or letter.due_at,
        domain=domain_of(letter.to_email),
        advice=_(
            "Compare these with what you hold. If they differ, somebody has copied the code: trust nothing in it."
        ),
    )


def _about(purpose: str) -> str:
    match purpose:
        case MailPurpose.QUOTE:
            return _("A quote")
        case MailPurpose.NOTICE:
            return _("The end of a certificate")
        case MailPurpose.OFFER:
            return _("An offer")
    return _("Your certificates and orders")


def register() -> None:
    """Let letters be asked after."""
    sources.add(find_letter)
