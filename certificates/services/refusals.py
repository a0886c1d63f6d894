"""Why something that was asked for is not done: one named exception each; pages choose the sentence."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

    from certificates.models import Product, Request


class RequestRefused(Exception):
    """Nothing was stored, and nobody was asked."""


class AlreadyInHand(RequestRefused):
    """The same was asked before; `request` is how far that has come."""

    def __init__(self, request: Request) -> None:
        super().__init__(request.pk)
        self.request = request


class AlreadyRenewed(AlreadyInHand):
    """The order has a renewal that is open or issued."""


class AlreadyReissuing(AlreadyInHand):
    """The order has a reissue that is still open."""


class AlreadyOrdered(AlreadyInHand):
    """The same new order was asked for a moment ago: the same press, sent twice."""


class AlreadyMoved(AlreadyInHand):
    """An order that is open or issued takes the place of the certificate already."""


class Obstacle(StrEnum):
    """What stands in the way of renewing or reissuing an order."""

    NOT_ISSUED = "not_issued"
    RENEWED = "renewed"  # the authority said so; no request of ours did it
    MARKED_ELSEWHERE = "marked_elsewhere"
    ENDED = "ended"
    NOT_CONNECTED = "not_connected"


class OrderNotRenewable(RequestRefused):
    """The order, as it is, can be neither renewed nor reissued, or not in the way asked for."""

    def __init__(self, obstacle: Obstacle) -> None:
        super().__init__(obstacle)
        self.obstacle = obstacle


class NotConnected(OrderNotRenewable):
    """The partner has no connection over which this could be asked."""

    def __init__(self) -> None:
        super().__init__(Obstacle.NOT_CONNECTED)


class WishRefused(RequestRefused):
    """Something of what was asked for cannot be had; asked for otherwise, it could."""


class ProductNotOffered(WishRefused):
    """The product is no longer sold."""


class TermNotOffered(WishRefused):
    """The product is sold for 1 to `longest` years."""

    def __init__(self, longest: int) -> None:
        super().__init__(longest)
        self.longest = longest


class NamesNotHeld(WishRefused):
    """The product cannot hold these `names`."""

    def __init__(self, product: Product, names: Sequence[str]) -> None:
        super().__init__(product.name_id, list(names))
        self.product = product
        self.names = tuple(names)


class WildcardRefused(NamesNotHeld):
    """The product holds no wildcard; no EV product does."""


class OneNameOnly(NamesNotHeld):
    """The product holds a single name."""


class OrganizationMissing(WishRefused):
    """The product names an organisation, and none is known."""


class TooEarlyToMark(RequestRefused):
    """An order is marked renewed elsewhere from `opens_on` on, not before."""

    def __init__(self, opens_on: date) -> None:
        super().__init__(opens_on)
        self.opens_on = opens_on


class MovedOn(RequestRefused):
    """The request is no longer in the state in which this could be done; `request` is as it stands now."""

    def __init__(self, request: Request) -> None:
        super().__init__(request.pk)
        self.request = request


class NothingToDownload(RequestRefused):
    """Only the certificate's facts were imported, not the certificate, or not its chain."""
