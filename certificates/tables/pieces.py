"""The pieces of a row: translated and looked up once per page, so that each cell only joins text.

Text is escaped by the standard library here: many times faster than Django's `escape`, and the same for `str`.
"""

from __future__ import annotations

from functools import cache
from html import escape

from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext

from certificates import wording
from certificates.tables.actions import Offer, RowAction
from certificates.x509.names import display_name
from portal.lists.links import RowUrl, row_urls, row_urls_above
from portal.templatetags.portal_tags import icon, pill, switch

_URL, _KEY, _LABEL = "@url@", "@key@", "@label@"


def urgency_pill(days: int) -> SafeString:
    """Days left as a pill: icon, words and colour say the same."""
    return pill(*wording.ending(days))


def notices_switch(url: str, pk: int, *, on: bool, label: str) -> SafeString:
    """The switch of an order's renewal notices; it answers a press with itself as it is then."""
    return switch(url, on=on, label=label, key=f"notices-{pk}")


def action_in_words(action: RowAction) -> SafeString:
    """What could be done, or why it cannot and from when, where there is no button to press."""
    day = wording.day(action.on) if action.on else ""
    level, words = {
        Offer.RENEW: ("good", gettext("Renewal is open")),
        Offer.REISSUE: ("good", gettext("Reissue is due")),
        Offer.HOLD: ("warn", gettext("Validation due")),
        Offer.IN_HAND: ("note", gettext("In hand")),
        Offer.OPENS: ("calm", gettext("Opens on %(date)s") % {"date": day}),
        Offer.CLOSED: ("plain", gettext("Closed on %(date)s") % {"date": day}),
        Offer.UNKNOWN: ("plain", gettext("No rules known")),
    }[action.offer]
    return pill(level, words)


def sub(words: str) -> str:
    """A second line in a cell."""
    return f'<span class="sub">{escape(words)}</span>'


def host(name: str) -> str:
    """A host name as people read it."""
    return f'<span class="host">{escape(display_name(name) if "xn--" in name else name)}</span>'


class Pieces:
    """What only numbers and names change from row to row."""

    def __init__(self) -> None:
        self.order_url, self.quick_url = row_urls("certificates:order"), row_urls("certificates:quick_view")
        self.customer_url = row_urls("certificates:customer")
        self.notices_url = row_urls("certificates:order_notices")
        self.quick_view = escape(gettext("Quick view"))
        self.on, self.off = pill("good", gettext("On")), pill("plain", gettext("Off"), "bell-slash")
        self.off_for_customer = pill("plain", gettext("Off for the customer"), "bell-slash")
        by_itself = escape(gettext("renews by itself"))
        self.renews_itself = f'<span class="sub">{icon("arrow-repeat")}{by_itself}</span>'
        self.no_wildcard = pill("warn", gettext("EV holds no wildcard"))
        self._notices_label = gettext("Renewal notices for order %(number)s")
        self._switches = {on: switch(_URL, on=on, label=_LABEL, key=_KEY) for on in (True, False)}
        self._buttons: dict[Offer, tuple[RowUrl | None, str]] = {
            Offer.RENEW: (row_urls_above("offers:renew"), escape(gettext("Renew now"))),
            Offer.REISSUE: (row_urls_above("offers:reissue"), escape(gettext("Reissue"))),
        }
        self._held = escape(gettext("Validation due"))
        self.term = cache(lambda years: sub(wording.years(years)))
        self.more_names = cache(self._more_names)
        self.said = cache(action_in_words)
        self.answer = cache(lambda until: SafeString(f'<span class="sub">{pill(*wording.answer(until))}</span>'))

    def order(self, pk: int, number: str) -> SafeString:
        number = escape(number)
        return SafeString(
            f'<a class="order-number" href="{self.order_url(pk)}">{number}</a>'
            f'<a class="quick-view" href="{self.quick_url(pk)}" data-quick-view="{pk}">{self.quick_view}'
            f'<span class="visually-hidden"> {number}</span></a>'
        )

    def customer(self, pk: int, name: str) -> SafeString:
        return SafeString(f'<a class="row-link" href="{self.customer_url(pk)}">{escape(name)}</a>')

    def product(self, name: str, years: int) -> SafeString:
        return SafeString(f"{escape(name)}{self.term(years)}")

    @staticmethod
    def _more_names(count: int) -> str:
        return sub(ngettext("and %(count)s more name", "and %(count)s more names", count) % {"count": count})

    def notices(self, pk: int, number: str, *, on: bool) -> SafeString:
        """As `notices_switch`, made from a pattern."""
        label = escape(self._notices_label % {"number": number})
        pattern = self._switches[on].replace(_URL, self.notices_url(pk)).replace(_KEY, f"notices-{pk}")
        return SafeString(pattern.replace(_LABEL, label))

    def action(self, pk: int, number: str, action: RowAction) -> SafeString:
        """The button of what can be done now; else the words that say why not, and from when."""
        if action.offer is Offer.HOLD:
            opens = f'class="btn btn-sm btn-hold" data-quick-view="{pk}"'
            return self._link(self.quick_url(pk), self._held, number, opens)
        url, words = self._buttons.get(action.offer, (None, ""))
        return self._link(url(pk), words, number) if url else self.said(action)

    @staticmethod
    def _link(url: str, words: str, number: str, attributes: str = 'class="btn btn-sm"') -> SafeString:
        about = f'<span class="visually-hidden"> {escape(number)}</span>'
        return SafeString(f'<a href="{url}" {attributes}>{words}{about}</a>')
