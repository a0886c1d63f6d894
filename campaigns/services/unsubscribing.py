"""Stop letters by the address at their foot (RFC 8058): no sign-in, no cookie, and only what that letter was about.

A letter with an offer stops offers, and reminders go on without them; a service notice stops the notices of its orders
for its reader, and the partner is told, because somebody will now be surprised by an end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any

from django.core import signing
from django.db import transaction
from django.db.models import Q
from django.urls import reverse

from campaigns.models import EventLetter, Notice
from campaigns.services.letters_stopped import tell_partner
from certificates.models import Contact, Order
from certificates.services import preferences
from certificates.services.preferences import Scope, Source
from portal import links
from portal.access import across_partners
from portal.models import OutgoingMail, Partner
from portal.models.mail import MailPurpose

_SALT = "campaigns.unsubscribe"
_STOPPABLE = (MailPurpose.NOTICE, MailPurpose.OFFER)


@dataclass(frozen=True, slots=True)
class Received:
    """A letter as its reader holds it: to which contacts it went, and the orders that it spoke of."""

    partner: Partner
    mail: OutgoingMail
    contacts: Sequence[Contact]
    orders: Sequence[Order]

    @property
    def proposes(self) -> bool:
        """Whether it held an offer, and so counts as marketing."""
        return self.mail.purpose == MailPurpose.OFFER

    @property
    def is_stoppable(self) -> bool:
        return bool(self.contacts) and self.mail.purpose in _STOPPABLE and (self.proposes or bool(self.orders))


def unsubscribe_url(partner: Partner, letter_code: str) -> str:
    """The address in the foot and the headers of the letter that bears this code; nothing is stored for it."""
    token = signing.Signer(salt=_SALT).sign(letter_code)
    return links.address(partner, reverse("campaigns:unsubscribe", args=[token]))


def unsubscribe_headers(url: str) -> dict[str, str]:
    """What makes mail programs show their own button (RFC 8058); the relay has to sign both (DKIM)."""
    return {"List-Unsubscribe": f"<{url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


def received(token: str, *, owner: Partner | None) -> Received | None:
    """The letter that the token was made for; `owner` is the partner on whose host it is asked, if any.

    A forged token, another partner's and a suspended one's are answered alike.
    """
    try:
        code = signing.Signer(salt=_SALT).unsign(token)
    except signing.BadSignature:
        return None
    with across_partners():
        mail = OutgoingMail.objects.select_related("partner").filter(code=code).exclude(code="").first()
        if mail is None or mail.partner is None or not mail.partner.is_active or owner not in (None, mail.partner):
            return None
        return Received(mail.partner, mail, _contacts(mail), _orders(mail))


def _contacts(mail: OutgoingMail) -> list[Contact]:
    """Whom it was written to, whatever their address is now, and whoever else has the one it was sent to.

    One mailbox decides for all of them.
    """
    readers = (Q(pk__in=rows.objects.filter(mail=mail).order_by().values("contact")) for rows in (Notice, EventLetter))
    theirs = reduce(or_, readers, Q(email__iexact=mail.to_email))
    mine = Contact.objects.filter(theirs, partner=mail.partner)
    return list(mine.select_related("partner", "customer__owner__user").order_by("pk"))


def _orders(mail: OutgoingMail) -> list[Order]:
    spoken_of = (rows.objects.filter(mail=mail).order_by().values("order") for rows in (Notice, EventLetter))
    in_notices, of_events = (Q(pk__in=orders) for orders in spoken_of)
    return list(Order.objects.filter(in_notices | of_events).select_related("customer").order_by("ends_on", "pk"))


@transaction.atomic
def stop_letters(letter: Received, *, source: Source, now: datetime) -> bool:
    """Stop what the letter was about, for its reader; whether anything was still wanted. Asked again, nothing."""
    return _change(letter, wanted=False, source=source, now=now)


@transaction.atomic
def resume_letters(letter: Received, *, now: datetime) -> bool:
    """The reader has changed their mind: the same letters are sent again."""
    return _change(letter, wanted=True, source=Source.LETTER, now=now)


def is_stopped(letter: Received) -> bool:
    """Whether nothing of what the letter was about is sent to its reader any more."""
    return letter.is_stoppable and not any(
        preferences.wants(contact, **about) for contact, _scope, about in _wishes(letter, asking=True)
    )


def _change(letter: Received, *, wanted: bool, source: Source, now: datetime) -> bool:
    change = preferences.opt_in if wanted else preferences.opt_out
    changed = [
        change(contact, scope, now=now, source=source, letter=letter.mail.code, **about)
        for contact, scope, about in _wishes(letter)
    ]
    if any(changed) and not wanted and not letter.proposes:
        tell_partner(letter.mail, letter.contacts[0], letter.orders, now=now)
    return any(changed)


def _wishes(letter: Received, *, asking: bool = False) -> list[tuple[Contact, Scope, Mapping[str, Any]]]:
    """Each wish that the letter is about; `asking`, in the words of `preferences.wants`."""
    if letter.proposes:
        return [(contact, Scope.OFFERS, {"offers": True} if asking else {}) for contact in letter.contacts]
    return [
        (contact, Scope.ORDER, {"order": order})
        for contact in letter.contacts
        for order in letter.orders
        if order.customer_id == contact.customer_id
    ]
