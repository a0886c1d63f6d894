"""Letters about events in the outbox: automatic renewals, validations, quotes, what is not installed."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, cast

from csp.constants import SELF
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from campaigns.filters.events import EventLettersFilters
from campaigns.models import EventLetter
from campaigns.services.copies import copy_of
from campaigns.states import NoticeState
from campaigns.tables.events import FIELDS, EventLettersTable
from campaigns.views.notices import letter_in_frame
from campaigns.views.outbox import ALL, BY_EVENT, ways_in
from campaigns.wording import events as wording
from campaigns.wording.letters import event_words, letter_name
from campaigns.wording.notices import moment
from certificates.services import customers
from certificates.views.expiring import Link
from certificates.views.saved_views import SavableListPage
from certificates.x509.names import display_name
from portal import clock
from portal.access import PartnerRequest, requires
from portal.lists import Empty, Sort, Span, Total
from portal.lists.pages import COUNT_LIMIT
from portal.lists.sql import Counted, ask, counts_of
from portal.models import OutgoingMail
from portal.models.mail import UNSENT, MailState
from portal.types import StrOrPromise

_TABS: Mapping[str, tuple[StrOrPromise, tuple[str, ...]]] = {
    ALL: (gettext_lazy("All"), tuple(MailState)),
    NoticeState.QUEUED: (NoticeState.QUEUED.label, UNSENT),
    NoticeState.SENT: (gettext_lazy("Sent"), (MailState.SENT,)),
    NoticeState.FAILED: (gettext_lazy("Failed"), (MailState.PARKED,)),
    NoticeState.SUPPRESSED: (gettext_lazy("Not sent"), (MailState.SUPPRESSED, MailState.WITHDRAWN)),
}
# So many of the other orders in the same letter are named.
_NAMED = 100


@requires("outbox.view")
class EventLettersPage(SavableListPage):
    """Letters about events by what became of them, the latest first."""

    name = "event_letters"
    title = gettext_lazy("Outbox")
    table_class = EventLettersTable
    filters_class = EventLettersFilters
    sorts = {"queued": Sort(("queued_at",))}
    default_sort = "-queued"
    export_permission = "outbox.export"
    template_name = "campaigns/outbox/page.html"
    part_template_name = "campaigns/outbox/list.html"

    @cached_property
    def tab(self) -> str:
        wanted = self.query.get("tab", "")
        return wanted if wanted in _TABS else ALL

    def get_queryset(self) -> QuerySet[EventLetter]:
        return self.of_tab(self.everything, self.tab)

    @property
    def everything(self) -> QuerySet[EventLetter]:
        found: QuerySet[EventLetter] = EventLetter.objects.for_partner(self.request.partner).filter(mail__isnull=False)
        return found

    def of_tab(self, rows: QuerySet[EventLetter], tab: str) -> QuerySet[EventLetter]:
        return rows if tab == ALL else rows.filter(mail__state__in=_TABS[tab][1])

    def get_rows(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.values_list(*FIELDS, named=True)

    def count(self) -> int:
        return self.totals[self.tab].number

    @cached_property
    def totals(self) -> Mapping[str, Total]:
        """How much each tab holds after the filters, all counted by one query."""
        rows = self.everything
        if self.is_filtered:
            rows = self.filters_type(self.query, queryset=rows, request=self.request).qs
        wanted = [Counted(self.of_tab(rows, tab), Span("id"), COUNT_LIMIT) for tab in _TABS]
        return {tab: Total(number) for tab, number in zip(_TABS, ask(counts_of(wanted))[0], strict=True)}

    def get_context_data(self) -> dict[str, Any]:
        return {
            **super().get_context_data(),
            "tabs": [
                Link(f"tab-{tab}", label, self._tab_url(tab), tab == self.tab, self.totals[tab])
                for tab, (label, _states) in _TABS.items()
            ],
            "tabs_label": _("What became of them"),
            **ways_in(BY_EVENT),
        }

    def _tab_url(self, tab: str) -> str:
        return self.address.but(tab=None if tab == ALL else tab, sort=None)

    def get_empty(self) -> Empty:
        if self.is_filtered:
            return super().get_empty()
        if self.tab != ALL:
            return Empty(_("Nothing here"), _("That is as it should be."), icon="check-circle")
        words = _(
            "They go out before an order renews itself, a validation lapses or a quote ends, "
            "and when a new certificate is not installed."
        )
        return Empty(_("No letter about an event yet"), words, icon="envelope")


def _letter(request: PartnerRequest, pk: int) -> tuple[EventLetter, OutgoingMail]:
    """The partner's letter, one order of it; 404 for any other."""
    rows = EventLetter.objects.for_partner(request.partner).filter(mail__isnull=False)
    found: EventLetter = get_object_or_404(
        rows.select_related("partner", "order__customer__partner", "contact", "mail"), pk=pk
    )
    if found.mail is None:
        raise Http404(pk)
    return found, found.mail


@requires("outbox.view")
@require_safe
def event_letter(request: PartnerRequest, pk: int) -> HttpResponse:
    """Everything about one of them, and with it about its customer: that support looked is written down."""
    found, mail = _letter(request, pk)
    zone = found.contact.time_zone
    customers.note_look_up(found.order.customer, request.membership, now=clock.now())
    context = {
        "one": found,
        "customer": found.order.customer,
        "host": display_name(found.order.common_name),
        "name": letter_name(found.letter),
        "occasion": event_words(found.letter),
        "state": wording.pill_of(mail.state),
        "sentence": wording.told(found, mail, name=wording.reader_of(found), zone=zone),
        "reader": wording.reader_of(found),
        "queued": moment(found.queued_at, zone),
        "mail": mail,
        "letter": copy_of(mail),
        "letter_url": reverse("campaigns:event_letter_words", args=[pk]),
        "others": [(one, display_name(one.order.common_name)) for one in _others(found)],
    }
    response = render(request, "campaigns/outbox/event.html", context)
    cast(Any, response)._csp_update = {"frame-src": [SELF]}
    return response


def _others(one: EventLetter) -> QuerySet[EventLetter]:
    """The other orders of the same letter."""
    rows = EventLetter.objects.for_partner(one.partner).filter(mail=one.mail_id).exclude(pk=one.pk)
    found: QuerySet[EventLetter] = rows.select_related("order").order_by("order__ends_on", "pk")[:_NAMED]
    return found


@requires("outbox.view")
@require_safe
@xframe_options_sameorigin
def event_letter_words(request: PartnerRequest, pk: int) -> HttpResponse:
    """The letter as its reader saw it, for a frame."""
    found, mail = _letter(request, pk)
    return letter_in_frame(copy_of(mail), found.partner)
