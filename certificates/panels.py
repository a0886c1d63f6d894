"""What this app itself hangs onto its own pages: links to renewals, letters wanted, and the deed on many orders."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from certificates.views.renewal_links import customer_panel, order_panel, send_links
from certificates.views.wishes import customer_panel as wishes_panel
from portal.contributions import BulkAction, Panel, bulk_actions, panels

_TEMPLATE = "certificates/links/panel.html"


def register() -> None:
    """Hang everything in its slot."""
    panels.add(
        Panel("order", "renewal_links", _TEMPLATE, 5, order_panel, "orders.view"),
        Panel("quick_view", "renewal_links", _TEMPLATE, 5, order_panel, "orders.view"),
        Panel("customer", "renewal_links", _TEMPLATE, 10, customer_panel, "orders.view"),
        Panel("customer", "wishes", "certificates/customers/wishes.html", 60, wishes_panel, "customers.view"),
    )
    bulk_actions.add(BulkAction("expiring", "send_links", _("Send renewal links"), "orders.resend", 35, send_links))
