"""Quotes: drafted, sent under a number without gaps, answered once, and never changed after they were sent.

Every verb takes the quote as the caller knows it, looks at it again under its lock, and returns it as it stands then.
"""

from offers.services.quotes.answering import (
    accept_quote,
    ask_for_change,
    decline_quote,
    expire_quotes,
    view_quote,
    withdraw_quote,
)
from offers.services.quotes.drafting import (
    LineWish,
    change_draft,
    code_of,
    default_contact,
    discard_draft,
    draft_quote,
    due_orders,
    further_wishes,
    lines_of,
    preview_draft,
    sort_out,
    wishes_of,
)
from offers.services.quotes.links import PURPOSE, make_quote_link, newest_version, quote_of_link
from offers.services.quotes.refusals import (
    AnswerMissing,
    LineProblem,
    LinesRefused,
    NobodyToSendTo,
    NothingToQuote,
    QuoteExpired,
    QuoteMovedOn,
    QuoteNoLongerHolds,
    QuoteRefused,
    Reason,
    TermsNotAccepted,
    TooManyLines,
    ValidityPast,
)
from offers.services.quotes.sending import fresh_link, resend_quote, send_quote
from offers.services.quotes.snapshots import stored_snapshot
from offers.services.quotes.versions import gone_of, left_out, new_version, versions_of

__all__ = [
    "PURPOSE",
    "AnswerMissing",
    "LineProblem",
    "LineWish",
    "LinesRefused",
    "NobodyToSendTo",
    "NothingToQuote",
    "QuoteExpired",
    "QuoteMovedOn",
    "QuoteNoLongerHolds",
    "QuoteRefused",
    "Reason",
    "TermsNotAccepted",
    "TooManyLines",
    "ValidityPast",
    "accept_quote",
    "ask_for_change",
    "change_draft",
    "code_of",
    "decline_quote",
    "default_contact",
    "discard_draft",
    "draft_quote",
    "due_orders",
    "expire_quotes",
    "fresh_link",
    "further_wishes",
    "gone_of",
    "left_out",
    "lines_of",
    "make_quote_link",
    "new_version",
    "newest_version",
    "preview_draft",
    "quote_of_link",
    "resend_quote",
    "send_quote",
    "sort_out",
    "stored_snapshot",
    "versions_of",
    "view_quote",
    "wishes_of",
    "withdraw_quote",
]
