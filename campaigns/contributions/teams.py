"""What messages to the partner's own team add to the portal: their page among the settings, and an ear for alarms."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from campaigns.services import team_news
from campaigns.wording.teams import DEEDS, describe
from portal.contributions import ActivityWords, NavigationEntry, activity_words, navigation


def register() -> None:
    """Hang everything in its slot."""
    navigation.add(NavigationEntry("house", _("Your team"), "campaigns:teams", "settings.view", "megaphone", 84))
    activity_words.add(ActivityWords(frozenset(DEEDS), describe))
    team_news.register()
