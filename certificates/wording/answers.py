"""What an authority said when it refused, in the reader's language where its words are known."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from certificates.x509 import Code
from portal.types import StrOrPromise

# The embedded authority refuses in these words, and will again until something else is asked for.
_REFUSALS: Mapping[str, StrOrPromise] = {
    "a wildcard is not validated by a file": _(
        "A name with a wildcard cannot be proved by a file on the server. Ask for names without a wildcard, "
        "or request a new certificate, which is proved by a DNS record."
    ),
    "an EV certificate holds no wildcard": _("An EV certificate holds no wildcard. Ask for names without one."),
    "an order runs 3 years at most": _("An order runs 3 years at most."),
    "an order runs at least a day": _("An order runs at least a day."),
    "no such level of validation": _("The authority does not know this level of validation."),
    "the organisation's name and country are needed": _("The name and the country of the organisation are needed."),
    "a field of the organisation does not fit a certificate": _(
        "Something about the organisation is longer than a certificate can hold."
    ),
    "the order has ended": _("The order has ended."),
    "the renewed order is unknown here, and nobody says when it ends": _(
        "The authority does not know the order to be renewed, nor when it ends."
    ),
    "nothing is pending under this order": _("Nothing is pending under this order any more."),
    "not_found|order": _("The authority knows no such order."),
    "not_found|certificate": _("The authority knows no such certificate."),
}
# A request that was refused is told as "code: reason".
_CODES: Mapping[str, StrOrPromise] = {
    Code.NOT_A_CSR: _("The authority cannot read the request (CSR)."),
    Code.BAD_SIGNATURE: _("The request (CSR) is not signed by its own key."),
    Code.WEAK_KEY: _("The authority does not accept the key of the request (CSR)."),
    Code.BAD_NAME: _("One of the names is no host name that a certificate can hold."),
    Code.TOO_MANY_NAMES: _("A certificate does not hold so many names."),
    Code.TOO_LARGE: _("The request (CSR) is larger than the authority takes."),
}
# These may be over the next time.
_PASSING: Mapping[str, StrOrPromise] = {
    "no answer in time": _("The authority did not answer in time."),
    "request_limit_exceeded": _("The authority was asked too often and wants to be left alone for a while."),
    "access_denied|access_denied_invalid_key": _("The authority does not accept the key of the connection."),
}


def told(error: str) -> str:
    """The authority's words as a sentence, or as they came where they are not known here."""
    return str(_refusal(error) or _PASSING.get(error) or error)


def will_be_refused_again(error: str) -> bool:
    """Whether asking for the same once more is known to be in vain."""
    return _refusal(error) is not None


def _refusal(error: str) -> StrOrPromise | None:
    code, _colon, reason = error.partition(": ")
    return _REFUSALS.get(error) or (_CODES.get(code) if reason else None)
