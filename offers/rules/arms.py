"""Which orders a trial is made on: drawn once for each order, so that it stays in its arm for life.

An offer tried on 20 % of its orders is for those whose number, drawn from 0 to 9,999 by the offer's key and the order's
chain, lies below 2,000. The chain is the key of the first order of a line of renewals: neither the day nor a renewal
moves an order to the other arm, another offer draws anew, and a larger share only adds orders.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b

ALL = 100
_NUMBERS = 10_000


@dataclass(frozen=True, slots=True)
class Trial:
    """An offer that is tried: its own key, and on how many of a hundred orders (1 to 100)."""

    key: int
    percent: int

    def is_on(self, chain: int | None) -> bool:
        """Whether the orders of the chain get the offer; None stands for what is no renewal: it is not held back."""
        return self.percent >= ALL or chain is None or drawn(self.key, chain) < self.percent * _NUMBERS // 100


def drawn(key: int, chain: int) -> int:
    """The number of a chain of orders for an offer: from 0 to 9,999, each as likely as the next."""
    digest = blake2b(f"{key}:{chain}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) % _NUMBERS
