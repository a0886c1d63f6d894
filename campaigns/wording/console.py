"""What messages in the console say, and what was done about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from campaigns.models import Message
from campaigns.services.console import Ends, Item, Own, Urgency
from certificates import wording
from portal.types import StrOrPromise

LEVELS: Mapping[str, str] = {Urgency.URGENT: "bad", Urgency.SOON: "warn", Urgency.CALM: "note"}
ICONS: Mapping[str, str] = {
    Urgency.URGENT: "exclamation-octagon",
    Urgency.SOON: "hourglass-split",
    Urgency.CALM: "info-circle",
}
DEEDS: Mapping[str, tuple[StrOrPromise, str]] = {
    "message.published": (gettext_lazy("Message written"), "good"),
    "message.changed": (gettext_lazy("Message changed"), ""),
    "message.withdrawn": (gettext_lazy("Message taken back"), "warn"),
    "message.restored": (gettext_lazy("Message shown again"), "good"),
}


@dataclass(frozen=True, slots=True)
class Told:
    """A message for reading; `url` leads to what it asks for."""

    key: str
    level: str
    icon: str
    urgency: StrOrPromise
    title: str
    text: str
    url: str
    action: str
    is_read: bool


def tell(item: Item) -> Told:
    """The message in the active language."""
    title, text, url, action = _own(item.message) if isinstance(item, Own) else _ends(item)
    level, icon = LEVELS[item.urgency], ICONS[item.urgency]
    return Told(item.key, level, icon, item.urgency.label, title, text, url, action, item.is_read)


def words_of(message: Message) -> tuple[str, str]:
    """Title and text in the active language, else in the one in which they are written."""
    french = get_language() == "fr"
    pairs = [(message.title_en, message.text_en), (message.title_fr, message.text_fr)]
    return next(pair for pair in (reversed(pairs) if french else pairs) if pair[0])


def _own(message: Message) -> tuple[str, str, str, str]:
    return (*words_of(message), "", "")


def _ends(item: Ends) -> tuple[str, str, str, str]:
    count, first = len(item.notices), item.notices[0]
    facts = {"count": count, "host": wording.host(first.order), "date": wording.day(item.first_day)}
    if first.certificate_id:
        url = reverse("certificates:home") if count > 1 else _page("home_reissue", first.order_id)
        return (
            _reissue_title(item) % facts,
            _("A reissue is included in the order: it costs nothing."),
            url,
            _("Reissue"),
        )
    url = reverse("offers:home_due") if count > 1 else _page("home_renew", first.order_id)
    return _renewal_title(item) % facts, _renewal_text(item), url, _("Renew")


def _page(name: str, order: int) -> str:
    return reverse(f"offers:{name}", args=[order])


def _has_ended(item: Ends) -> bool:
    return item.first_day < item.today


def _renewal_title(item: Ends) -> str:
    if len(item.notices) == 1:
        return _("%(host)s ended on %(date)s") if _has_ended(item) else _("%(host)s ends on %(date)s")
    if _has_ended(item):
        return ngettext(
            "%(count)s order to renew, the first ended on %(date)s",
            "%(count)s orders to renew, the first ended on %(date)s",
            len(item.notices),
        )
    return ngettext(
        "%(count)s order to renew, the first ends on %(date)s",
        "%(count)s orders to renew, the first ends on %(date)s",
        len(item.notices),
    )


def _renewal_text(item: Ends) -> str:
    if _has_ended(item):
        return _("Visitors see a warning until a new certificate is installed. It is ordered with one press.")
    return _("Renew early: whatever is left is added to the new order, so you lose no day.")


def _reissue_title(item: Ends) -> str:
    if len(item.notices) == 1:
        return _("The certificate of %(host)s ends on %(date)s; the order runs on")
    return ngettext(
        "%(count)s certificate to reissue, the first ends on %(date)s",
        "%(count)s certificates to reissue, the first ends on %(date)s",
        len(item.notices),
    )


def describe(verb: str, facts: Mapping[str, Any]) -> tuple[StrOrPromise, StrOrPromise, str]:
    """Words, detail and colour of an activity about a message."""
    words, level = DEEDS[verb]
    to = facts.get("to") or _("every customer")
    return words, f"{facts.get('title', '')} → {to}", level
