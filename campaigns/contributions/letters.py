"""What letters and their gallery add to the portal's pages."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from campaigns.deeds import letters as deeds
from portal.contributions import ActivityWords, NavigationEntry, activity_words, navigation


def register() -> None:
    """Hang everything in its slot."""
    navigation.add(
        NavigationEntry("campaigns", _("Letters"), "campaigns:letters", "letters.view", "envelope", 20),
    )
    activity_words.add(ActivityWords(frozenset(deeds.DEEDS), deeds.describe))
