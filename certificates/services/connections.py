"""Over which connection an order is placed: its own authority's, or else the one for new orders."""

from __future__ import annotations

from certificates.models import AuthorityConnection, Order
from certificates.services.refusals import NotConnected
from certificates.states import AuthorityKind
from portal.models import Partner


def default_connection(partner: Partner) -> AuthorityConnection:
    """Where the partner's new orders go; raises NotConnected."""
    connections = AuthorityConnection.objects.for_partner(partner)
    found = connections.order_by("-is_default", "pk").first()
    if found is None:
        raise NotConnected
    return found


def connection_to(partner: Partner, authority: str) -> AuthorityConnection:
    """The partner's connection to this very authority; raises NotConnected."""
    found = AuthorityConnection.objects.for_partner(partner).filter(kind=authority).first()
    if found is None:
        raise NotConnected
    return found


def renewal_connection(order: Order) -> AuthorityConnection:
    """Where the order is renewed: at its own authority, or moved to that of new orders; raises NotConnected."""
    try:
        return connection_to(order.partner, order.authority)
    except NotConnected:
        return default_connection(order.partner)


def reissue_connection(order: Order) -> AuthorityConnection:
    """Where the order is reissued: at its own authority; the embedded one also continues orders sold elsewhere.

    Raises NotConnected.
    """
    found = renewal_connection(order)
    if found.kind not in (order.authority, AuthorityKind.SANDBOX):
        raise NotConnected
    return found
