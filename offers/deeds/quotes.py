"""What people did with quotes, in words."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from certificates.deeds import Deed
from offers.models.quotes import DeclineReason
from portal.money import money
from portal.types import StrOrPromise

Facts = Mapping[str, Any]


def _sent(facts: Facts) -> StrOrPromise:
    how = _("by e-mail") if facts.get("by_mail") else _("without a letter")
    return f"{_amount(facts)}, {how}"


def _amount(facts: Facts) -> str:
    return money(Decimal(facts.get("gross", "0")), facts.get("currency", "EUR"))


def _person(facts: Facts) -> str:
    named = ", ".join(filter(None, (facts.get("name"), facts.get("role"))))
    if not facts.get("by_telephone"):
        return named
    return _("%(person)s, on the telephone") % {"person": named} if named else _("on the telephone")


def _accepted(facts: Facts) -> StrOrPromise:
    parts = [_person(facts), _amount(facts)]
    if facts.get("purchase_order"):
        parts.append(_("purchase order %(number)s") % {"number": facts["purchase_order"]})
    return " · ".join(filter(None, parts))


def _declined(facts: Facts) -> StrOrPromise:
    reason = dict(DeclineReason.choices).get(facts.get("reason", ""), "")
    return " · ".join(filter(None, (str(reason), _person(facts), str(facts.get("words", "")))))


def _asked(facts: Facts) -> StrOrPromise:
    return " · ".join(filter(None, (_person(facts), str(facts.get("words", "")))))


def _version(facts: Facts) -> StrOrPromise:
    return _("Version %(number)s") % {"number": facts.get("version", "")}


def _batch(facts: Facts) -> StrOrPromise:
    return _("%(quotes)s quotes, %(left_out)s orders left out") % {
        "quotes": facts.get("quotes", 0),
        "left_out": facts.get("left_out", 0),
    }


DEEDS: Mapping[str, Deed] = {
    "quote.drafted": Deed(gettext_lazy("Quote drafted")),
    "quote.changed": Deed(gettext_lazy("Draft of a quote changed")),
    "quote.discarded": Deed(gettext_lazy("Draft of a quote thrown away")),
    "quote.sent": Deed(gettext_lazy("Quote sent"), "", _sent),
    "quote.got": Deed(gettext_lazy("Quote got by the customer"), "good", _accepted),
    "quote.resent": Deed(gettext_lazy("Quote sent again")),
    "quote.link_made": Deed(gettext_lazy("Link to a quote handed out")),
    "quote.viewed": Deed(gettext_lazy("Quote read by the customer")),
    "quote.accepted": Deed(gettext_lazy("Quote accepted"), "good", _accepted),
    "quote.declined": Deed(gettext_lazy("Quote declined"), "bad", _declined),
    "quote.change_asked": Deed(gettext_lazy("Change of a quote asked for"), "warn", _asked),
    "quote.withdrawn": Deed(gettext_lazy("Quote withdrawn"), "warn"),
    "quote.expired": Deed(gettext_lazy("Quote expired"), "warn"),
    "quote.version_begun": Deed(gettext_lazy("New version of a quote begun"), "", _version),
    "quote.document_retried": Deed(gettext_lazy("Document of a quote drawn anew")),
    "quotes.batch_started": Deed(gettext_lazy("Many quotes asked for at once")),
    "quotes.batch_finished": Deed(gettext_lazy("Many quotes made at once"), "good", _batch),
    "quotes.batch_canceled": Deed(gettext_lazy("Making of many quotes cancelled"), "warn"),
    "quotes.batch_retried": Deed(gettext_lazy("Making of many quotes continued")),
}


def describe(verb: str, facts: Facts) -> tuple[StrOrPromise, StrOrPromise, str]:
    """Words, detail and colour of a deed."""
    deed = DEEDS[verb]
    return deed.words, deed.detail(facts), deed.level
