"""What offers adds to the portal: its entries in the sidebar, and panels on the pages below."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from portal.contributions import NavigationEntry, navigation

navigation.add(
    NavigationEntry("offers", _("Upgrades"), "offers:products", "products.view", "arrow-up-circle", 20),
)
