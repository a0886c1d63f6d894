"""What tests of requests do again and again: an order to renew, a press, the worker's rounds."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any

from certificates.models import Order, Request
from certificates.services.renewals import request_new, request_reissue, request_renewal
from certificates.tasks import sweep_requests
from portal.models import Partner
from tests import factories
from tests.certificates.certs import make_csr

TEN = datetime.combine(factories.TODAY, time(10), UTC)


def make_renewable(partner: Partner, **fields: Any) -> Order:
    """A DV order whose key is known and whose window is open: nothing holds its renewal up."""
    fields.setdefault("product", factories.product("ssl_dv_geotrust_flex"))
    fields.setdefault("csr", make_csr(fields.get("common_name", "www.granit-phare.example")))
    return factories.make_order(partner, **fields)


def press(order: Order, **changes: Any) -> Request:
    """Renew now: same product, names and key for a year, unless told otherwise."""
    wish: dict[str, Any] = {
        "product": order.product,
        "term_years": 1,
        "names": order.names,
        "csr": order.csr,
        "actor": None,
        "now": TEN,
    }
    return request_renewal(order, **wish | changes)


def press_reissue(order: Order, **changes: Any) -> Request:
    wish: dict[str, Any] = {"names": order.names, "csr": order.csr, "actor": None, "now": TEN}
    return request_reissue(order, **wish | changes)


def press_new(partner: Partner, **changes: Any) -> Request:
    """A new DV order for a year."""
    wish: dict[str, Any] = {
        "customer": changes.pop("customer", None) or factories.make_customer(partner),
        "product": factories.product("ssl_dv_geotrust_flex"),
        "organization": None,
        "names": ["shop.granit-phare.example"],
        "csr": make_csr("shop.granit-phare.example"),
        "term_years": 1,
        "actor": None,
        "now": TEN,
    }
    return request_new(**wish | changes)


def sweep(times: int = 2) -> None:
    """Let the worker look for work: once to place, once more to fetch what was issued."""
    for _ in range(times):
        sweep_requests()


def fresh(request: Request) -> Request:
    """The row as it stands now."""
    return Request.objects.select_related("order", "result").get(pk=request.pk)
