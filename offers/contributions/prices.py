"""What the price list adds to the portal: its entries in the sidebar, the customer's terms, words for its deeds."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from offers.deeds import prices as price_deeds
from offers.views.prices.sales import terms_panel
from portal.contributions import ActivityWords, NavigationEntry, Panel, activity_words, navigation, panels


def register() -> None:
    navigation.add(
        NavigationEntry("offers", _("Price list"), "offers:prices", "prices.view", "currency-euro", 30),
        NavigationEntry("house", _("Sales settings"), "offers:sales", "settings.edit", "sliders", 81),
    )
    panels.add(Panel("customer", "terms", "offers/sales/terms_panel.html", 40, terms_panel, "prices.view"))
    activity_words.add(ActivityWords(frozenset(price_deeds.DEEDS), price_deeds.describe))
