"""The one layout of all letters of touchpoints: for real mail programs as HTML, and the same facts as text."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from typing import Any

from django.template.loader import get_template
from django.utils.translation import gettext as _

from campaigns.letters.blocks import Block, Item
from campaigns.letters.body import Body, mark, unbroken
from campaigns.liquid import MARKS
from campaigns.rules.keys import Part
from portal import colours, links
from portal.colours import DARK, RGB
from portal.mail.letters import colours_of
from portal.models import Partner
from portal.notices import notices_of
from portal.typography import NO_BREAK_SPACE
from portal.verification import place_of

_SLOTS = ("subject", "preheader", "label", "banner", "note", "body", "closing", "code", "why")
_ADDRESSES = ("preferences_url", "unsubscribe_url")
_MARKED = re.compile(f"{MARKS[0]}([a-z_]+){MARKS[1]}")
_BLANK_LINES = re.compile(r"\n{3,}")
_INDENTED = re.compile(r"\n\s+")
# The band of a letter that cannot wait; white is read on it.
URGENT = "#a8201a", "#ffffff"
# Keeps mail programs from showing the beginning of the letter behind its preheader.
_PADDING = "\u034f\u200c\u00a0" * 60
_TEMPLATES: Mapping[Part, str] = {
    Part.ESSENTIALS: "essentials",
    Part.BUTTON: "button",
    Part.NO_DAY_LOST: "no_day_lost",
    Part.WARNING: "warning",
}


@dataclass(frozen=True, slots=True)
class Look:
    """What all letters of a partner in one language have in common."""

    partner: Partner
    language: str
    house: str
    brand: str
    brand_ink: str
    dark_brand: str
    logo_url: str
    support: str
    postal_address: str
    social: Sequence[tuple[str, str]]
    notices: Sequence[tuple[str, str]]
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What stands around the body of one letter."""

    subject: str
    preheader: str
    label: str
    banner: str
    note: str
    closing: str
    code: str
    why: str
    preferences_url: str
    unsubscribe_url: str


def look_of(partner: Partner, language: str) -> Look:
    """The partner's colours, corrected until they can be read, logo, addresses and notices; the language is active."""
    brand, ink = colours_of(partner.brand_colour)
    written = notices_of(partner, at_home=links.is_answered(partner))
    return Look(
        partner=partner,
        language=language,
        house=partner.name,
        brand=brand,
        brand_ink=ink,
        dark_brand=str(colours.brand_on(DARK, RGB.parse(partner.brand_colour))),
        logo_url=links.address(partner, partner.logo_url) if partner.logo else "",
        support=" · ".join(filter(None, (partner.support_email, together(partner.support_phone)))),
        postal_address=partner.postal_address,
        social=[(one["network"], one["url"]) for one in partner.social_links if one.get("url")],
        notices=[(str(notice.label), links.address(partner, notice.path)) for notice in written],
        place=place_of(partner),
    )


def together(number: str) -> str:
    """A telephone number that no line break parts."""
    return number.replace(" ", NO_BREAK_SPACE)


class Paper:
    """Draws the letters of one partner in one language; what they have in common is drawn once."""

    def __init__(self, look: Look) -> None:
        self.look = look
        self._frames: dict[tuple[str, bool], list[str]] = {}

    def html(self, sheet: Sheet, body: Body, *, is_urgent: bool) -> str:
        """The HTML part."""
        note = (
            f'<p style="margin:8px 0 0;font:400 17px/1.4 Arial,Helvetica,sans-serif">{unbroken(escape(sheet.note))}</p>'
        )
        code = f'<span style="white-space:nowrap">{escape(sheet.code)}</span>'
        slots = {**_escaped(sheet), "body": body.html, "note": note if sheet.note else "", "code": code}
        return _filled(self._frame("html", is_urgent=is_urgent), slots)

    def text(self, sheet: Sheet, body: Body) -> str:
        """The same as text."""
        slots = {name: str(getattr(sheet, name)) for name in sheet.__slots__}
        filled = _filled(self._frame("txt", is_urgent=False), {**slots, "body": body.text})
        return _BLANK_LINES.sub("\n\n", filled).strip() + "\n"

    def _frame(self, kind: str, *, is_urgent: bool) -> list[str]:
        """The pieces of the frame, and between them the names of what is put there."""
        if (kind, is_urgent) not in self._frames:
            look = self.look
            band, band_ink = URGENT if is_urgent else (look.brand, look.brand_ink)
            slots = {name: mark(name) for name in (*_SLOTS, *_ADDRESSES)}
            facts = {
                "look": look,
                "language": look.language,
                "slots": slots,
                "band": band,
                "band_ink": band_ink,
                "padding": _PADDING,
            }
            drawn = get_template(f"emails/touch.{kind}").render(facts)
            self._frames[kind, is_urgent] = _MARKED.split(_INDENTED.sub("\n", drawn) if kind == "html" else drawn)
        return self._frames[kind, is_urgent]


def _escaped(sheet: Sheet) -> dict[str, str]:
    return {name: escape(str(getattr(sheet, name))) for name in sheet.__slots__}


def _filled(pieces: Sequence[str], slots: Mapping[str, str]) -> str:
    return "".join(slots[piece] if at % 2 else piece for at, piece in enumerate(pieces))


# Blocks


def html_of(block: Block, look: Look) -> str:
    """One block as HTML."""
    facts: dict[str, Any] = {"block": block, "look": look, "list": "ol" if block.part is Part.INSTRUCTIONS else "ul"}
    return unbroken(_INDENTED.sub("\n", _draw(_TEMPLATES.get(block.part, "box"))(facts)).strip())


@cache
def _draw(name: str) -> Callable[[dict[str, Any]], str]:
    return get_template(f"emails/touch/{name}.html").render


def text_of(block: Block) -> str:
    """The same as text, every fact of it."""
    colon = _(":")
    lines = [block.title.upper() if block.part is Part.NO_DAY_LOST else block.title] if block.title else []
    lines += block.words
    if block.picture and block.part is Part.WARNING:
        lines.append(f"[{block.picture.alt}]")
    lines += [f"  {label}{colon} {value}" for label, value in block.rows]
    for item in block.items:
        lines += _item_lines(item, colon)
    is_ordered = block.part is Part.INSTRUCTIONS
    lines += [f"{at}. {step}" if is_ordered else f"* {step}" for at, step in enumerate(block.steps, start=1)]
    if block.url:
        lines.append(f"{block.label}{colon}\n{block.url}\n")
    return "\n".join(filter(None, [*lines, block.note]))


def _item_lines(item: Item, colon: str) -> list[str]:
    rows = [f"    {label}{colon} {value}" for label, value in item.rows]
    return [f"\n* {item.host}", *rows, f"    {item.note}" if item.note else "", f"    {item.url}" if item.url else ""]
