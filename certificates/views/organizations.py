"""Organisations and the ends of their validation, with the orders that would wait for them."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from certificates.filters import ValidationFilters
from certificates.models import Organization
from certificates.querysets import OrganizationQuerySet
from certificates.tables.validations import ORGANIZATION_FIELDS, OrganizationsTable
from certificates.views.domains import ValidationsPage
from portal.access import requires
from portal.lists import Empty, Sort


@requires("organizations.view")
class OrganizationsPage(ValidationsPage):
    name = "organizations"
    title = gettext_lazy("Organisations")
    table_class = OrganizationsTable
    filters_class = ValidationFilters
    sorts = {
        "name": Sort(("name",)),
        "ov": Sort(("ov_validated_until",), nullable=True),
        "ev": Sort(("ev_validated_until",), nullable=True),
    }
    default_sort = "ov"
    export_permission = "organizations.export"
    fields = ORGANIZATION_FIELDS

    def get_queryset(self) -> OrganizationQuerySet:
        return Organization.objects.for_partner(self.request.partner).with_held_up(self.due_orders())

    def get_empty(self) -> Empty:
        if self.is_filtered:
            return super().get_empty()
        return Empty(_("No organisations yet"), _("They come with the orders you import."), icon="building-check")
