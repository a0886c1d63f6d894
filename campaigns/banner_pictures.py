"""Draws a banner as a PNG that does not move, for websites that take no frames: sharp, and in the partner's colours."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache

from campaigns.drawing.lettering import Run, lines
from campaigns.drawing.sheet import DIM, DRAWN, EDGE, GROUND, INK, Sheet, face, width_of
from campaigns.models import Banner
from campaigns.rules.countdown import Left, time_left
from campaigns.services.banners import Shown
from campaigns.wording.banners import days_words
from portal import colours
from portal.colours import LIGHT, RGB

Design = Banner.Design
# In CSS pixels
SIZES: Mapping[str, tuple[int, int]] = {
    Banner.Size.WIDE: (970, 120),
    Banner.Size.BOARD: (728, 90),
    Banner.Size.BOX: (300, 250),
}


@lru_cache(maxsize=64)
def draw(shown: Shown, left: Left | None) -> bytes:
    """The PNG; `left` is counted in days, so that a picture that was kept for an hour tells no lie."""
    width, height = SIZES[shown.banner.size]
    sheet, look = Sheet(width, height), _Look.of(shown)
    sheet.box(0, 0, width, height, look.ground)
    if look.ground == GROUND:
        sheet.frame(0, 0, width, height, line=EDGE)
        sheet.box(0, 0, 6, height, look.brand)
    (_box if height > 200 else _wide)(sheet, shown, look, days_words(left, shown.language) if left else "")
    return sheet.png()


def picture(shown: Shown, *, now: datetime) -> bytes:
    """The banner as it looks now."""
    left = time_left(shown.ends_at, now=now) if shown.ends_at else None
    return draw(shown, Left(left.days, 0, 0) if left else None)


class _Look:
    """The colours of one design; whatever the partner chose, words can be read on it."""

    def __init__(self, ground: str, ink: str, dim: str, brand: str, on_brand: str) -> None:
        self.ground, self.ink, self.dim, self.brand, self.on_brand = ground, ink, dim, brand, on_brand

    @classmethod
    def of(cls, shown: Shown) -> _Look:
        brand = colours.brand_on(LIGHT, RGB.parse(shown.partner.brand_colour))
        on_brand = str(colours.ink_for(brand))
        if shown.banner.design in (Design.BOLD, Design.COUNTDOWN):
            return cls(str(brand), on_brand, on_brand, on_brand, str(brand))
        return cls(GROUND, INK, DIM, str(brand), on_brand)


def _wide(sheet: Sheet, shown: Shown, look: _Look, left: str) -> None:
    """Words on the left, what is left and the button on the right, in the middle of the height."""
    large, small = (22, 14) if sheet.height > 100 else (17, 12)
    button = _button_width(shown.action, small)
    right = sheet.width - 24 - button
    _button(sheet, right, sheet.height / 2 - 17, button, shown.action, look, small)
    if left:
        right -= _left_width(left, shown, small + 2) + 24
        _left(sheet, right, sheet.height / 2, left, shown, look, small + 2)
    room = right - 48
    first, second = _said(shown)
    said = [(first, large, 700, _first_ink(shown, look)), (second, small, 400, look.dim)]
    rows = [
        (row, size, weight, ink)
        for words, size, weight, ink in said
        if words
        for row in _rows(words, room, size, weight, most=2)
    ]
    y = sheet.height / 2 - sum(size * 1.35 for _row, size, _weight, _ink in rows) / 2
    for row, size, weight, ink in rows:
        sheet.words(24, y + size * 0.675, row, ink, size=size, weight=weight)
        y += size * 1.35


def _box(sheet: Sheet, shown: Shown, look: _Look, left: str) -> None:
    """From above downwards; the button stands at the foot."""
    y, room = 24.0, sheet.width - 48
    first, second = _said(shown)
    said = ((first, 20, 700, _first_ink(shown, look), 3), (second, 14, 400, look.dim, 2 if left else 3))
    for words, size, weight, ink, most in said:
        for row in _rows(words, room, size, weight, most=most) if words else ():
            sheet.words(24, y + size * 0.65, row, ink, size=size, weight=weight)
            y += size * 1.3
        y += 8 if words else 0
    if left:
        _left(sheet, 24, y + 16, left, shown, look, 16)
    _button(sheet, 24, sheet.height - 54, room, shown.action, look, 15)


def _said(shown: Shown) -> tuple[str, str]:
    """What is said large, and what small: the design for offers begins with the offer."""
    if shown.offer and shown.banner.design == Design.OFFER:
        return shown.offer, shown.headline
    return shown.headline, shown.text or shown.offer


def _first_ink(shown: Shown, look: _Look) -> str:
    """An offer that is said first stands in the partner's colour."""
    return look.brand if shown.offer and shown.banner.design == Design.OFFER else look.ink


def _left(sheet: Sheet, x: float, y: float, left: str, shown: Shown, look: _Look, size: int) -> None:
    """What is left, with its middle at y; the design that counts down puts it into a box."""
    inset = _inset(shown)
    if inset:
        sheet.frame(x, y - size, _left_width(left, shown, size), size * 2, line=look.ink, radius=6)
    sheet.words(x + inset, y, left, look.ink, size=size, weight=600)


def _left_width(left: str, shown: Shown, size: int) -> float:
    return width_of(left, size, 600) + 2 * _inset(shown)


def _inset(shown: Shown) -> int:
    return 12 if shown.banner.design == Design.COUNTDOWN else 0


def _rows(words: str, room: float, size: int, weight: int, *, most: int) -> list[str]:
    """The words in lines that fit; of more than there is room for, the last line says so."""
    found = lines([Run(words, face(size, weight))], room * DRAWN)
    rows = ["".join(run.words for run in row).strip() for row in found]
    return rows if len(rows) <= most else [*rows[: most - 1], _cut(" ".join(rows[most - 1 :]), room, size, weight)]


def _button(sheet: Sheet, x: float, y: float, width: float, words: str, look: _Look, size: int) -> None:
    sheet.box(x, y, width, 34, look.brand, radius=6)
    sheet.centred(x + width / 2, y + 17, words, look.on_brand, size=size, weight=600)


def _button_width(words: str, size: int) -> float:
    return width_of(words, size, 600) + 32


def _cut(words: str, room: float, size: int, weight: int) -> str:
    """The words, without what there is no room for at their end."""
    shown = words
    while width_of(shown, size, weight) > room and len(shown) > 2:
        shown = f"{shown.removesuffix('…').rstrip()[:-1]}…"
    return shown
