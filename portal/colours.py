"""Colours that stay readable whatever a partner chooses: contrast is computed, and corrected until it suffices."""

from __future__ import annotations

import colorsys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

ENOUGH = 4.5  # WCAG 2.2, 1.4.3: contrast of normal text
# Sidebars are dark whatever the partner chooses: white on them keeps this much, so dimmed words keep enough.
SIDEBAR = 10.0
SOFT = 0.1  # how much of the brand colours a soft ground: so little that hints can still be read on it


class RGB(NamedTuple):
    red: int
    green: int
    blue: int

    @classmethod
    def parse(cls, text: str) -> RGB:
        """From "#0b5cad"; raises ValueError for anything else."""
        return cls(*(int(text[i : i + 2], 16) for i in (1, 3, 5)))

    def __str__(self) -> str:
        return f"#{self.red:02x}{self.green:02x}{self.blue:02x}"

    def towards(self, other: RGB, share: float) -> RGB:
        """A mixture: 0 is this colour, 1 the other."""
        return RGB(*(round(mine + (theirs - mine) * share) for mine, theirs in zip(self, other, strict=True)))


BLACK, WHITE = RGB(0, 0, 0), RGB(255, 255, 255)


def luminance(colour: RGB) -> float:
    """Relative luminance, 0..1 (WCAG 2.2)."""

    def linear(channel: int) -> float:
        share = channel / 255
        return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4

    return 0.2126 * linear(colour.red) + 0.7152 * linear(colour.green) + 0.0722 * linear(colour.blue)


def contrast(one: RGB, other: RGB) -> float:
    """Contrast ratio, 1..21 (WCAG 2.2)."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def shades(colour: RGB, goal: RGB) -> Iterator[RGB]:
    """The colour, then step by step lighter (towards white) or darker (towards black), its hue as full as it was."""
    hue, light, fullness = colorsys.rgb_to_hls(*(channel / 255 for channel in colour))
    for step in range(41):
        lightness = light + (goal.red / 255 - light) * step / 40
        yield RGB(*(round(channel * 255) for channel in colorsys.hls_to_rgb(hue, lightness, fullness)))


def ink_for(ground: RGB) -> RGB:
    """Black or white, whichever reads better on the ground."""
    return max(
        WHITE,
        RGB(8, 32, 58),
        BLACK,
        key=lambda ink: (contrast(ink, ground) >= ENOUGH, -abs(luminance(ink) - 1)),
    )


@dataclass(frozen=True, slots=True)
class Ground:
    """What a theme writes on: its cards, and the hardest grounds for words in the brand, selected rows and alerts."""

    card: RGB
    selected: RGB
    alert: RGB
    goal: RGB


LIGHT = Ground(card=WHITE, selected=RGB.parse("#e8f1fc"), alert=RGB.parse("#fdecea"), goal=BLACK)
DARK = Ground(card=RGB.parse("#141f2b"), selected=RGB.parse("#1b3149"), alert=RGB.parse("#3a1d1c"), goal=WHITE)


def brand_on(ground: Ground, chosen: RGB) -> RGB:
    """The chosen colour where it can be read everywhere on the ground, else the nearest shade of it that can."""
    return next(
        shade
        for shade in shades(chosen, ground.goal)
        if all(contrast(shade, surface) >= ENOUGH for surface in (ground.selected, ground.alert, soft(ground, shade)))
    )


def soft(ground: Ground, brand: RGB) -> RGB:
    return ground.card.towards(brand, SOFT)


def bright_under_white(chosen: RGB) -> RGB:
    """The lightest shade of the colour that white can still be read on: a button that stands out on a dark ground."""
    lighter = [shade for shade in shades(chosen, WHITE) if contrast(WHITE, shade) >= ENOUGH]
    return lighter[-1] if lighter else next(s for s in shades(chosen, BLACK) if contrast(WHITE, s) >= ENOUGH)


def sidebar_ground(chosen: RGB) -> RGB:
    """The chosen colour where the sidebar's white words can be read on it, else the nearest darker shade."""
    return next(shade for shade in shades(chosen, BLACK) if contrast(WHITE, shade) >= SIDEBAR)


def stylesheet(*, brand: str, accent: str) -> str:
    """Custom properties of a partner: `brand` for actions and links, `accent` for the sidebar."""
    chosen = RGB.parse(brand)
    rail = sidebar_ground(RGB.parse(accent))
    light = f"{_theme(LIGHT, chosen)};{_rail(rail)};--accent:{bright_under_white(chosen)};--accent-ink:#fff"
    dark = f"{_theme(DARK, chosen)};{_rail(rail.towards(BLACK, 0.45))}"
    return (
        f":root{{{light}}}\n"
        f"@media screen{{[data-bs-theme=dark]{{{dark}}}}}\n"
        f"@media screen and (prefers-color-scheme:dark){{:root:not([data-bs-theme]){{{dark}}}}}\n"
    )


def _theme(ground: Ground, chosen: RGB) -> str:
    brand = brand_on(ground, chosen)
    return f"--brand:{brand};--brand-ink:{ink_for(brand)};--brand-soft:{soft(ground, brand)}"


def _rail(colour: RGB) -> str:
    return f"--side:{colour};--side-2:{colour.towards(WHITE, 0.1)}"
