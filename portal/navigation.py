"""What the ground itself adds to the portal: its entries in the sidebar, and words for its own activities."""

from __future__ import annotations

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from portal import contributions, deeds
from portal.contributions import NavigationEntry

ENTRIES = (
    NavigationEntry("house", _("Settings"), "portal:settings", "settings.view", "gear", 80),
    NavigationEntry("house", _("People"), "portal:people", "people.view", "people", 81),
    NavigationEntry("house", _("Activity"), "portal:activity", "activity.view", "clock-history", 82),
)
# Only the demo keeps its letters to itself.
MAILBOX = NavigationEntry("house", _("Mailbox"), "portal:mailbox", "dashboard.view", "mailbox", 89)


def register() -> None:
    contributions.navigation.add(*ENTRIES)
    if settings.DEMO:
        contributions.navigation.add(MAILBOX)
    contributions.activity_words.add(deeds.WORDS)
