"""A customer asks a colleague, who gets a letter of ours with a link of their own; never an open relay."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from certificates import letters
from certificates.models import Contact, Order
from certificates.services import renewal_links
from certificates.services.refusals import RequestRefused
from portal import activities
from portal.limits import Limit
from portal.mail import outbox
from portal.models import Link, Membership, OutgoingMail, User
from portal.models.mail import MailPurpose
from portal.texts import one_line

LONGEST_MESSAGE = 600
_DAY = 24 * 60 * 60
# Whoever has a link, or an account, writes to so many colleagues a day; all customers of a partner together to so many.
PER_ASKER = Limit("forward", amount=5, seconds=_DAY)
PER_PARTNER = Limit("forward-partner", amount=200, seconds=_DAY)
# The same address is not written to twice within this time, whoever asks.
PAUSE = timedelta(hours=1)


class Task(models.TextChoices):
    BUY = "buy", _("Order it, or get a quote")
    INSTALL = "install", _("Take care of the server: the key, the installation")


class Part(models.TextChoices):
    ONE = "one", _("This certificate alone")
    ALL = "all", _("All that is due")


class AskedTooOften(RequestRefused):
    """Nobody else is written to today."""


class AskedJustNow(RequestRefused):
    """This address was written to within the hour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who asks: by name, behind a link or signed in."""

    name: str
    link: Link | None = None
    actor: User | None = None

    @property
    def key(self) -> str:
        """What their letters of a day are counted under, and their links come from: "17", or "user:5"."""
        return str(self.link.pk) if self.link else f"user:{self.actor.pk if self.actor else 0}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Colleague:
    """Whom the customer asks, for what, and in which words."""

    name: str
    email: str
    task: Task
    language: str
    message: str = ""


def ask_colleague(
    order: Order, colleague: Colleague, *, asker: Asker, part: Part = Part.ONE, now: datetime
) -> OutgoingMail:
    """Queue the letter; the colleague's link ends with that of whoever asks. Raises AskedTooOften, AskedJustNow."""
    if PER_ASKER.is_reached(asker.key) or PER_PARTNER.is_reached(str(order.partner_id)):
        raise AskedTooOften
    with transaction.atomic():
        Order.objects.for_partner(order.partner).select_for_update(no_key=True).get(pk=order.pk)
        key = _key(order, colleague.email, now)
        _refuse_within_pause(key, now)
        url = _link_for(order, colleague, asker, part, now)
        facts = {"by": asker.name, "to": colleague.email, "task": colleague.task.value}
        activities.record("order.forwarded", order, partner=order.partner, actor=asker.actor, at=now, **facts)
        letter = _send(order, colleague, asker, url=url, key=key, now=now)
    PER_ASKER.count(asker.key)
    PER_PARTNER.count(str(order.partner_id))
    return letter


def end_handed_on(member: Membership, *, now: datetime) -> int:
    """Take back what the person has handed on while signed in; how many links were open."""
    asker = Asker(name=str(member), actor=member.user)
    mine = Link.objects.for_partner(member.partner).filter(source=f"forward:{asker.key}").unrevoked()
    return sum(renewal_links.take_back(link, now=now) for link in mine)


def asked_by(link: Link) -> str:
    """The name of whoever forwarded this link to its reader; empty for a link of ours."""
    kind, _colon, key = link.source.partition(":")
    if kind != "forward":
        return ""
    if key.startswith("user:"):
        members = Membership.objects.for_partner(link.partner).select_related("user")
        member = members.filter(user=int(key.removeprefix("user:"))).first()
        return str(member.user) if member else ""
    parent: Link | None = Link.objects.for_partner(link.partner).filter(pk=int(key)).first()
    if parent is None:
        return ""
    contact = Contact.objects.for_partner(link.partner).filter(email__iexact=parent.audience).first()
    return str(contact or parent.audience)


def _link_for(order: Order, colleague: Colleague, asker: Asker, part: Part, now: datetime) -> str:
    reader = {"email": colleague.email, "language": colleague.language}
    if asker.link is None:
        return renewal_links.make_order_link(order, **reader, now=now, source=f"forward:{asker.key}")
    only = order if part is Part.ONE else None
    return renewal_links.forward_link(asker.link, **reader, now=now, order=only)


def _send(order: Order, colleague: Colleague, asker: Asker, *, url: str, key: str, now: datetime) -> OutgoingMail:
    words = letters.forwarded(
        order,
        asker=one_line(asker.name, 120),
        colleague=one_line(colleague.name, 120),
        task=colleague.task.value,
        message=one_line(colleague.message, LONGEST_MESSAGE),
        url=url,
        language=colleague.language,
    )
    return outbox.enqueue(
        key=key,
        partner=order.partner,
        purpose=MailPurpose.NOTICE,
        to_email=colleague.email,
        to_name=colleague.name,
        words=words,
        now=now,
    )


def _key(order: Order, email: str, now: datetime) -> str:
    """Of one address the keys follow each other in time."""
    digest = hashlib.sha256(email.strip().lower().encode()).hexdigest()[:32]
    return f"forward:{order.partner_id}:{digest}:{_stamp(now)}"


def _stamp(moment: datetime) -> str:
    return f"{moment:%Y%m%d%H%M%S%f}"


def _refuse_within_pause(key: str, now: datetime) -> None:
    earlier = key.removesuffix(_stamp(now)) + _stamp(now - PAUSE)
    if OutgoingMail.objects.filter(key__gt=earlier, key__lte=key).exists():
        raise AskedJustNow
