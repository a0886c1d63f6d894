"""Filters of a list: read from its address, shown as chips, each taken back by one click."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import django_filters
from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from portal.lists.address import Address
from portal.types import StrOrPromise

Choices = Sequence[tuple[Any, StrOrPromise]] | Callable[[], Sequence[tuple[Any, StrOrPromise]]]


# The menu of the filters that are used more rarely.
MORE = "more"


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter in use, or a quick one to use; its link turns it off, or on."""

    label: StrOrPromise
    url: str


class AnyOf(django_filters.MultipleChoiceFilter):  # type: ignore[misc]
    """Rows whose column holds one of the chosen values, in one IN and without DISTINCT."""

    def __init__(self, *, choices: Choices, **options: Any) -> None:
        options.setdefault("widget", forms.CheckboxSelectMultiple)
        super().__init__(choices=choices, **options)

    def filter(self, qs: QuerySet[Any], value: Sequence[str]) -> QuerySet[Any]:
        return qs.filter(**{f"{self.field_name}__in": value}) if value else qs


def one_of(choices: Choices, **options: Any) -> django_filters.ChoiceFilter:
    """A choice of one value, none chosen at first."""
    return django_filters.ChoiceFilter(choices=choices, empty_label=_("All"), **options)


class ListFilters(django_filters.FilterSet):  # type: ignore[misc]
    """The filters of a list. Values nobody offers are refused by the form and filter nothing.

    Those named in `rare` share one menu, "More".
    """

    rare: ClassVar[Sequence[str]] = ()

    @classmethod
    def menus(cls) -> dict[str, StrOrPromise]:
        """The menus above the list, by name, with their labels."""
        own = {name: one.label for name, one in cls.base_filters.items() if name not in cls.rare}
        return {**own, MORE: _("More")} if cls.rare else own

    @classmethod
    def names_in(cls, menu: str) -> Sequence[str]:
        """The filters of a menu."""
        return cls.rare if menu == MORE else (menu,)

    def in_use(self) -> dict[str, Any]:
        """The cleaned values that narrow the list, by filter."""
        if not self.is_bound:
            return {}
        self.form.is_valid()
        return {name: value for name, value in self.form.cleaned_data.items() if value not in (None, "", [])}

    def chips(self, address: Address) -> list[Chip]:
        """One chip per filter in use; its link shows the list without it."""
        return [Chip(self.words(name, value), address.but(**{name: None})) for name, value in self.in_use().items()]

    def words(self, name: str, value: Any) -> StrOrPromise:
        """A filter in use in words: "Product: Secure Site OV"."""
        label = self.filters[name].label
        return _("%(filter)s: %(value)s") % {"filter": label, "value": self._value_in_words(name, value)}

    def _value_in_words(self, name: str, value: Any) -> str:
        choices: Mapping[str, StrOrPromise] = {
            str(key): words for key, words in getattr(self.form.fields[name], "choices", ())
        }
        chosen = value if isinstance(value, list | tuple) else [value]
        return ", ".join(str(choices.get(str(one), one)) for one in chosen)
