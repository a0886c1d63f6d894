"""A stored request in the authority's words."""

from __future__ import annotations

from certificates.authorities.base import KnownOrder, OrderSpec, OrganizationSpec, ReissueSpec
from certificates.models import Order, Organization, Request
from certificates.rules import end_of_day


def order_spec(request: Request) -> OrderSpec:
    """A new order, or a renewal that names the order it follows."""
    old = request.order
    return OrderSpec(
        reference=request.reference,
        product_name_id=request.product.name_id,
        family=request.product.family,
        level=request.product.level,
        common_name=request.common_name,
        names=tuple(request.names),
        csr=request.csr,
        term_years=request.term_years,
        renewal_of=old.number if old else None,
        renewal_of_ends_at=old.ends_at if old else None,
        organization=_organization(request.organization, request.product.level) if request.organization else None,
        dcv_method=(old.dcv_method if old else "") or "dns-txt-token",
        additional_emails=tuple(old.additional_emails) if old else (),
        locale=request.partner.language,
    )


def reissue_spec(request: Request) -> ReissueSpec:
    """A new certificate under the request's order."""
    return ReissueSpec(
        order_number=request.order.number if request.order else "",
        reference=request.reference,
        common_name=request.common_name,
        names=tuple(request.names),
        csr=request.csr,
        order=_known(request, request.order) if request.order else None,
    )


def _known(request: Request, order: Order) -> KnownOrder | None:
    """The order as we know it, for an authority that has never seen it."""
    if order.starts_at is None or order.ends_at is None:
        return None
    return KnownOrder(
        product_name_id=request.product.name_id,
        family=request.product.family,
        level=request.product.level,
        starts_at=order.starts_at,
        ends_at=order.ends_at,
        organization=_organization(order.organization, request.product.level) if order.organization else None,
    )


def _organization(organization: Organization, level: str) -> OrganizationSpec:
    until = organization.validated_until(level)
    return OrganizationSpec(
        number=organization.number,
        name=organization.name,
        street=organization.address,
        city=organization.city,
        region=organization.state,
        country=organization.country,
        validated_until=end_of_day(until) if until else None,
    )
