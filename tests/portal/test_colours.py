"""Whatever two colours a partner chooses, every word on its pages can be read."""

from __future__ import annotations

import re

import pytest

from portal.colours import DARK, ENOUGH, LIGHT, RGB, WHITE, Ground, contrast, stylesheet

CHOICES = ["#0b5cad", "#ffffff", "#000000", "#ffd400", "#e4003a", "#7fbf3f", "#808080", "#10233a"]


def values(css: str, rule: str) -> dict[str, RGB]:
    """The colours that the rule sets."""
    block = css.split(rule, 1)[1].split("{", 1)[1].split("}", 1)[0]
    return {name: RGB.parse(value) for name, value in re.findall(r"--([a-z0-9-]+):(#[0-9a-f]{6})", block)}


def test_black_on_white_has_the_greatest_contrast_there_is() -> None:
    assert round(contrast(RGB(0, 0, 0), WHITE), 2) == 21.0


@pytest.mark.parametrize("chosen", CHOICES)
@pytest.mark.parametrize(("rule", "ground"), [(":root", LIGHT), ("[data-bs-theme=dark]", DARK)])
def test_the_brand_is_readable_on_cards_selected_rows_and_its_own_soft_ground(
    chosen: str, rule: str, ground: Ground
) -> None:
    brand = values(stylesheet(brand=chosen, accent="#10233a"), rule)

    for surface in (ground.card, ground.selected, brand["brand-soft"]):
        assert contrast(brand["brand"], surface) >= ENOUGH
    assert contrast(brand["brand-ink"], brand["brand"]) >= ENOUGH


@pytest.mark.parametrize("chosen", CHOICES)
def test_the_sidebar_is_dark_enough_for_dimmed_words_and_its_button_for_white_ones(chosen: str) -> None:
    side = values(stylesheet(brand=chosen, accent=chosen), ":root")

    dimmed = side["side"].towards(WHITE, 0.66)
    assert contrast(dimmed, side["side"]) >= ENOUGH
    assert contrast(WHITE, side["accent"]) >= ENOUGH


def test_colours_that_are_readable_stay_as_they_were_chosen() -> None:
    side = values(stylesheet(brand="#0b5cad", accent="#10233a"), ":root")

    assert (str(side["brand"]), str(side["side"])) == ("#0b5cad", "#10233a")
