"""The outbox: what goes out, what went, what did not and why; and what a person can do about it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cached_property, partial
from typing import Any

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from campaigns.filters.outbox import OutboxFilters
from campaigns.models import Notice
from campaigns.querysets import NoticeQuerySet
from campaigns.services import outbox
from campaigns.states import NoticeState
from campaigns.tables.outbox import FIELDS, OutboxTable
from certificates.states import RenewalMark
from certificates.views.expiring import Link
from certificates.views.saved_views import SavableListPage
from portal import clock
from portal.access import PartnerRequest, requires
from portal.contributions import BulkAction, Done
from portal.lists import Empty, Sort, Span, Total
from portal.lists.bulk import BulkView
from portal.lists.links import came_from
from portal.lists.pages import COUNT_LIMIT
from portal.lists.sql import Counted, ask, counts_of
from portal.types import StrOrPromise

BY_CALENDAR, BY_EVENT = "calendar", "events"
DUE, PLANNED, ALL = "due", "planned", "all"
TABS: Mapping[str, StrOrPromise] = {
    PLANNED: gettext_lazy("To come"),
    DUE: gettext_lazy("Due"),
    NoticeState.HELD: gettext_lazy("Held"),
    NoticeState.SENT: gettext_lazy("Sent"),
    NoticeState.FAILED: gettext_lazy("Failed"),
    NoticeState.MISSED: gettext_lazy("Missed"),
    NoticeState.SUPPRESSED: gettext_lazy("Not sent"),
    NoticeState.SILENT: gettext_lazy("No longer needed"),
    ALL: gettext_lazy("All"),
}
# What is still to come is read from the next one on; the rest from the latest.
_AHEAD = (PLANNED, DUE, NoticeState.HELD)
# What is renewed goes nowhere any more, even before the next sweep has written it down.
_STANDS = Q(order__renewal_mark=RenewalMark.NONE)
_LEAVING = Q(state=NoticeState.QUEUED)
# The last bulk deed of a session, so that it can be taken back.
UNDO = "outbox_undo"


def said(deed: str, count: int) -> str:
    """What was done, in one sentence."""
    words = {
        "hold": ngettext("%(count)s notice is held.", "%(count)s notices are held.", count),
        "release": ngettext("%(count)s notice goes by its calendar again.", "%(count)s notices go by it again.", count),
        "send": ngettext(
            "%(count)s notice leaves now, or as soon as its reader may be reached.",
            "%(count)s notices leave now, or as soon as their readers may be reached.",
            count,
        ),
        "retry": ngettext("%(count)s notice is tried again.", "%(count)s notices are tried again.", count),
    }
    return words[deed] % {"count": count}


def _run(deed: str, request: PartnerRequest, notices: NoticeQuerySet) -> Done:
    keys = _do(deed, request, notices)
    if not keys:
        return Done(_("None of them can be: nothing has changed."))
    undo = _remember(request, outbox.UNDOES[deed], keys) if deed in outbox.UNDOES else ""
    return Done(said(deed, len(keys)), undo)


def _do(deed: str, request: PartnerRequest, notices: NoticeQuerySet) -> list[int]:
    return outbox.DEEDS[deed](notices, actor=request.user, now=clock.now())


def _action(deed: str, label: StrOrPromise, order: int) -> BulkAction:
    run: Callable[..., Done] = partial(_run, deed)
    return BulkAction("outbox", deed, label, "outbox.edit", order, run)


ACTIONS = (
    _action("hold", gettext_lazy("Hold"), 10),
    _action("release", gettext_lazy("Release"), 20),
    _action("send", gettext_lazy("Send now"), 30),
    _action("retry", gettext_lazy("Try again"), 40),
)


def ways_in(shown: str) -> dict[str, Any]:
    """The switch between what the calendar sends and what events do."""
    ways = {
        BY_CALENDAR: (_("By the calendar"), "campaigns:outbox"),
        BY_EVENT: (_("About events"), "campaigns:event_letters"),
    }
    return {
        "segments": [Link(f"show-{way}", label, reverse(url), way == shown) for way, (label, url) in ways.items()],
        "segments_label": _("What sends them"),
    }


@requires("outbox.view")
class OutboxPage(SavableListPage):
    """Notices by what became of them."""

    name = "outbox"
    title = gettext_lazy("Outbox")
    table_class = OutboxTable
    filters_class = OutboxFilters
    sorts = {"due": Sort(("due_at",))}
    export_permission = "outbox.export"
    bulk_actions = ACTIONS
    bulk_url_name = "campaigns:outbox_bulk"
    template_name = "campaigns/outbox/page.html"
    part_template_name = "campaigns/outbox/list.html"

    @cached_property
    def now(self) -> datetime:
        return clock.now()

    @cached_property
    def tab(self) -> str:
        wanted = self.query.get("tab", "")
        return wanted if wanted in TABS else PLANNED

    def get_default_sort(self) -> str:
        return "due" if self.tab in _AHEAD else "-due"

    def get_queryset(self) -> NoticeQuerySet:
        return self.of_tab(self.everything, self.tab)

    @property
    def everything(self) -> NoticeQuerySet:
        found: NoticeQuerySet = Notice.objects.for_partner(self.request.partner)
        return found

    def of_tab(self, notices: NoticeQuerySet, tab: str) -> NoticeQuerySet:
        if tab == PLANNED:
            return notices.planned().filter(_STANDS, due_at__gt=self.now)
        if tab == DUE:
            return notices.filter(_STANDS, Q(state=NoticeState.PLANNED, due_at__lte=self.now) | _LEAVING)
        return notices if tab == ALL else notices.filter(state=tab)

    def get_rows(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.values_list(*FIELDS, named=True)

    def get_table_options(self) -> dict[str, Any]:
        return {"now": self.now, "permissions": self.request.membership.permissions}

    def count(self) -> int:
        return self.totals[self.tab].number

    @cached_property
    def totals(self) -> Mapping[str, Total]:
        """How much each tab holds after the filters, all counted by one query."""
        rows = self.everything
        if self.is_filtered:
            rows = self.filters_type(self.query, queryset=rows, request=self.request).qs
        wanted = [Counted(self.of_tab(rows, tab), Span("id"), COUNT_LIMIT) for tab in TABS]
        return {tab: Total(number) for tab, number in zip(TABS, ask(counts_of(wanted))[0], strict=True)}

    def get_context_data(self) -> dict[str, Any]:
        return {
            **super().get_context_data(),
            "tabs": [
                Link(f"tab-{tab}", label, self._tab_url(tab), tab == self.tab, self.totals[tab])
                for tab, label in TABS.items()
            ],
            "tabs_label": _("What became of them"),
            **ways_in(BY_CALENDAR),
        }

    def _tab_url(self, tab: str) -> str:
        return self.address.but(tab=None if tab == PLANNED else tab, sort=None)

    def get_empty(self) -> Empty:
        if self.is_filtered:
            return super().get_empty()
        if self.tab in (PLANNED, ALL):
            words = _("The calendar plans a week ahead: what comes next stands here as soon as an end draws near.")
            return Empty(_("Nothing is planned"), words, icon="send")
        return Empty(_("Nothing here"), _("That is as it should be."), icon="check-circle")


@requires("outbox.edit")
class OutboxBulk(BulkView):
    """Deeds on the notices selected on the page."""

    page_class = OutboxPage
    list_url = "campaigns:outbox"


@requires("outbox.edit")
@require_POST
def notice_deed(request: PartnerRequest, pk: int) -> HttpResponseBase:
    """POST `deed`: hold, release, send or retry one notice."""
    deed = request.POST.get("deed", "")
    if deed not in outbox.DEEDS:
        raise Http404(deed)
    one = Notice.objects.for_partner(request.partner).filter(pk=pk)
    if not one.exists():
        raise Http404(pk)
    done = _run(deed, request, one)
    messages.success(request, str(done.words), extra_tags=f"undo:{done.undo}" if done.undo else "")
    return _back(request)


# Taken back


def _remember(request: PartnerRequest, deed: str, keys: Sequence[int]) -> str:
    token = secrets.token_urlsafe(9)
    request.session[UNDO] = {"token": token, "deed": deed, "ids": list(keys)}
    return reverse("campaigns:outbox_undo", args=[token])


@requires("outbox.edit")
@require_POST
def outbox_undo(request: PartnerRequest, token: str) -> HttpResponseBase:
    """Take the last holding or releasing of this session back, once."""
    kept: dict[str, Any] = request.session.get(UNDO, {})
    if not secrets.compare_digest(str(kept.get("token", "")).encode(), token.encode()):
        messages.warning(request, _("This can no longer be taken back."))
        return _back(request)
    del request.session[UNDO]
    _do(kept["deed"], request, Notice.objects.for_partner(request.partner).filter(pk__in=kept["ids"]))
    messages.success(request, _("Taken back: everything is as it was."))
    return _back(request)


def _back(request: PartnerRequest) -> HttpResponse:
    return redirect(came_from(request, otherwise=reverse("campaigns:outbox")))
