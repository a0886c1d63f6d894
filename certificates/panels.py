"""What this app itself hangs onto its own pages: links to renewals, and the deed on many orders that sends them."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from certificates.views.renewal_links import customer_panel, order_panel, send_links
from portal.contributions import BulkAction, Panel, bulk_actions, panels

_TEMPLATE = "certificates/links/panel.html"


def register() -> None:
    """Hang everything in its slot."""
    panels.add(
        Panel("order", "renewal_links", _TEMPLATE, 5, order_panel, "orders.view"),
        Panel("quick_view", "renewal_links", _TEMPLATE, 5, order_panel, "orders.view"),
        Panel("customer", "renewal_links", _TEMPLATE, 10, customer_panel, "orders.view"),
    )
    bulk_actions.add(BulkAction("expiring", "send_links", _("Send renewal links"), "orders.resend", 35, send_links))
