"""The pages' own typeface as files that a PDF can embed: one for each weight and script, cut from the same package."""

from __future__ import annotations

import shutil
from pathlib import Path

from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "node_modules" / "@fontsource-variable" / "inter" / "files"
MADE = ROOT / "var" / "fonts"
WEIGHTS = (400, 600, 700)
THIN_SPACE, NARROW_NO_BREAK_SPACE = 0x2009, 0x202F


def collect(package: Path, made: Path) -> list[Path]:
    """Write the fonts of the package, script by script and weight by weight, into a fresh folder; return them."""
    draft = made.with_name(f"{made.name}.new")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    for source in sorted(package.glob("*-wght-normal.woff2")):
        for weight in WEIGHTS:
            cut(source, weight).save(draft / f"{source.name.removesuffix('-wght-normal.woff2')}-{weight}.ttf")
    shutil.rmtree(made, ignore_errors=True)
    draft.rename(made)
    return sorted(made.iterdir())


def cut(source: Path, weight: int) -> TTFont:
    """One weight of a variable font, unpacked, and able to set French: it has the space before a semicolon."""
    font = instantiateVariableFont(TTFont(source), {"wght": weight})
    font.flavor = None
    for table in font["cmap"].tables:
        if table.isUnicode() and THIN_SPACE in table.cmap:
            table.cmap.setdefault(NARROW_NO_BREAK_SPACE, table.cmap[THIN_SPACE])
    return font


if __name__ == "__main__":
    collect(PACKAGE, MADE)
