"""How a certificate comes onto a server, as a picture for letters: the same for every reader, in their language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from django.urls import reverse
from django.utils import translation

from campaigns.drawing.lettering import Run, lines
from campaigns.drawing.sheet import BAR, CORNER, DIM, DRAWN, EDGE, FIELD, INK, ON_BLUE, Sheet, face
from certificates.wording.guides import Fillings, Guide, Step, fillings
from portal import links
from portal.models import Partner

# As wide as the column of a letter; its words are large enough to be read on a phone, two thirds of that.
WIDTH, MARGIN, TALLEST = 496, 16, 2_400
SIZE, SMALL = 15, 12.5
# Commands are shown so far; the page behind the button has them whole.
LINES = 4
_BADGE, _COMMANDS, _ON_COMMANDS = "#0b5cad", "#17222e", "#d7e2ee"
_INDENT = 34
# Asks for the steps of an installation alone.
ISSUED = "issued"


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture and its height in CSS pixels."""

    png: bytes
    height: int


@lru_cache(maxsize=32)
def draw(guide: Guide, language: str, *, is_issued: bool = False) -> Drawn:
    """The steps one below the other; those of an installation alone where it is issued. Raises FontsMissing."""
    steps = guide.install if is_issued else (*guide.request, *guide.install)
    with translation.override(language):
        height = round(_lay_out(Sheet(WIDTH, TALLEST), guide.name, steps))
        sheet = Sheet(WIDTH, height)
        _lay_out(sheet, guide.name, steps)
        sheet.frame(0, 0, WIDTH, height, line=EDGE, radius=CORNER)
    return Drawn(sheet.png(), height)


def address(partner: Partner, guide: Guide, language: str, *, is_issued: bool = False) -> str:
    """Where the picture is served; it names no reader."""
    path = reverse("campaigns:guide_picture", args=[guide.server, language])
    return links.address(partner, f"{path}?{ISSUED}" if is_issued else path)


def _lay_out(sheet: Sheet, name: str, steps: Sequence[Step]) -> float:
    """Draw from the top; returns where it ends."""
    sheet.box(0, 0, WIDTH, 38, BAR)
    for at in range(3):
        sheet.circle(20 + 16 * at, 19, 5, EDGE)
    sheet.centred(WIDTH / 2, 19, name, INK, size=13, weight=600)
    known, y = fillings(()), 54.0
    for at, step in enumerate(steps, start=1):
        y = _step(sheet, at, step, known, y)
    return y + 8


def _step(sheet: Sheet, number: int, step: Step, known: Fillings, y: float) -> float:
    sheet.circle(MARGIN + 11, y + 11, 11, _BADGE)
    sheet.centred(MARGIN + 11, y + 11, str(number), ON_BLUE, size=12, weight=600)
    x, width = MARGIN + _INDENT, WIDTH - 2 * MARGIN - _INDENT
    y = sheet.paragraph(x, y, width, [Run(str(step.words), face(SIZE))], INK, leading=22)
    if step.menu:
        y = _chip(sheet, x, y + 4, width, step.menu.splitlines(), fill=FIELD, ink=DIM)
    if step.code:
        y = _chip(sheet, x, y + 4, width, known.fill(step.code).splitlines(), fill=_COMMANDS, ink=_ON_COMMANDS)
    return y + 13


def _chip(sheet: Sheet, x: float, y: float, width: float, said: list[str], *, fill: str, ink: str) -> float:
    rows = [row for line in said for row in lines([Run(line, face(SMALL))], (width - 24) * DRAWN)]
    shown = rows[:LINES]
    height = 14 + 19 * len(shown)
    sheet.box(x, y, width, height, fill, radius=6)
    for at, row in enumerate(shown, start=1):
        words = "".join(run.words for run in row)
        cut = "…" if at == LINES < len(rows) else ""
        sheet.words(x + 12, y - 2.5 + 19 * at, f"{words}{cut}", ink, size=SMALL)
    return y + height
