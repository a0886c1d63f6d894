"""Where a customer goes from a page of its renewals: along the door it came by."""

from __future__ import annotations

from django.utils.translation import gettext as _

from certificates.models import Order
from certificates.services.renewal_links import subject_key
from certificates.visits import Visit
from offers.views.checkout.instead import Doors
from offers.wording.renewal import refusal_for_customers
from portal import clock
from portal.types import StrOrPromise


def customer_doors(visit: Visit, order: Order) -> Doors:
    """For pages that say why there is nothing to press; orders have a page of their own at home."""
    is_home = visit.link is None
    return Doors(
        frame="quiet.html",
        asked=lambda asked: visit.url("certificates:request", asked.pk),
        back=(_("Back to the order"), visit.url("certificates:order", order.pk)) if is_home else all_due(visit),
        reissue=(_("Reissue"), visit.url("offers:reissue", order.pk)),
        anew=_write_to_us(visit),
        refusal=refusal_for_customers,
    )


def all_due(visit: Visit) -> tuple[StrOrPromise, str] | None:
    """The list of what is due, for whoever has more than one order there."""
    if visit.link and subject_key(visit.link)[0] == "order":
        return None
    if visit.due(clock.today()).count() < 2:
        return None
    return _("All that is due"), visit.url("offers:due")


def _write_to_us(visit: Visit) -> tuple[StrOrPromise, str] | None:
    address = visit.partner.support_email
    return (_("Ask %(partner)s") % {"partner": visit.partner.name}, f"mailto:{address}") if address else None
