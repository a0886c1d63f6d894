"""Compile the catalogues of translations, without gettext being installed."""

from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LOCALE = Path(__file__).resolve().parents[2] / "locale"


def compile_all(locale_dir: Path) -> list[Path]:
    """Write the .mo beside every .po, fuzzy entries left out as gettext does; return what was written."""
    return [compile_one(source) for source in sorted(locale_dir.glob("*/LC_MESSAGES/*.po"))]


def compile_one(source: Path) -> Path:
    with source.open("rb") as text:
        catalogue = read_po(text, locale=source.parts[-3])
    made = source.with_suffix(".mo")
    draft = made.with_suffix(".mo.new")
    with draft.open("wb") as binary:
        write_mo(binary, catalogue)
    return draft.replace(made)


if __name__ == "__main__":
    compile_all(LOCALE)
