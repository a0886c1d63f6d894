"""Why (not)? For an order and any date: every step of its calendar in a sentence, with what decided it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from campaigns.services.explaining import Explained, Explanation, LetterTold, explain, letters_about
from campaigns.states import Channel
from campaigns.wording import events
from campaigns.wording import why as words
from campaigns.wording.letters import letter_name
from campaigns.wording.notices import ICONS
from certificates.models import Order
from certificates.services import customers
from certificates.wording import day
from certificates.x509.names import display_name
from portal import clock
from portal.access import PartnerRequest, requires


@requires("outbox.view")
@require_safe
def why(request: PartnerRequest, pk: int) -> HttpResponse:
    """The whole calendar of one order; `on` asks about one day."""
    rows = Order.objects.for_partner(request.partner).select_related(
        "partner", "customer__partner", "customer__owner__user", "contact"
    )
    order: Order = get_object_or_404(rows, pk=pk)
    now = clock.now()
    customers.note_look_up(order.customer, request.membership, now=now)
    found, letters, on = explain(order, now=now), letters_about(order), _asked(request.GET.get("on", ""))
    context = {
        "order": order,
        "host": display_name(order.common_name),
        "on": on,
        "answer": [*_lines(found.on(on)), *(_letter_line(one) for one in letters if one.day == on)] if on else [],
        "around": _around(found, on) if on else "",
        "calendar": found.calendar,
        "calendar_words": words.calendar_words(found.calendar),
        "steps": list(_lines(found.steps)),
        "earlier": list(_lines(found.earlier)),
        "letters": [_letter_line(one) for one in letters],
        "today": now.date(),
    }
    return render(request, "campaigns/outbox/why.html", context)


def _asked(written: str) -> date | None:
    try:
        return parse_date(written)
    except ValueError:
        return None


def _lines(told: Iterable[Explained]) -> Iterator[dict[str, Any]]:
    """Each step as a line of the page."""
    for one in told:
        yield {
            "day": one.day,
            "step": words.step_of(one),
            "icon": ICONS[one.step.channel],
            "channel": one.step.get_channel_display(),
            "sentence": words.told(one),
            "level": words.level(one),
            "url": reverse("campaigns:notice", args=[one.notice.pk]) if one.notice else "",
        }


def _letter_line(one: LetterTold) -> dict[str, Any]:
    """A letter about an event as a line of the page."""
    reader = one.reader
    return {
        "day": one.day,
        "step": letter_name(one.letter),
        "icon": ICONS[Channel.EMAIL],
        "channel": Channel.EMAIL.label,
        "sentence": events.told(one.row, one.mail, name=reader.name, zone=reader.zone),
        "level": events.pill_of(one.mail.state).level,
        "url": reverse("campaigns:event_letter", args=[one.row.pk]),
    }


def _around(found: Explanation, on: date) -> str:
    """What stands before and after a day on which nothing does."""
    before, after = found.before(on), found.after(on)
    facts = {
        "day": day(on),
        "before": day(before.day) if before and before.day else "",
        "after": day(after.day) if after and after.day else "",
    }
    if before and after:
        return _("No step stands on %(day)s: the one before it is on %(before)s, the next on %(after)s.") % facts
    if after:
        return _("No step stands on %(day)s: the first is on %(after)s.") % facts
    if before:
        return _("No step stands on %(day)s: the last was on %(before)s.") % facts
    return _("No step stands on %(day)s.") % facts
