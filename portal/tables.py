"""The lists of the ground: people and activities."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from portal import deeds
from portal.lists import Column, ListTable
from portal.models import Activity, Membership
from portal.models.people import MembershipRole
from portal.templatetags.portal_tags import pill


class PeopleTable(ListTable):
    name = Column(lazy("Name"), css="col-main")
    email = Column(lazy("E-mail"), accessor="user__email")
    role = Column(lazy("Role"))
    state = Column(lazy("Access"))
    last_seen = Column(lazy("Last sign-in"))

    def cell_name(self, member: Membership) -> str:
        return format_html('<a href="{}">{}</a>', reverse("portal:person", args=[member.pk]), member.user)

    def cell_role(self, member: Membership) -> str:
        return str(MembershipRole(member.role).label)

    def cell_state(self, member: Membership) -> str:
        if not (member.is_active and member.user.is_active):
            return pill("plain", _("Ended"), "slash-circle")
        if member.user.last_login is None:
            return pill("note", _("Invited"), "envelope")
        return pill("good", _("Active"))

    def cell_last_seen(self, member: Membership) -> str:
        seen = member.user.last_login
        return date_format(localtime(seen), "SHORT_DATETIME_FORMAT") if seen else ""


class ActivityTable(ListTable):
    at = Column(lazy("When"))
    actor = Column(lazy("Who"))
    deed = Column(lazy("What"), css="col-main")
    subject = Column(lazy("On what"), accessor="subject_label")

    def cell_at(self, activity: Activity) -> str:
        return date_format(localtime(activity.at), "SHORT_DATETIME_FORMAT")

    def cell_actor(self, activity: Activity) -> str:
        return str(activity.actor) if activity.actor else _("The portal itself")

    def cell_deed(self, activity: Activity) -> Any:
        told = deeds.tell(activity)
        if not told.detail:
            return told.words
        return format_html('{}<span class="sub">{}</span>', told.words, told.detail)
