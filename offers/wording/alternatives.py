"""What an offer gives for more than an order holds, in a few words, and where it is chosen."""

from __future__ import annotations

from urllib.parse import urlencode

from django.utils.translation import gettext, ngettext

from certificates.wording import years
from offers.rules.alternatives import Alternative
from offers.rules.discounts import OfferKind
from offers.wording.sums import share_off
from portal.money import money

NAMES_FIELD = "#id_names"


def alternative_words(one: Alternative) -> str:
    """Secure Site Pro, 20% off; Secure Site Pro at the present price; 2 years, 5% off; 3 more names free."""
    if one.is_whole and one.kind == OfferKind.UPGRADE_SAME_PRICE:
        return gettext("%(product)s at the present price") % {"product": one.name}
    if one.is_whole and one.names:
        words = ngettext("%(names)s more name free", "%(names)s more names free", one.names)
        return words % {"names": one.names}
    facts = {"choice": _choice(one), "discount": share_off(one.saving, one.price)}
    return gettext("%(choice)s, %(discount)s") % facts


def _choice(one: Alternative) -> str:
    if one.name:
        return one.name
    if one.years:
        return years(one.years)
    return ngettext("%(names)s more name", "%(names)s more names", one.names) % {"names": one.names}


def price_words(one: Alternative, currency: str) -> str:
    """€399.20 instead of €499.00."""
    facts = {"net": money(one.price - one.saving, currency), "price": money(one.price, currency)}
    return gettext("%(net)s instead of %(price)s") % facts


def movable_words(number: int) -> str:
    """3 certificates of other authorities to move."""
    words = ngettext(
        "%(number)s certificate of another authority to move",
        "%(number)s certificates of other authorities to move",
        number,
    )
    return words % {"number": number}


def renewal_query(one: Alternative) -> str:
    """What follows the address of the renew page, so that the choice is made there: "?product=ssl_securesite_pro".

    Names are for the customer to say: the link leads to where they are typed.
    """
    if one.names:
        return NAMES_FIELD
    return f"?{urlencode({'product': one.product} if one.product else {'term_years': one.years})}"
