"""The activities about prices, levels, terms and taxes in words: what was done, and what changed by it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db.models import Model
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from certificates.wording import day, years
from offers.models import CustomerTerms, Price, SalesSettings
from offers.services.prices.changing import AMOUNTS
from portal.money import money
from portal.quantities import percentage
from portal.types import StrOrPromise

Facts = Mapping[str, Any]
# Texts longer than this are named, not repeated.
_LONGEST = 60


@dataclass(frozen=True, slots=True)
class _Deed:
    words: StrOrPromise
    level: str = ""
    detail: Callable[[Facts], StrOrPromise] = lambda _facts: ""


def _price(facts: Facts) -> str:
    """ "Gold, 1 year, from 1 January 2027: base price €200.00 → €220.00"; of a new price, its base alone."""
    begins = _day(facts.get("begins", ""))
    sold = _("%(years)s, from %(date)s") % {"years": years(int(facts.get("years", 1))), "date": begins}
    if whose := facts.get("whose"):
        sold = f"{whose}, {sold}"
    changes = ", ".join(_amounts(facts))
    return _labelled(sold, changes) if changes else sold


def _amounts(facts: Facts) -> Iterator[str]:
    before, after, currency = facts.get("before", {}), facts.get("after", {}), str(facts.get("currency", "EUR"))
    for name in (name for name in AMOUNTS.values() if name in {**before, **after}):
        was, becomes = (_money(one.get(name), currency) for one in (before, after))
        if was != becomes and ((before and after) or name == "base"):
            yield f"{_label(Price, name)} {was} → {becomes}"


def _money(text: str | None, currency: str) -> str:
    try:
        return money(Decimal(text), currency) if text is not None else _("nothing")
    except InvalidOperation:
        return str(text)


def _share(facts: Facts) -> str:
    words = ngettext(
        "%(percent)s from %(date)s, %(count)s price in %(currency)s",
        "%(percent)s from %(date)s, %(count)s prices in %(currency)s",
        int(facts.get("prices", 0)),
    )
    share = percentage(Decimal(str(facts.get("percent", "0"))).normalize())
    begins = _day(facts.get("begins", ""))
    return words % {
        "percent": share,
        "date": begins,
        "count": facts.get("prices", 0),
        "currency": facts.get("currency", ""),
    }


def _counted(facts: Facts) -> str:
    number = int(facts.get("prices", 0))
    return ngettext("%(count)s price", "%(count)s prices", number) % {"count": number}


def _imported(facts: Facts) -> str:
    words = _("%(file)s: %(created)s new, %(changed)s changed, %(unchanged)s unchanged")
    counts = {name: facts.get(name, 0) for name in ("created", "changed", "unchanged")}
    return words % {"file": facts.get("file", ""), **counts}


def _left(facts: Facts) -> str:
    customers, prices = int(facts.get("customers", 0)), _counted(facts)
    words = ngettext(
        "%(count)s customer falls back to the list; %(prices)s deleted",
        "%(count)s customers fall back to the list; %(prices)s deleted",
        customers,
    )
    return words % {"count": customers, "prices": prices}


def _renamed(facts: Facts) -> str:
    return f"{facts.get('before', {}).get('name', '')} → {facts.get('after', {}).get('name', '')}"


def _fields(model: type[Model]) -> Callable[[Facts], str]:
    """What of a row was changed, field by field; long texts are only named."""

    def told(facts: Facts) -> str:
        before, after = facts.get("before", {}), facts.get("after", {})
        # A database may keep facts in another order than they were written in.
        names = [field.name for field in model._meta.concrete_fields if field.name in after]
        return ", ".join(_field(model, name, before.get(name), after[name]) for name in names)

    return told


def _field(model: type[Model], name: str, was: Any, becomes: Any) -> str:
    label = _label(model, name)
    if max(len(str(was)), len(str(becomes))) > _LONGEST:
        return label
    return _labelled(label, f"{_value(model, name, was)} → {_value(model, name, becomes)}")


def _labelled(label: str, words: str) -> str:
    return _("%(label)s: %(value)s") % {"label": label, "value": words}


def _value(model: type[Model], name: str, value: Any) -> str:
    choices = dict(getattr(model._meta.get_field(name), "flatchoices", ()))
    return str(choices.get(value, value) or _("nothing"))


def _label(model: type[Model], name: str) -> str:
    return str(getattr(model._meta.get_field(name), "verbose_name", name))


def _rates(facts: Facts) -> str:
    before, after = facts.get("before", {}), facts.get("after", {})
    countries = sorted({**before, **after})
    return ", ".join(_labelled(one, f"{_rate(before.get(one))} → {_rate(after.get(one))}") for one in countries)


def _rate(text: str | None) -> str:
    return _("nothing") if text is None else percentage(Decimal(text).normalize())


def _day(text: str) -> str:
    try:
        return day(date.fromisoformat(text))
    except ValueError:
        return text


DEEDS: Mapping[str, _Deed] = {
    "price.changed": _Deed(gettext_lazy("Price changed"), "", _price),
    "price.dropped": _Deed(gettext_lazy("Price taken back"), "warn", _price),
    "prices.raised": _Deed(gettext_lazy("List prices raised"), "", _share),
    "prices.filled": _Deed(gettext_lazy("Level filled from the list"), "", _share),
    "prices.taken_back": _Deed(gettext_lazy("Change of prices taken back"), "warn", _counted),
    "prices.imported": _Deed(gettext_lazy("Price list imported"), "good", _imported),
    "price_level.added": _Deed(gettext_lazy("Price level added")),
    "price_level.renamed": _Deed(gettext_lazy("Price level renamed"), "", _renamed),
    "price_level.moved": _Deed(gettext_lazy("Price level moved")),
    "price_level.deleted": _Deed(gettext_lazy("Price level deleted"), "warn", _left),
    "terms.changed": _Deed(gettext_lazy("Customer's terms changed"), "", _fields(CustomerTerms)),
    "sales.changed": _Deed(gettext_lazy("Sales settings changed"), "", _fields(SalesSettings)),
    "tax_rates.changed": _Deed(gettext_lazy("Tax rates changed"), "", _rates),
}


def describe(verb: str, facts: Facts) -> tuple[StrOrPromise, StrOrPromise, str]:
    """Words, detail and colour of an activity."""
    deed = DEEDS[verb]
    return deed.words, deed.detail(facts), deed.level
