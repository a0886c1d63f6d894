"""Who did what, on what, when: the partner's whole record, newest first."""

from __future__ import annotations

from typing import ClassVar

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy

from portal.access import requires
from portal.lists import Empty, ListFilters, ListPage, Sort, one_of
from portal.models import Activity, Membership
from portal.tables import ActivityTable


def _people() -> list[tuple[int, str]]:
    """The staff, by name, of the partner whose scope is open."""
    members = Membership.objects.staff().select_related("user")
    return sorted(((one.user_id, str(one.user)) for one in members), key=lambda choice: choice[1].lower())


class ActivityFilters(ListFilters):
    actor = one_of(label=gettext_lazy("Who"), choices=_people)


@requires("activity.view")
class ActivityList(ListPage):
    name: ClassVar = "activity"
    title: ClassVar = gettext_lazy("Activity")
    table_class: ClassVar = ActivityTable
    filters_class: ClassVar = ActivityFilters
    sorts: ClassVar = {"at": Sort(("at",))}
    default_sort: ClassVar = "-at"
    template_name: ClassVar = "portal/activity.html"

    def get_queryset(self) -> QuerySet[Activity]:
        return Activity.objects.for_partner(self.request.partner).select_related("actor")

    def get_empty(self) -> Empty:
        if self.is_filtered:
            return super().get_empty()
        return Empty(
            gettext_lazy("Nothing has been done yet"), gettext_lazy("Every deed of a person is written down here.")
        )
