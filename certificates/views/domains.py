"""Domains and the ends of their validation, with the orders that would wait for them."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from certificates.filters import ValidationFilters
from certificates.models import Domain, Order
from certificates.querysets import DomainQuerySet, OrderQuerySet
from certificates.tables.validations import DOMAIN_FIELDS, DomainsTable
from certificates.views.saved_views import SavableListPage
from portal import clock
from portal.access import PartnerRequest, requires
from portal.lists import Empty, Sort
from portal.lists.filters import Chip


class ValidationsPage(SavableListPage):
    """What has a validation that ends; the rows say how many orders due within 90 days need it."""

    fields: tuple[str, ...]
    request: PartnerRequest

    def due_orders(self) -> OrderQuerySet:
        return Order.objects.for_partner(self.request.partner).due(today=clock.today())

    def get_rows(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.values_list(*self.fields, *self.annotated_names, named=True)

    def get_table_options(self) -> dict[str, Any]:
        return {"today": clock.today()}

    def get_quick_filters(self) -> list[Chip]:
        chips = []
        if "ends" not in self.query:
            chips.append(Chip(_("Lapsed or within 30 days"), self.address.but(ends="30")))
        if "held" not in self.query:
            chips.append(Chip(_("Needed within 90 days"), self.address.but(held="yes")))
        return chips


@requires("domains.view")
class DomainsPage(ValidationsPage):
    name = "domains"
    title = gettext_lazy("Domains")
    table_class = DomainsTable
    filters_class = ValidationFilters
    sorts = {"until_when": Sort(("validated_until",), nullable=True), "name": Sort(("name",))}
    default_sort = "until_when"
    export_permission = "domains.export"
    fields = DOMAIN_FIELDS

    def get_queryset(self) -> DomainQuerySet:
        return Domain.objects.for_partner(self.request.partner).with_held_up(self.due_orders())

    def get_empty(self) -> Empty:
        if self.is_filtered:
            return super().get_empty()
        return Empty(_("No domains yet"), _("They come with the orders you import or place."), icon="globe2")
