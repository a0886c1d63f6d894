"""Requests: what waits for us, for an approval or for the authority; what failed comes first."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from certificates.models import Customer, Request
from certificates.querysets import RequestQuerySet
from certificates.states import RequestKind, RequestState
from certificates.tables.requests import REQUEST_FIELDS, RequestsTable
from certificates.views.expiring import Link
from certificates.views.saved_views import SavableListPage
from portal.access import requires
from portal.lists import AnyOf, Empty, ListFilters, Sort

ALL = "all"


class RequestFilters(ListFilters):
    """By words, customer, state and kind."""

    q = django_filters.CharFilter(label=_("Contains"), method="filter_words")
    customer = django_filters.CharFilter(label=_("Customer"), method="filter_customer")
    state = AnyOf(label=_("State"), field_name="state", choices=RequestState.choices)
    kind = AnyOf(label=_("Kind"), field_name="kind", choices=RequestKind.choices)

    def filter_words(self, requests: RequestQuerySet, _name: str, value: str) -> QuerySet[Request]:
        return requests.filter(Q(common_name__icontains=value) | Q(order__number=value) | Q(authority_number=value))

    def filter_customer(self, requests: RequestQuerySet, _name: str, value: str) -> QuerySet[Request]:
        return requests.filter(customer__in=Customer.objects.for_partner(self.request.partner).matching(value))


@requires("requests.view")
class RequestsPage(SavableListPage):
    """What is open or has failed; under "All" also what came to its end."""

    name = "requests"
    title = _("Requests")
    table_class = RequestsTable
    filters_class = RequestFilters
    # By state means failed ones first, then what waits longest: the alphabet happens to agree.
    sorts = {"state": Sort(("state", "requested_at")), "requested": Sort(("requested_at",))}
    export_permission = "requests.view"
    template_name = "certificates/requests/page.html"
    part_template_name = "certificates/requests/list.html"

    @property
    def shows_all(self) -> bool:
        return self.query.get("show") == ALL

    def get_default_sort(self) -> str:
        return "-requested" if self.shows_all else "state"

    def get_queryset(self) -> RequestQuerySet:
        requests: RequestQuerySet = Request.objects.for_partner(self.request.partner)
        return requests if self.shows_all else requests.needing_attention()

    def get_rows(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.values_list(*REQUEST_FIELDS, *self.annotated_names, named=True)

    def get_table_options(self) -> dict[str, Any]:
        return {"permissions": self.request.membership.permissions}

    def get_context_data(self) -> dict[str, Any]:
        return {
            **super().get_context_data(),
            "tabs": [
                Link(
                    "tab-open", gettext("Open and failed"), self.address.but(show=None, sort=None), not self.shows_all
                ),
                Link("tab-all", gettext("All"), self.address.but(show=ALL, sort=None), self.shows_all),
            ],
            "tabs_label": gettext("Which requests"),
        }

    def get_empty(self) -> Empty:
        if self.is_filtered:
            return super().get_empty()
        if self.shows_all:
            return Empty(
                gettext("No requests yet"), gettext("Renewals and new orders stand here once they are asked for.")
            )
        return Empty(
            gettext("Nothing is open, and nothing has failed"),
            gettext("Whatever expires next stands on the Expiring page."),
            icon="check-circle",
            url=reverse("certificates:expiring"),
            action=gettext("See what expires"),
        )
