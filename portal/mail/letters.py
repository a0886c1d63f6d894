"""Letters are written by three small templates: a subject, a text that is a real letter, and the same as HTML."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from portal import colours, links
from portal.codes import new_code
from portal.colours import LIGHT, RGB
from portal.models import Partner
from portal.models.partners import DEFAULT_BRAND_COLOUR
from portal.notices import notices_of
from portal.verification import place_of

_BLANK_LINES = re.compile(r"\n(?:[ \t]*\n)+")


@dataclass(frozen=True, slots=True)
class Words:
    """A letter ready to be queued; `code` is what stands at its foot for whoever asks whether we sent it."""

    subject: str
    text: str
    html: str = ""
    code: str = ""


def render(
    template: str,
    context: Mapping[str, Any],
    *,
    language: str,
    partner: Partner | None = None,
    bears_code: bool = False,
) -> Words:
    """Fill `<template>_subject.txt`, `_message.txt` and `_message.html` in the language, in the partner's colours.

    A letter to a customer `bears_code`, unless it brings a code of another kind; hand it to the outbox with the words.
    """
    code = new_code() if partner and bears_code else ""
    with translation.override(language):
        known = {**context, **_frame(partner), "foot": _foot(partner, code)}
        return Words(
            subject=" ".join(render_to_string(f"{template}_subject.txt", known).split()),
            text=_BLANK_LINES.sub("\n\n", render_to_string(f"{template}_message.txt", known)).strip() + "\n",
            html=render_to_string(f"{template}_message.html", known).strip() + "\n",
            code=code,
        )


def _frame(partner: Partner | None) -> dict[str, Any]:
    brand, ink = colours_of(partner.brand_colour if partner else DEFAULT_BRAND_COLOUR)
    return {
        "partner": partner,
        "house": partner.name if partner else _("Renewal portal"),
        "brand": brand,
        "brand_ink": ink,
    }


def colours_of(chosen: str) -> tuple[str, str]:
    """The ground of a letter's heading and button in the chosen colour, and what is written on it."""
    brand = colours.brand_on(LIGHT, RGB.parse(chosen))
    return str(brand), str(colours.ink_for(brand))


def _foot(partner: Partner | None, code: str) -> dict[str, Any]:
    """What stands below every letter: the addresses of the partner's notices, and where its code is typed."""
    if partner is None:
        return {}
    written = notices_of(partner, at_home=links.is_answered(partner))
    found = [(notice.label, links.address(partner, notice.path)) for notice in written]
    return {"notices": found, "code": code, "place": place_of(partner) if code else ""}
