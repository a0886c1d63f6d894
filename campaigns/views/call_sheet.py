"""The call sheet: today's calls, or one, on paper, with boxes to tick and room to write."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from campaigns.filters.calls import CallFilters
from campaigns.models import Call
from campaigns.querysets import CallQuerySet
from campaigns.services import calls, scripts
from campaigns.services.scripts import Topic
from campaigns.wording import calls as wording
from campaigns.wording.calls import Line
from certificates.wording import Pill
from portal import clock
from portal.access import PartnerRequest, requires

# More than anybody rings in a day.
MOST = 40
_TOPICS = 4


@dataclass(frozen=True, slots=True)
class Sheet:
    """One call on paper."""

    call: Call
    line: Line | None
    topics: list[Topic]
    left_out: int
    worth: str
    last: Pill | None


@requires("calls.view")
@require_safe
def call_sheet(request: PartnerRequest) -> HttpResponse:
    """Today's calls as the list is filtered; `call` names a single one, on whatever day it is due."""
    today = clock.today()
    rows = list(_rows(request, today)[: MOST + 1])
    context = {
        "page_title": _("Call sheet"),
        "crumbs": [(_("Calls"), reverse("campaigns:calls")), (_("Call sheet"), "")],
        "sheets": _sheets(request, rows[:MOST]),
        "has_more": len(rows) > MOST,
        "most": MOST,
        "today": today,
        "ways": wording.WAYS,
    }
    return render(request, "campaigns/calls/sheet.html", context)


def _rows(request: PartnerRequest, today: date) -> Any:
    mine: CallQuerySet = Call.objects.for_partner(request.partner)
    wanted = request.GET.get("call", "")
    if wanted.isdecimal() and len(wanted) < 19:
        found: Any = mine.filter(pk=int(wanted))
    else:
        found = CallFilters(request.GET, queryset=mine.due(today), request=request).qs
    found = found.with_outlook(today).with_last_attempt().order_by("-weight", "pk")
    return found.select_related("partner", "customer__owner__user", "contact")


def _sheets(request: PartnerRequest, rows: list[Any]) -> list[Sheet]:
    topics = scripts.topics_of(rows, now=clock.now())
    office, now = calls.office_of(request.partner), clock.now()
    return [
        Sheet(
            call=row,
            line=wording.line(row.contact, row.customer, office=office, now=now) if row.contact else None,
            topics=topics.get(row.pk, [])[:_TOPICS],
            left_out=len(topics.get(row.pk, [])[_TOPICS:]),
            worth=wording.sums(scripts.worth_of(topics.get(row.pk, []))),
            last=wording.outcome(row.last_outcome, promised_on=row.last_promise) if row.last_outcome else None,
        )
        for row in rows
    ]
