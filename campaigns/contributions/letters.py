"""What letters and their gallery add to the portal's pages."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from campaigns.deeds import letters as deeds
from campaigns.services.demo_letters import seed_letters
from portal.contributions import ActivityWords, DemoPart, NavigationEntry, activity_words, demo_parts, navigation


def register() -> None:
    """Hang everything in its slot."""
    navigation.add(
        NavigationEntry("campaigns", _("Letters"), "campaigns:letters", "letters.view", "envelope", 20),
    )
    demo_parts.add(DemoPart("letters", 30, seed_letters))
    activity_words.add(ActivityWords(frozenset(deeds.DEEDS), deeds.describe))
