"""Whether a VAT number has the form and the check digits that its country gives out; nobody is asked."""

from __future__ import annotations

from enum import StrEnum

from offers.rules.taxes import EUROPEAN_UNION, VAT_PREFIXES


class Form(StrEnum):
    NONE = "none"
    RIGHT = "right"
    WRONG = "wrong"
    OTHER_COUNTRY = "other_country"
    UNKNOWN = "unknown"


def form_of(number: str, country: str) -> Form:
    """Of a number as people write it, with or without spaces: FR 40 303265045 in FR is right, in DE another's.

    Without a country, the number's own letters say which.
    """
    from stdnum import get_cc_module  # it looks for the module of each country when first asked

    plain = "".join(number.upper().replace(".", "").replace("-", "").split())
    if not plain:
        return Form.NONE
    country = country or _country_of(plain)
    prefix = VAT_PREFIXES.get(country, country)
    if country in EUROPEAN_UNION and not plain.startswith(prefix):
        return Form.OTHER_COUNTRY if plain[:2].isalpha() else Form.WRONG
    module = get_cc_module(country.lower(), "vat") if country else None
    if module is None:
        return Form.UNKNOWN
    return Form.RIGHT if module.is_valid(plain) else Form.WRONG


def _country_of(plain: str) -> str:
    """The member of the Union whose letters a number begins with; nothing for another."""
    return next((one for one in EUROPEAN_UNION if plain.startswith(VAT_PREFIXES.get(one, one))), "")
