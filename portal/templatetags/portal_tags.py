"""Small pieces that templates and table columns share: icons, pills, switches, table rows, drawn bars."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from functools import cache
from typing import Any

from django import template
from django.contrib.messages.storage.base import Message
from django.forms.utils import flatatt
from django.http import QueryDict
from django.template import RequestContext
from django.templatetags.static import static
from django.utils.formats import localize
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from portal import drawings
from portal import money as moneys
from portal.types import StrOrPromise

register = template.Library()

PILL_ICONS = {
    "bad": "exclamation-octagon",
    "warn": "exclamation-triangle",
    "note": "clock",
    "calm": "calendar3",
    "good": "check-circle",
    "brand": "tag",
}
ALERT_ICONS = {
    "error": "exclamation-octagon",
    "bad": "exclamation-octagon",
    "warning": "exclamation-triangle",
    "warn": "exclamation-triangle",
    "success": "check-circle",
    "good": "check-circle",
}
# What places a keyset page; a new order of rows begins at the first page.
PLACE_KEYS = ("after", "before", "end", "quick")
# The capital of a word that is neither the first nor an abbreviation.
_LATER_CAPITAL = re.compile(r"(?<=[ -])[A-Z](?=[a-z])")


@cache
def _sprite() -> str:
    return static("frontend/icons.svg")


@register.simple_tag
def icon(name: str, label: StrOrPromise = "") -> SafeString:
    """A symbol of the sprite, the size of the text; silent unless it is given a label."""
    return _drawing(name, format_html('role="img" aria-label="{}"', label)) if label else _silent(name)


@cache
def _silent(name: str) -> SafeString:
    return _drawing(name, mark_safe('aria-hidden="true"'))


def _drawing(name: str, spoken: SafeString) -> SafeString:
    return format_html('<svg class="icon" {}><use href="{}#{}"/></svg>', spoken, _sprite(), name)


@register.simple_tag
def pill(level: str, words: StrOrPromise, icon_name: str = "") -> SafeString:
    """A state or an urgency: its icon, its words, its colour (bad, warn, note, calm, good, brand, plain)."""
    name = icon_name or PILL_ICONS.get(level, "")
    return format_html('<span class="pill pill-{}">{}{}</span>', level, icon(name) if name else "", words)


@register.simple_tag
def switch(url: str, *, on: bool, label: StrOrPromise, key: str, name: str = "on") -> SafeString:
    """A switch saved at once: a press posts `name` as 1 or 0; the answer is the switch as it is then."""
    return format_html(
        '<button class="switch" id="{}" type="submit" role="switch" aria-checked="{}" aria-label="{}" '
        'name="{}" value="{}" form="row-actions" formaction="{}" '
        'hx-post="{}" hx-target="this" hx-swap="outerHTML"></button>',
        key,
        "true" if on else "false",
        label,
        name,
        "0" if on else "1",
        url,
        url,
    )


@register.simple_tag
def copy_button(text: str, label: StrOrPromise) -> SafeString:
    """A button that puts the text on the clipboard; hidden where scripts do not run."""
    return format_html(
        '<button class="copy needs-script" type="button" data-copy="{}" aria-label="{}">{}</button>',
        text,
        label,
        icon("copy"),
    )


@register.filter
def sentence_case(words: str) -> str:
    """An English heading in title case as a sentence: "Two-Factor Authentication" -> "Two-factor authentication".

    The pages of the sign-in library bring their headings along. Abbreviations, other languages, and whatever is a
    sentence already are left alone.
    """
    parts = str(words).split()
    is_title = all(part[0].isupper() for part in parts) and (get_language() or "en").startswith("en")
    if not is_title:
        return words
    return _LATER_CAPITAL.sub(lambda capital: capital[0].lower(), " ".join(parts))


@register.filter
def initials(name: str) -> str:
    """Two letters for a round mark: RP for Relais Partner."""
    words = [word for word in str(name).split() if word[0].isalnum()]
    return "".join(word[0] for word in words[:2]).upper()


@register.filter
def money(amount: Decimal | None, currency: str) -> str:
    """`{{ quote.net|money:quote.currency }}` in the active language; nothing for None."""
    return "" if amount is None else moneys.money(amount, currency)


@register.filter
def alert_icon(level: str) -> str:
    return ALERT_ICONS.get(level, "info-circle")


@register.filter
def undo_url(message: Message) -> str:
    """The address that takes a message's deed back, from its extra tag "undo:<address>"; else nothing."""
    marks = (mark.partition(":") for mark in (message.extra_tags or "").split())
    return next((address for name, _, address in marks if name == "undo"), "")


@register.simple_tag(takes_context=True)
def sort_url(context: RequestContext, column: Any) -> str:
    """This page, sorted by the column, or the other way round where it already is; back at the first rows."""
    table = column._table
    query: QueryDict = context["request"].GET.copy()
    for key in PLACE_KEYS:
        query.pop(key, None)
    query[table.prefixed_order_by_field] = str(column.order_by_alias.next)
    return f"?{query.urlencode()}"


@register.simple_tag
def table_body(table: Any) -> SafeString:
    """Rows of a django-tables2 table. Cell attributes are constants; a row's may be made from its record."""
    openings = [_opening(column) for column in table.columns]
    rows = (_row(table, row, openings) for row in table.paginated_rows)
    return mark_safe("".join(rows))  # noqa: S308 - every cell and attribute is escaped


def _opening(column: Any) -> str:
    attributes = dict(column.column.attrs.get("td", {}))
    if label := str(column.verbose_name).strip():
        attributes["data-label"] = label
    return f"<td{flatatt(attributes)}>"


def _row(table: Any, row: Any, openings: Sequence[str]) -> str:
    attributes = flatatt(_row_attributes(table.row_attrs, row.record)) if table.row_attrs else ""
    cells = (f"{opening}{_cell(cell)}</td>" for opening, (_, cell) in zip(openings, row.items(), strict=True))
    return f"<tr{attributes}>{''.join(cells)}</tr>"


def _row_attributes(attributes: Mapping[str, Any], record: Any) -> dict[str, Any]:
    return {name: value(record) if callable(value) else value for name, value in attributes.items()}


def _cell(value: Any) -> str:
    if type(value) is SafeString:
        return value
    return conditional_escape(value if isinstance(value, str) else localize(value))


@register.inclusion_tag("partials/days_bar.html")
def days_bar(parts: Sequence[drawings.Part], label: StrOrPromise, look: str = "") -> dict[str, Any]:
    """Days to scale with a legend in words; `label` says in one sentence what is drawn."""
    legend = [part for part in parts if part.figure or part.words]
    return {"label": label, "look": look, "shapes": drawings.parts_to_scale(parts), "legend": legend}


@register.inclusion_tag("partials/ends_bar.html")
def ends_bar(rows: Sequence[drawings.Row], marks: Iterable[drawings.Mark], label: StrOrPromise) -> dict[str, Any]:
    """Periods under one another on one scale of days, crossed by the marks."""
    marks = sorted(marks, key=lambda mark: mark.on)
    scale = drawings.Scale.around(rows, marks)
    drawn = [{"name": row.name, "shapes": [scale.shape(period) for period in row.periods]} for row in rows]
    return {
        "label": label,
        "first": scale.first,
        "last": scale.last,
        "rows": drawn,
        "lines": [scale.line(mark) for mark in marks],
        "marks": marks,
    }
