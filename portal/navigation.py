"""What the ground itself adds to the portal: its entries in the sidebar, and words for its own activities."""

from __future__ import annotations

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from portal import contributions, deeds
from portal.contributions import DashboardCard, NavigationEntry
from portal.views import sending

ENTRIES = (
    NavigationEntry("house", _("Settings"), "portal:settings", "settings.view", "gear", 80),
    NavigationEntry("house", _("People"), "portal:people", "people.view", "people", 81),
    NavigationEntry("house", _("Sending"), "portal:sending", "sending.view", "send-check", 82),
    NavigationEntry("house", _("Activity"), "portal:activity", "activity.view", "clock-history", 83),
)
# Only the demo keeps its letters to itself.
MAILBOX = NavigationEntry("house", _("Mailbox"), "portal:mailbox", "dashboard.view", "mailbox", 89)


def register() -> None:
    contributions.navigation.add(*ENTRIES)
    contributions.dashboard_cards.add(
        DashboardCard("sending", "portal/sending_card.html", 5, sending.dashboard, "sending.view")
    )
    if settings.DEMO:
        contributions.navigation.add(MAILBOX)
    contributions.activity_words.add(deeds.WORDS)
