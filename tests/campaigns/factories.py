"""Plain functions that make calendars, steps and notices: each needs nothing, and takes what a test cares about."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Any

from django_scopes import scopes_disabled

from campaigns.models import Calendar, Letter, LetterVersion, Notice, Step
from campaigns.states import Basis, Channel
from certificates.models import Contact, Order
from portal.models import Partner
from tests import factories

EVERY_DAY = [1, 2, 3, 4, 5, 6, 7]


def make_calendar(partner: Partner, name: str = "All orders", **fields: Any) -> Calendar:
    """For every order and without steps: sends at nine on every day, quiet from 18 to 8, five days of grace.

    It was last changed a month ago.
    """
    fields.setdefault("working_days", EVERY_DAY)
    fields.setdefault("sends_at", time(9))
    with scopes_disabled():
        calendar = Calendar.objects.create(partner=partner, name=name, **fields)
        calendar.changed_at = factories.midnight(factories.TODAY) - timedelta(days=30)
        Calendar.objects.filter(pk=calendar.pk).update(changed_at=calendar.changed_at)
    return calendar


def make_step(calendar: Calendar, days: int | None = None, channel: str = Channel.EMAIL, **fields: Any) -> Step:
    """A step so many days from the order's last day; with `share`, so many per cent of the certificate's life left."""
    share = fields.pop("share", None)
    if days is None and share is None:
        days = -30
    if channel == Channel.EMAIL:
        fields.setdefault("letter", "days_30" if share is None else "reissue_due")
        fields.setdefault("recipients", ["technical"])
    basis = Basis.ORDER if share is None else Basis.CERTIFICATE
    with scopes_disabled():
        return Step.objects.create(
            partner_id=calendar.partner_id,
            calendar=calendar,
            basis=basis,
            days=days,
            share=share,
            channel=channel,
            **fields,
        )


def make_notice(order: Order, step: Step | None = None, contact: Contact | None = None, **fields: Any) -> Notice:
    """A planned notice about the order's end, due now and for five days; e-mail goes to a contact made for it."""
    step = step or make_step(make_calendar(order.partner, f"Calendar {order.number}"))
    due_at = fields.pop("due_at", None) or factories.midnight(factories.TODAY) + timedelta(hours=9)
    is_reissue = step.basis == Basis.CERTIFICATE
    if contact is None and step.channel == Channel.EMAIL and "member" not in fields:
        contact = order.contact or factories.make_contact(order.customer)
    defaults: dict[str, Any] = {
        "order": order,
        "customer_id": order.customer_id,
        "channel": step.channel,
        "contact": contact,
        "ends_at": order.certificate_ends_at if is_reissue else order.ends_at,
        "day": due_at.date(),
        "due_at": due_at,
        "expires_at": due_at + timedelta(days=5),
        "planned_at": due_at - timedelta(days=7),
    }
    with scopes_disabled():
        return Notice.objects.create(partner_id=order.partner_id, step=step, **(defaults | fields))


def make_version(partner: Partner, key: str = "days_60", language: str = "en", **fields: Any) -> LetterVersion:
    """The partner's own words for a letter, in use unless told otherwise."""
    named = {"name": fields.pop("name", key), "based_on": fields.pop("based_on", key)}
    with scopes_disabled():
        letter, _created = Letter.objects.get_or_create(partner=partner, key=key, defaults=named)
        defaults = {
            "number": letter.versions.filter(language=language).count() + 1,
            "subject": "{{ order.host }} ends soon",
            "preheader": "Renew {{ order.number }} with one press, and keep every day that is left.",
            "body": "Hello {{ name }},\n\n{{ essentials }}\n\n{{ button }}",
            "is_live": True,
            "created_at": factories.midnight(factories.TODAY),
            "created_by": fields.pop("created_by", None) or factories.make_user(),
        }
        return LetterVersion.objects.create(partner=partner, letter=letter, language=language, **(defaults | fields))
