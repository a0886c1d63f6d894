"""The key an order uses now, and since when: what one is told before using it once more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from certificates.models import Order
from certificates.rules import utc_date
from certificates.x509 import BadRequest, CsrFacts, read_certificate, read_csr

_LONGEST_CHAIN = 10


@dataclass(frozen=True, slots=True)
class PresentKey:
    """The request whose key the order's certificate was made with; `since` is the first day known of its use."""

    csr: CsrFacts
    since: date

    def age_days(self, today: date) -> int:
        return (today - self.since).days


def present_key(order: Order) -> PresentKey | None:
    """The order's present key, or None where its request was not kept or cannot be read."""
    csr = present_csr(order)
    if csr is None:
        return None
    return PresentKey(csr, since=min(_days_of_use(order, csr)))


def present_csr(order: Order) -> CsrFacts | None:
    """The request for that key alone, without a look at how long it is in use: for many orders at once."""
    try:
        return read_csr(order.csr)
    except BadRequest:
        return None


def _days_of_use(order: Order, csr: CsrFacts) -> Iterator[date]:
    yield _first_use(order, csr)
    for earlier in _predecessors(order):
        used = present_csr(earlier)
        if used is None or used.spki_sha256 != csr.spki_sha256:
            return
        yield _first_use(earlier, csr)


def _first_use(order: Order, csr: CsrFacts) -> date:
    """The start of the order's oldest certificate with this key; where none is kept, the day it was ordered."""
    kept = order.certificates.exclude(pem="").values_list("pem", "starts_at")
    with_key = [utc_date(start) for pem, start in kept if read_certificate(pem).spki_sha256 == csr.spki_sha256]
    return min(with_key, default=utc_date(order.placed_at))


def _predecessors(order: Order) -> Iterator[Order]:
    for _ in range(_LONGEST_CHAIN):
        if order.predecessor is None:
            return
        order = order.predecessor
        yield order
