"""Colours that stay readable whatever a partner chooses: contrast is computed, and corrected until it suffices."""

from __future__ import annotations

from typing import NamedTuple

ENOUGH = 4.5  # WCAG 2.2, 1.4.3: contrast of normal text
WHITE_CARD, DARK_CARD = "#ffffff", "#141f2b"


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


def readable_on(colour: RGB, ground: RGB) -> RGB:
    """The colour itself where it can be read on the ground, else the nearest shade of it that can."""
    goal = BLACK if contrast(BLACK, ground) > contrast(WHITE, ground) else WHITE
    shades = (colour.towards(goal, step / 40) for step in range(41))
    return next(shade for shade in shades if contrast(shade, ground) >= ENOUGH)


def ink_for(ground: RGB) -> RGB:
    """Black or white, whichever reads better on the ground."""
    return max(
        WHITE,
        RGB(8, 32, 58),
        BLACK,
        key=lambda ink: (contrast(ink, ground) >= ENOUGH, -abs(luminance(ink) - 1)),
    )


def stylesheet(*, brand: str, accent: str) -> str:
    """Custom properties of a partner: `brand` for actions and links, `accent` for the sidebar."""
    chosen, side = RGB.parse(brand), RGB.parse(accent)
    light = _theme(readable_on(chosen, RGB.parse(WHITE_CARD)), RGB.parse(WHITE_CARD))
    dark = _theme(readable_on(chosen, RGB.parse(DARK_CARD)), RGB.parse(DARK_CARD))
    side_ground = side if contrast(WHITE, side) >= ENOUGH else readable_on(side, WHITE)
    rail = f"--side:{side_ground};--side-2:{side_ground.towards(WHITE, 0.1)}"
    return (
        f":root{{{light};{rail}}}\n"
        f"[data-bs-theme=dark]{{{dark}}}\n"
        f"@media (prefers-color-scheme:dark){{:root:not([data-bs-theme]){{{dark}}}}}\n"
    )


def _theme(brand: RGB, card: RGB) -> str:
    return f"--brand:{brand};--brand-ink:{ink_for(brand)};--brand-soft:{card.towards(brand, 0.12)}"
