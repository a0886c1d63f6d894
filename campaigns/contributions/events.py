"""What letters about events add to the portal: a place in the story of an order, and an ear for what became of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from django.urls import reverse
from django.utils.translation import gettext as _

from campaigns.models import EventLetter
from campaigns.services import events
from campaigns.states import Channel
from campaigns.wording.letters import letter_name
from certificates.models import Customer, Order
from certificates.views.saved_views import PAGES
from certificates.x509.names import display_name
from portal.contributions import TimelineEvent, TimelineSource, timelines
from portal.mail.settled import on_settled
from portal.mail.wanted import untrue
from portal.models.mail import MailState

_SHOWN = 50
_LEVELS: Mapping[str, str] = {MailState.SENT: "good", MailState.PARKED: "bad"}


def register() -> None:
    """Hang everything in its slot."""
    PAGES["event_letters"] = "campaigns:event_letters"
    untrue.add(events.has_passed)
    on_settled.add(events.hear)
    timelines.add(
        TimelineSource("order", "events", order_events), TimelineSource("customer", "events", customer_events)
    )


def order_events(order: Order) -> Iterator[TimelineEvent]:
    """The letters about events that it was part of."""
    rows = EventLetter.objects.for_partner(order.partner).filter(order=order, mail__isnull=False)
    for one in rows.select_related("mail", "contact")[:_SHOWN]:
        yield from _event(one, letter_name(one.letter))


def customer_events(customer: Customer) -> Iterator[TimelineEvent]:
    """The same of the customer: one for each letter, however many orders it was about."""
    rows = EventLetter.objects.for_partner(customer.partner).filter(order__customer=customer, mail__isnull=False)
    letters = {one.mail_id: one for one in rows.select_related("mail", "contact", "order")[:_SHOWN]}
    for one in letters.values():
        yield from _event(one, f"{letter_name(one.letter)} · {display_name(one.order.common_name)}")


def _event(one: EventLetter, detail: str) -> Iterator[TimelineEvent]:
    if one.mail is None:
        return
    facts = {"channel": Channel.EMAIL.label, "state": one.mail.get_state_display()}
    words = _("%(channel)s: %(state)s") % facts
    reader = one.contact.name or one.contact.email
    level = _LEVELS.get(one.mail.state, "plain")
    url = reverse("campaigns:event_letter", args=[one.pk])
    yield TimelineEvent(one.mail.sent_at or one.queued_at, words, f"{detail} · {reader}", level=level, url=url)
