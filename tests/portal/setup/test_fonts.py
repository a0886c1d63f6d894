"""The fonts of documents are the pages' own, unpacked, one file for each weight and script."""

from __future__ import annotations

import shutil
from pathlib import Path

from fontTools.ttLib import TTFont

from portal.setup import fonts

LATIN = fonts.PACKAGE / "inter-latin-wght-normal.woff2"


def test_each_weight_is_a_plain_font_of_the_pages_family(tmp_path: Path) -> None:
    package, made = tmp_path / "package", tmp_path / "made"
    package.mkdir()
    shutil.copy(LATIN, package)
    (package / "inter-latin-wght-italic.woff2").touch()

    files = fonts.collect(package, made)

    assert [file.name for file in files] == ["inter-latin-400.ttf", "inter-latin-600.ttf", "inter-latin-700.ttf"]
    cut = [TTFont(file) for file in files]
    assert [font["OS/2"].usWeightClass for font in cut] == [400, 600, 700]
    assert {font["name"].getDebugName(1) for font in cut} == {"Inter"}
    assert not any("fvar" in font or font.flavor for font in cut)


def test_fonts_hold_the_space_before_a_french_semicolon() -> None:
    assert fonts.NARROW_NO_BREAK_SPACE not in TTFont(LATIN).getBestCmap()

    assert fonts.NARROW_NO_BREAK_SPACE in fonts.cut(LATIN, 400).getBestCmap()


def test_fonts_cut_anew_leave_none_of_the_old(tmp_path: Path) -> None:
    package, made = tmp_path / "package", tmp_path / "made"
    package.mkdir()
    made.mkdir()
    (made / "old.ttf").touch()
    shutil.copy(fonts.PACKAGE / "inter-greek-wght-normal.woff2", package)

    fonts.collect(package, made)

    assert sorted(file.name for file in made.iterdir()) == [
        "inter-greek-400.ttf",
        "inter-greek-600.ttf",
        "inter-greek-700.ttf",
    ]
