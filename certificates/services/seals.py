"""The site seal of an order: an address that anybody may ask, which draws it for as long as the certificate holds."""

from __future__ import annotations

from datetime import datetime

from django.core.signing import BadSignature, Signer
from django.urls import reverse

from certificates.catalogue import Benefit
from certificates.models import Order
from portal import links
from portal.access import across_partners

_signer = Signer(sep=".", salt="certificates.seal")


def has_seal(order: Order) -> bool:
    """Whether a site seal comes with what was ordered."""
    return order.product is not None and Benefit.SITE_SEAL in order.product.benefits


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
        orders = Order.objects.select_related("partner", "product").filter(pk=pk, partner__is_active=True)
        order = orders.issued().filter(certificate_ends_at__gt=now).first()
    return order if order and has_seal(order) else None
