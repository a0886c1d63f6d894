"""The lists of the ground: people and activities."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from portal import deeds
from portal.dates import date_format
from portal.lists import Column, ListTable
from portal.models import Activity, Membership
from portal.models.people import MembershipRole
from portal.templatetags.portal_tags import pill


class PeopleTable(ListTable):
    name = Column(gettext_lazy("Name"), css="col-main")
    email = Column(gettext_lazy("E-mail"), accessor="user__email")
    role = Column(gettext_lazy("Role"))
    state = Column(gettext_lazy("Access"))
    last_seen = Column(gettext_lazy("Last sign-in"))

    def cell_name(self, member: Membership) -> str:
        return format_html('<a href="{}">{}</a>', reverse("portal:person", args=[member.pk]), member)

    def cell_role(self, member: Membership) -> str:
        return str(MembershipRole(member.role).label)

    def cell_state(self, member: Membership) -> str:
        if not (member.is_active and member.user.is_active):
            return pill("plain", pgettext("access to the portal", "Ended"), "slash-circle")
        if member.is_pending:
            return pill("note", _("Invited"), "envelope")
        return pill("good", _("Active"))

    def cell_last_seen(self, member: Membership) -> str:
        seen = member.user.last_login if member.is_introduced else None
        return date_format(localtime(seen), "SHORT_DATETIME_FORMAT") if seen else ""


class ActivityTable(ListTable):
    at = Column(gettext_lazy("When"))
    actor = Column(gettext_lazy("Who"))
    deed = Column(gettext_lazy("What"), css="col-main")
    subject = Column(gettext_lazy("On what"), accessor="subject_label")

    def cell_at(self, activity: Activity) -> str:
        return date_format(localtime(activity.at), "SHORT_DATETIME_FORMAT")

    def cell_actor(self, activity: Activity) -> str:
        return str(activity.actor) if activity.actor else _("The portal itself")

    def cell_deed(self, activity: Activity) -> Any:
        told = deeds.tell(activity)
        if not told.detail:
            return told.words
        return format_html('{}<span class="sub">{}</span>', told.words, told.detail)
