"""The site seal of an order: an address that anybody may ask, which draws it for as long as the certificate holds."""

from __future__ import annotations

from datetime import datetime

from django.core.signing import BadSignature, Signer
from django.urls import reverse

from certificates.catalogue import Benefit
from certificates.models import Order
from certificates.states import LIVE_ORDER_STATES
from portal import links
from portal.access import across_partners

_signer = Signer(sep=".", salt="certificates.seal")


def bears_seal(order: Order, *, now: datetime) -> bool:
    """Whether a site seal comes with what was ordered, and its certificate holds."""
    if order.product is None or Benefit.SITE_SEAL not in order.product.benefits:
        return False
    ends_at = order.certificate_ends_at
    return order.status in LIVE_ORDER_STATES and ends_at is not None and ends_at > now


def seal_path(order: Order) -> str:
    """Where the seal is drawn, on any host of ours."""
    return reverse("certificates:seal", args=[_signer.sign(str(order.pk))])


def seal_address(order: Order) -> str:
    """The same for other sites to name, on the partner's own host if it has one."""
    return links.address(order.partner, seal_path(order))


def sealed_order(code: str, *, now: datetime) -> Order | None:
    """The order of a seal's address, while its certificate holds; None for every other address."""
    try:
        pk = int(_signer.unsign(code))
    except (BadSignature, ValueError):
        return None
    with across_partners():
        order = Order.objects.select_related("partner", "product").filter(pk=pk, partner__is_active=True).first()
    return order if order and bears_seal(order, now=now) else None
