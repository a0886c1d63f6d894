"""Why a quote is not made, sent or answered: one named exception each; pages choose the sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from offers.models import Quote


class Reason(StrEnum):
    """Why a line cannot be quoted, or can no longer be ordered; stored in `QuoteBatch.left_out`."""

    TOO_EARLY = "too_early"  # the renewal opens on `on`
    TOO_LATE = "too_late"  # the renewal closed on `on`
    RENEWED = "renewed"
    RENEWED_ELSEWHERE = "renewed_elsewhere"
    MOVED = "moved"  # another order has taken the place of the certificate, or will
    NOT_ISSUED = "not_issued"
    NOT_CONNECTED = "not_connected"
    NO_PRICE = "no_price"
    NO_PRODUCT = "no_product"
    TERM_NOT_OFFERED = "term_not_offered"
    WILDCARD = "wildcard"
    NO_WILDCARD = "no_wildcard"  # the product is sold for wildcards alone
    ONE_NAME = "one_name"
    BAD_NAME = "bad_name"
    NO_ORGANIZATION = "no_organization"
    OFFER_USED_UP = "offer_used_up"
    ANOTHER_CUSTOMER = "another_customer"
    NO_ADDRESS = "no_address"  # nobody at the customer can be written to


@dataclass(frozen=True, slots=True, kw_only=True)
class LineProblem:
    """One line that stands in the way: what it is called ("15678931 · www.example.org"), and why."""

    reason: Reason
    order: int | None = None  # primary key
    certificate: int | None = None  # primary key
    number: str = ""  # of the order
    host: str = ""
    on: date | None = None  # from when, or since when
    detail: str = ""  # the names or the product concerned

    def to_json(self) -> dict[str, str]:
        """As `QuoteBatch.left_out` keeps it."""
        return {
            "reason": self.reason.value,
            "number": self.number,
            "host": self.host,
            "on": self.on.isoformat() if self.on else "",
            "detail": self.detail,
        }


class QuoteRefused(Exception):
    """Nothing was changed, and nothing left the house."""


class LinesRefused(QuoteRefused):
    """Some lines cannot be quoted: `problems` says which, and why."""

    def __init__(self, problems: Sequence[LineProblem]) -> None:
        super().__init__(", ".join(f"{one.number or one.host}: {one.reason}" for one in problems))
        self.problems = tuple(problems)


class QuoteNoLongerHolds(LinesRefused):
    """Some lines can no longer be ordered as quoted (renewed meanwhile, ...): nothing was ordered at all."""


class NothingToQuote(QuoteRefused):
    """A quote without a line is none."""


class TooManyLines(QuoteRefused):
    """More lines than anybody reads: make several quotes."""


class ValidityPast(QuoteRefused):
    """Its last day is over before it is sent."""


class QuoteMovedOn(QuoteRefused):
    """The quote is no longer in a state in which this could be done; `quote` is as it stands now."""

    def __init__(self, quote: Quote) -> None:
        super().__init__(f"{quote} {quote.state}")
        self.quote = quote


class QuoteExpired(QuoteMovedOn):
    """Its last day is over; a new version can be sent."""


class TermsNotAccepted(QuoteRefused):
    """Without the terms of sale there is no agreement."""


class NobodyToSendTo(QuoteRefused):
    """The quote names no contact who can be reached by e-mail."""


class AnswerMissing(QuoteRefused):
    """`field` says what an answer lacks: a name, or words."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field
