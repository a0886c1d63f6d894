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
        width = width_of(left, small + 2, 600)
        right -= width + 24
        sheet.words(right, sheet.height / 2, left, look.ink, size=small + 2, weight=600)
    room = right - 48
    first, second = _said(shown)
    said = [(first, large, 700, look.ink), (second, small, 400, look.dim)]
    rows = [(_cut(words, room, size, weight), size, weight, ink) for words, size, weight, ink in said if words]
    y = sheet.height / 2 - sum(size * 1.35 for _words, size, _weight, _ink in rows) / 2
    for words, size, weight, ink in rows:
        sheet.words(24, y + size * 0.675, words, ink, size=size, weight=weight)
        y += size * 1.35


def _box(sheet: Sheet, shown: Shown, look: _Look, left: str) -> None:
    """From above downwards; the button stands at the foot."""
    y, room = 24.0, sheet.width - 48
    first, second = _said(shown)
    for words, size, weight, ink, most in (
        (first, 20, 700, look.ink, 3),
        (second, 14, 400, look.dim, 3),
        (left, 16, 600, look.ink, 1),
    ):
        if words:
            y = _paragraph(sheet, y, room, words, size, weight, ink, most) + 8
    _button(sheet, 24, sheet.height - 54, room, shown.action, look, 15)


def _said(shown: Shown) -> tuple[str, str]:
    """What is said large, and what small: the design for offers begins with the offer."""
    if shown.offer and shown.banner.design == Design.OFFER:
        return shown.offer, shown.headline
    return shown.headline, shown.text or shown.offer


def _paragraph(sheet: Sheet, y: float, room: float, words: str, size: int, weight: int, ink: str, most: int) -> float:
    rows = lines([Run(words, face(size, weight))], room * DRAWN)[:most]
    for row in rows:
        sheet.words(24, y + size * 0.65, "".join(run.words for run in row).strip(), ink, size=size, weight=weight)
        y += size * 1.3
    return y


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
