"""Signing in without a password: a letter's link opens a page, and one press on that page opens the portal, once."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from django.urls import reverse

from portal import links
from portal.access import across_partners, on_behalf_of
from portal.mail import letters, outbox
from portal.models import Link, Membership, OutgoingMail, Partner, User
from portal.models.mail import MailPurpose

PURPOSE = "sign_in"
# Who asks for a link sits at a screen and waits; who is sent one reads it when the day allows.
SOON, LATER = timedelta(minutes=10), timedelta(days=1)
ASKED = "asked"


def make_own_link(user: User, *, house: Partner | None, now: datetime) -> str:
    """The address of a link for somebody who asked for one; empty for whoever belongs to no partner, or not here."""
    membership = _first_membership(user, house)
    return _make_link(membership, lasts=SOON, source=ASKED, now=now) if membership else ""


def _first_membership(user: User, house: Partner | None) -> Membership | None:
    with across_partners():
        rows = Membership.objects.active().filter(user=user).select_related("partner", "user").order_by("pk")
        return (rows.filter(partner=house) if house else rows).first()


def send_link(membership: Membership, *, now: datetime) -> OutgoingMail:
    """Queue a letter that lets the person in with one press; the partner's scope is open."""
    user, partner = membership.user, membership.partner
    facts = {
        "person": user,
        "url": _make_link(membership, lasts=LATER, source="sent", now=now),
        "sign_in_url": links.address(partner, reverse("account_request_login_code")),
    }
    words = letters.render("emails/sign_in_link", facts, language=user.language, partner=partner)
    return outbox.enqueue(
        key=f"sign-in-link:{membership.pk}:{secrets.token_hex(8)}",
        partner=partner,
        purpose=MailPurpose.SIGN_IN,
        to_email=user.email,
        to_name=user.get_full_name(),
        words=words,
        now=now,
    )


def _make_link(membership: Membership, *, lasts: timedelta, source: str, now: datetime) -> str:
    with on_behalf_of(membership.partner):
        return links.make_link(
            partner=membership.partner,
            purpose=PURPOSE,
            subject=_subject(membership),
            audience=membership.user.email,
            language=membership.user.language,
            source=source,
            expires_at=now + lasts,
            now=now,
        )


def _subject(membership: Membership) -> str:
    return f"membership:{membership.pk}"


def membership_of(link: Link) -> Membership | None:
    """Whom the link lets in; None once that person works for the partner, or buys from it, no longer."""
    _kind, _colon, key = link.subject.partition(":")
    rows = Membership.objects.for_partner(link.partner).active().select_related("partner", "user")
    return rows.filter(pk=int(key), user__email__iexact=link.audience).first()


def use_link(link: Link, *, now: datetime) -> bool:
    """Use the link up, and with it every other one of the person; whether it had not been used before."""
    mine = Link.objects.for_partner(link.partner).filter(pk=link.pk, expires_at__gt=now).unrevoked()
    if not mine.update(revoked_at=now):
        return False
    links.revoke(partner=link.partner, purpose=PURPOSE, subject=link.subject, now=now)
    return True


def end_own_links(user: User, *, now: datetime) -> int:
    """Take back what the person has asked for and not used; how many links there were."""
    with across_partners():
        mine = list(Membership.objects.filter(user=user))
        open_ones = Link.objects.filter(partner__in=[one.partner_id for one in mine], purpose=PURPOSE, source=ASKED)
        return open_ones.filter(subject__in=map(_subject, mine)).unrevoked().update(revoked_at=now)


def page_of(link: Link) -> str:
    return reverse("portal:sign_in_by_link", args=[link.handle])


def register() -> None:
    """Let links lead to the door."""
    links.purposes[PURPOSE] = links.Purpose(url=page_of)
