"""What console messages add to the portal: the customer's own pages, the order, the customer, and a list of them."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from campaigns.views.home_messages import home_panel, messages_panel
from campaigns.views.messages import customer_panel, order_panel
from campaigns.wording.console import DEEDS, describe
from portal.contributions import ActivityWords, NavigationEntry, Panel, activity_words, navigation, panels


def register() -> None:
    """Hang everything in its slot."""
    navigation.add(
        NavigationEntry("campaigns", _("Messages"), "campaigns:messages", "messages.view", "chat-left-text", 50)
    )
    panels.add(
        Panel("home_top", "console", "campaigns/home/console.html", 10, home_panel, "home.view"),
        Panel("home_messages", "console", "campaigns/home/messages.html", 10, messages_panel, "home.view"),
        Panel("order", "console", "campaigns/messages/on_order.html", 45, order_panel, "messages.view"),
        Panel("customer", "console", "campaigns/messages/on_customer.html", 45, customer_panel, "messages.view"),
    )
    activity_words.add(ActivityWords(frozenset(DEEDS), describe))
