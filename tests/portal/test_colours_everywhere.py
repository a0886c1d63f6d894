"""Any two colours, and all the words and grounds that pages, letters and documents make of them: each can be read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from offers.documents.letterhead import letterhead
from offers.documents.snapshot import PartnerPart
from portal.colours import BLACK, ENOUGH, RGB, WHITE, contrast, stylesheet
from portal.mail.letters import colours_of

ROOT = Path(__file__).resolve().parents[2]
TOKENS = (ROOT / "static/scss/_tokens.scss").read_text()
COLOUR = re.compile(r"--([a-z0-9-]+):\s*(#[0-9a-f]{6}|#[0-9a-f]{3})\b")
YELLOW, WHITE_TEXT, BLACK_TEXT, GREY = "#ffff00", "#ffffff", "#000000", "#777777"
any_colour = st.builds(lambda *channels: str(RGB(*channels)), *[st.integers(0, 255)] * 3)
# What is written in the brand stands on these, besides its own soft ground.
GROUNDS = ("card", "paper", "head", "hover", "sel", "bad-soft", "warn-soft", "good-soft", "note-soft", "calm-soft")


def written(block: str) -> dict[str, RGB]:
    return {name: RGB.parse(full(value)) for name, value in COLOUR.findall(block)}


def full(value: str) -> str:
    """The colour in six digits: "#fff" -> "#ffffff"."""
    return value if len(value) == 7 else "#" + "".join(2 * digit for digit in value[1:])


def of_theme(theme: str) -> dict[str, RGB]:
    """The theme's own colours, which no partner changes."""
    return written(TOKENS.split(f"@mixin {theme} {{", 1)[1].split("\n}", 1)[0])


THEMES = {"light": of_theme("light"), "dark": of_theme("dark")}
RULES = {"light": ":root", "dark": "[data-bs-theme=dark]"}


def of_partner(theme: str, brand: str, accent: str) -> dict[str, RGB]:
    """All that a page of the partner is coloured with; what the dark theme leaves unsaid is as in the light one."""
    css = stylesheet(brand=brand, accent=accent)
    said = written(css.split("}", 1)[0])
    if theme == "dark":
        said |= written(css.split(RULES[theme], 1)[1].split("}", 1)[0])
    return THEMES[theme] | said


def pairs(colour: Mapping[str, RGB]) -> Iterator[tuple[str, RGB, RGB]]:
    """Words and ground of everything that a partner's colours touch, as the styles mix them."""
    brand, ink, soft, side, accent = (colour[name] for name in ("brand", "ink", "brand-soft", "side", "accent"))
    differs = colour["card"].towards(soft, 0.55)
    for name in GROUNDS:
        yield f"a link on {name}", brand, colour[name]
        yield f"a link under the pointer on {name}", ink.towards(brand, 0.82), colour[name]
    yield "brand on its soft ground", brand, soft
    yield "a button", colour["brand-ink"], brand
    yield "a button under the pointer", colour["brand-ink"], ink.towards(brand, 0.88)
    for words in ("ink", "ink-2", "ink-3"):
        yield f"{words} on the soft ground", colour[words], soft
        yield f"{words} where plans differ", colour[words], differs
    yield "a link where plans differ", brand, differs
    for name, share in (("side-ink", 0.8), ("side-dim", 0.66)):
        yield f"{name} in the sidebar", side.towards(WHITE, share), side
    yield "the current entry", WHITE, colour["side-2"]
    yield "an entry under the pointer", WHITE, side.towards(colour["side-2"], 0.6)
    yield "a badge", WHITE, side.towards(WHITE, 0.14)
    yield "a badge of the current entry", WHITE, colour["side-2"].towards(WHITE, 0.14)
    yield "the button of the sidebar", colour["accent-ink"], accent
    yield "the button of the sidebar under the pointer", colour["accent-ink"], BLACK.towards(accent, 0.88)


def too_faint(found: Iterator[tuple[str, RGB, RGB]]) -> list[str]:
    return [
        f"{what}: {words} on {ground}, {contrast(words, ground):.2f}"
        for what, words, ground in found
        if contrast(words, ground) < ENOUGH
    ]


@pytest.mark.parametrize("theme", ["light", "dark"])
@given(brand=any_colour, accent=any_colour)
@example(brand=YELLOW, accent=WHITE_TEXT)
@example(brand=WHITE_TEXT, accent=YELLOW)
@example(brand=BLACK_TEXT, accent=BLACK_TEXT)
@example(brand=GREY, accent=GREY)
@example(brand="#78c31e", accent="#78c31e")
def test_all_words_on_pages_can_be_read(theme: str, brand: str, accent: str) -> None:
    assert too_faint(pairs(of_partner(theme, brand, accent))) == []


@given(brand=any_colour)
@example(brand=YELLOW)
@example(brand=WHITE_TEXT)
@example(brand=GREY)
def test_all_words_in_letters_can_be_read(brand: str) -> None:
    ground, ink = (RGB.parse(colour) for colour in colours_of(brand))

    assert contrast(ink, ground) >= ENOUGH


@given(brand=any_colour, accent=any_colour)
@example(brand=YELLOW, accent=WHITE_TEXT)
@example(brand=GREY, accent=GREY)
def test_all_words_on_documents_can_be_read(brand: str, accent: str) -> None:
    head = letterhead(PartnerPart(name="Relais", brand=brand, accent=accent))
    chosen, ink = RGB.parse(head.brand), RGB.parse(head.ink)

    assert contrast(chosen, WHITE) >= ENOUGH
    assert contrast(ink, chosen) >= ENOUGH


def test_styles_mix_colours_as_they_are_checked_here() -> None:
    """Shares that stand in the styles; whoever changes one there is reminded to change it here."""
    styles = "\n".join(path.read_text() for path in sorted((ROOT / "static/scss").glob("*.scss")))
    mixes = re.findall(r"color-mix\(in srgb, ((?:[^()]|\([^()]*\))*)\)", styles)

    assert sorted({mix for mix in mixes if re.search("brand|accent|side", mix)}) == [
        "#fff 66%, var(--side)",
        "#fff 80%, var(--side)",
        "var(--accent) 55%, #fff",
        "var(--accent) 88%, #000",
        "var(--brand) 28%, transparent",
        "var(--brand) 82%, var(--ink)",
        "var(--brand) 88%, var(--ink)",
        "var(--brand-soft) 55%, var(--card)",
        "var(--side-2) 60%, transparent",
    ]
