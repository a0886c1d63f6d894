"""What the touchpoint calendar adds to the portal's pages."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from campaigns.deeds import calendar as deeds
from campaigns.services.demo_calendars import seed_calendars
from portal.contributions import ActivityWords, DemoPart, NavigationEntry, activity_words, demo_parts, navigation


def register() -> None:
    """Hang everything in its slot."""
    navigation.add(NavigationEntry("campaigns", _("Calendar"), "campaigns:calendar", "calendar.view", "calendar3", 10))
    activity_words.add(ActivityWords(frozenset(deeds.DEEDS), deeds.describe))
    demo_parts.add(DemoPart("calendars", 20, seed_calendars))
