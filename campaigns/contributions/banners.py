"""What banners add to the portal's pages: their gallery, and the customer for whom one can be signed."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from campaigns.services import demo_banners
from campaigns.views.banners import customer_panel
from campaigns.wording.banners import DEEDS, describe
from portal.contributions import (
    ActivityWords,
    DemoPart,
    NavigationEntry,
    Panel,
    activity_words,
    demo_parts,
    navigation,
    panels,
)


def register() -> None:
    """Hang everything in its slot."""
    navigation.add(NavigationEntry("campaigns", _("Banners"), "campaigns:banners", "banners.view", "badge-ad", 40))
    panels.add(Panel("customer", "banners", "campaigns/banners/on_customer.html", 70, customer_panel, "banners.view"))
    activity_words.add(ActivityWords(frozenset(DEEDS), describe))
    demo_parts.add(DemoPart("banners", 40, demo_banners.seed))
