"""Letters are written by three small templates: a subject, a text that is a real letter, and the same as HTML."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from portal import colours
from portal.colours import LIGHT, RGB
from portal.models import Partner
from portal.models.partners import DEFAULT_BRAND_COLOUR

_BLANK_LINES = re.compile(r"\n(?:[ \t]*\n)+")


@dataclass(frozen=True, slots=True)
class Words:
    subject: str
    text: str
    html: str


def render(template: str, context: Mapping[str, Any], *, language: str, partner: Partner | None = None) -> Words:
    """Fill `<template>_subject.txt`, `_message.txt` and `_message.html` in the language, in the partner's colours."""
    with translation.override(language):
        known = {**context, **_frame(partner)}
        return Words(
            subject=" ".join(render_to_string(f"{template}_subject.txt", known).split()),
            text=_BLANK_LINES.sub("\n\n", render_to_string(f"{template}_message.txt", known)).strip() + "\n",
            html=render_to_string(f"{template}_message.html", known).strip() + "\n",
        )


def _frame(partner: Partner | None) -> dict[str, Any]:
    chosen = RGB.parse(partner.brand_colour if partner else DEFAULT_BRAND_COLOUR)
    brand = colours.brand_on(LIGHT, chosen)
    return {
        "partner": partner,
        "house": partner.name if partner else _("Renewal portal"),
        "brand": str(brand),
        "brand_ink": str(colours.ink_for(brand)),
    }
