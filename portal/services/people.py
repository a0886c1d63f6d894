"""Who works for a partner: invited, given another role, sent away; a change ends the sessions that stand on it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

from allauth.account.utils import user_pk_to_url_str
from django.contrib.auth.tokens import default_token_generator
from django.db import IntegrityError, transaction
from django.db.models import F
from django.urls import reverse

from portal import accounts, activities, links
from portal.access import across_partners
from portal.mail import letters, outbox
from portal.models import Membership, Partner, User
from portal.models.mail import MailPurpose
from portal.models.people import MembershipRole
from portal.roles import Role


class AlreadyMember(Exception):
    """The person works for the partner already."""

    def __init__(self, membership: Membership) -> None:
        super().__init__(membership)
        self.membership = membership


class BelongsElsewhere(Exception):
    """The address is that of somebody who works for the partner, or for another of its customers."""


class LastAdministrator(Exception):
    """Somebody must be left who can give roles."""


@dataclass(frozen=True, slots=True)
class Invitation:
    """Whom to invite, and as what; the rest is used for people who have no account yet.

    Without a language or a time zone of their own they get the partner's.
    """

    email: str
    role: str
    first_name: str = ""
    last_name: str = ""
    language: str = ""
    time_zone: str = ""


@transaction.atomic
def invite(invitation: Invitation, *, partner: Partner, actor: User, now: datetime) -> Membership:
    """Let a person work for the partner and tell them by letter; whoever was sent away comes back.

    Raises AlreadyMember.
    """
    user = _known(invitation.email) or _new_user(invitation, partner)
    membership, created = Membership.objects.get_or_create(
        partner=partner, user=user, defaults={"role": invitation.role}
    )
    if not created and membership.is_active:
        raise AlreadyMember(membership)
    if not created:
        # whoever was a customer's contact works for the partner now
        membership.role, membership.customer, membership.is_active = invitation.role, None, True
        membership.save(update_fields=["role", "customer", "is_active"])
        _end_sessions_of_nobody_else(membership)
    activities.record(
        "person.invited", membership, partner=partner, actor=actor, at=now, after={"role": membership.role}
    )
    send_invitation(membership, actor=actor, now=now)
    return membership


@transaction.atomic
def invite_customer(
    invitation: Invitation, *, partner: Partner, customer_id: int, actor: User, now: datetime
) -> Membership:
    """Let somebody sign in for a customer of the partner and tell them by letter; whoever was shut out comes back.

    Raises AlreadyMember, and BelongsElsewhere where the address has another place with the partner: it is not moved.
    """
    member, created = customer_member(invitation, partner=partner, customer_id=customer_id)
    if not created and member.is_active:
        raise AlreadyMember(member)
    if not created:
        member.is_active = True
        member.save(update_fields=["is_active"])
    activities.record("person.invited", member, partner=partner, actor=actor, at=now, after={"role": member.role})
    send_invitation(member, actor=actor, now=now)
    return member


@transaction.atomic
def customer_member(invitation: Invitation, *, partner: Partner, customer_id: int) -> tuple[Membership, bool]:
    """Who signs in for the customer under that address, active or not, and whether that begins now.

    Raises BelongsElsewhere where the address has another place with the partner: it is not moved.
    """
    user = _known(invitation.email) or _new_user(invitation, partner)
    member, created = Membership.objects.get_or_create(
        partner=partner, user=user, defaults={"role": Role.CUSTOMER, "customer_id": customer_id}
    )
    if member.customer_id != customer_id:
        raise BelongsElsewhere
    return member, created


def _known(email: str) -> User | None:
    return User.objects.filter(email=email.lower()).first()


def _new_user(invitation: Invitation, partner: Partner) -> User:
    """The person, made now; or just now by somebody else who invited the same address."""
    try:
        with transaction.atomic():
            return User.objects.create_user(
                invitation.email,
                first_name=invitation.first_name,
                last_name=invitation.last_name,
                language=invitation.language or partner.language,
                time_zone=invitation.time_zone or partner.time_zone,
            )
    except IntegrityError:
        return User.objects.get(email=invitation.email.lower())


def send_invitation(membership: Membership, *, actor: User, now: datetime) -> None:
    """Send the letter that lets the person in: with a link to choose a password where there is none yet."""
    user, partner = membership.user, membership.partner
    is_new = not user.has_usable_password()
    facts = {
        "person": user,
        "inviter": actor,
        "role": MembershipRole(membership.role).label,  # lazy: in the letter's own language
        "is_new": is_new,
        "url": _way_in(user, partner) if is_new else links.address(partner, reverse("account_login")),
    }
    words = letters.render("emails/invitation", facts, language=user.language, partner=partner)
    outbox.enqueue(
        key=f"invitation:{membership.pk}:{secrets.token_hex(8)}",
        partner=partner,
        purpose=MailPurpose.SIGN_IN,
        to_email=user.email,
        to_name=user.get_full_name(),
        words=words,
        now=now,
    )


def _way_in(user: User, partner: Partner) -> str:
    key = f"{user_pk_to_url_str(user)}-{default_token_generator.make_token(user)}"
    return accounts.reset_url(key, house=partner)


@transaction.atomic
def change_role(membership: Membership, role: str, *, actor: User, now: datetime) -> None:
    """Give the person another role among the staff. Raises LastAdministrator."""
    if membership.role == role:
        return
    _keep_an_administrator(membership)
    before, membership.role = membership.role, role
    membership.save(update_fields=["role"])
    end_sessions(membership.user)
    facts = {"before": {"role": before}, "after": {"role": role}}
    _record("person.role_changed", membership, actor=actor, now=now, **facts)


@transaction.atomic
def deactivate(membership: Membership, *, actor: User, now: datetime) -> None:
    """Let the person work for this partner no longer; other partners are not concerned. Raises LastAdministrator."""
    if not membership.is_active:
        return
    _keep_an_administrator(membership)
    membership.is_active = False
    membership.save(update_fields=["is_active"])
    _end_sessions_of_nobody_else(membership)
    _record("person.deactivated", membership, actor=actor, now=now)


@transaction.atomic
def reactivate(membership: Membership, *, actor: User, now: datetime) -> None:
    """Let the person work for the partner again, in the same role."""
    if membership.is_active:
        return
    membership.is_active = True
    membership.save(update_fields=["is_active"])
    _end_sessions_of_nobody_else(membership)
    _record("person.reactivated", membership, actor=actor, now=now)


def end_sessions(user: User) -> None:
    """Sign the person out everywhere, whatever they are doing."""
    User.objects.filter(pk=user.pk).update(session_version=F("session_version") + 1)


def _keep_an_administrator(leaving: Membership) -> None:
    # locked, so that two administrators cannot demote each other at the same moment
    administrators = Membership.objects.for_partner(leaving.partner).filter(
        role=Role.ADMINISTRATOR, is_active=True, user__is_active=True
    )
    ids = set(administrators.select_for_update(of=("self",)).values_list("pk", flat=True))
    if ids == {leaving.pk}:
        raise LastAdministrator


def _end_sessions_of_nobody_else(membership: Membership) -> None:
    """Sign the person out, unless they also work for another partner: its work is not ours to interrupt.

    Nothing is left open here: every request asks anew which memberships are active.
    """
    with across_partners():
        works_elsewhere = Membership.objects.active().filter(user=membership.user_id).exclude(pk=membership.pk).exists()
    if not works_elsewhere:
        end_sessions(membership.user)


def _record(verb: str, membership: Membership, *, actor: User, now: datetime, **facts: object) -> None:
    activities.record(verb, membership, partner=membership.partner, actor=actor, at=now, **facts)
