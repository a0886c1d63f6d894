"""What offers adds to the portal: its entries in the sidebar, and panels on the pages below."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from offers.contributions import columns, home, revenue, worth
from offers.contributions import needs as needed
from offers.contributions import prices as price_contributions
from offers.contributions import quotes as quote_contributions
from offers.deeds import offers as offer_deeds
from offers.deeds import renewals as renewal_deeds
from offers.services import demo, renewal_visits
from offers.services.quotes import reading, verification
from offers.wording.advice import describe_deed
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

activity_words.add(
    ActivityWords(frozenset({"selector.embedding"}), describe_deed),
    ActivityWords(frozenset(offer_deeds.DEEDS), offer_deeds.describe),
    ActivityWords(frozenset(renewal_deeds.DEEDS), renewal_deeds.describe),
)

navigation.add(
    NavigationEntry("offers", _("Offers"), "offers:offers", "offers.view", "tags", 10),
    NavigationEntry("offers", _("Upgrades"), "offers:products", "orders.view", "arrow-up-circle", 20),
    # To a customer the same page is the range of products.
    NavigationEntry("offers", _("Products"), "offers:products", "home.view", "list-columns", 20),
)

panels.add(
    Panel("customer", "needs", "offers/advice/needs.html", 50, needed.customer_panel, "products.view"),
    Panel("order", "needs", "offers/advice/needs.html", 50, needed.order_panel, "products.view"),
)

# Letters hold links to quotes and to renewals.
reading.register()
verification.register()
renewal_visits.register()
quote_contributions.register()
price_contributions.register()

# Values, prices and what was agreed
columns.register()
home.register()
worth.register()
revenue.register()
demo_parts.add(DemoPart("sales", 10, demo.seed))
