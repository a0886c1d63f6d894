"""What the partner's own team is told of by itself: each thing once, in the partner's language."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns.models import Call
from campaigns.services.teams import tell_team
from certificates import rules
from certificates.models import Contact, Customer
from portal import links
from portal.access import across_partners, on_behalf_of
from portal.mail.alarms import Alarm, alarms
from portal.models import MailAlarm, Partner
from portal.money import money


def register() -> None:
    """Listen to whatever keeps letters from leaving."""
    alarms.add(hear_alarm)


def hear_alarm(alarm: Alarm) -> None:
    """The mail server is everybody's: what is wrong with it is told to every partner."""
    with across_partners():
        partners = [alarm.partner] if alarm.partner else list(Partner.objects.filter(is_active=True))
    for partner in partners:
        with on_behalf_of(partner), translation.override(partner.language):
            tell_team(
                partner,
                "sending.stopped",
                key=f"alarm:{alarm.kind}:{alarm.at.isoformat()}",
                title=_alarm(alarm),
                url=links.address(partner, reverse("certificates:dashboard")),
                now=alarm.at,
            )


def _alarm(alarm: Alarm) -> str:
    """What keeps letters from leaving, in one sentence."""
    match alarm.kind:
        case MailAlarm.Kind.MASS:
            count = int(alarm.facts.get("letters", 0))
            words = ngettext(
                "%(count)s letter waits for an administrator: that is far more than usual.",
                "%(count)s letters wait for an administrator: that is far more than usual.",
                count,
            )
            return words % {"count": count}
        case MailAlarm.Kind.UNREACHABLE:
            return _("The mail server cannot be reached. Letters wait, and none is lost.")
    return _("The mail server refuses letters. They wait, and none is lost.")


def letters_stopped(contact: Contact, headline: str, *, key: str, now: datetime) -> None:
    """A contact wants no more notices: somebody may have to ask who should get them."""
    customer: Customer = contact.customer
    _about_customer(customer, "letters.stopped", key=key, title=headline, text=customer.name, now=now)


def calls_opened(customers: Iterable[int], *, now: datetime) -> None:
    """Somebody has to ring these customers, and not because the calendar says so; what is at risk is said."""
    opened = Call.objects.filter(customer__in=list(customers)).open().with_outlook(rules.utc_date(now))
    calls: Iterable[Any] = opened.select_related("customer__partner")
    for call in calls:
        customer: Customer = call.customer
        with translation.override(customer.partner.language):
            facts = {"customer": customer.name, "cause": call.get_cause_display()}
            title = _("Call %(customer)s: %(cause)s") % facts
            text = _("%(money)s at risk") % {"money": money(call.worth, call.worth_currency)} if call.worth else ""
        _about_customer(customer, "call.opened", key=f"call:{call.pk}:{call.cause}", title=title, text=text, now=now)


def _about_customer(customer: Customer, event: str, *, key: str, title: str, text: str, now: datetime) -> None:
    partner: Partner = customer.partner
    url = links.address(partner, reverse("certificates:customer", args=[customer.pk]))
    tell_team(partner, event, key=key, title=title, text=text, url=url, now=now)
