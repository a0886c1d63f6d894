"""The pages' own typeface for pictures: the right one of its files for every character, and lines that fit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path

from django.conf import settings
from PIL import ImageFont

SCRIPTS = ("latin", "latin-ext", "cyrillic", "cyrillic-ext", "greek", "greek-ext", "vietnamese")


class FontsMissing(Exception):
    """Set-up has not made the fonts."""


@dataclass(frozen=True, slots=True)
class Face:
    """A size in pixels and a weight of the typeface."""

    size: int
    weight: int = 400

    def pieces(self, words: str) -> Iterator[tuple[ImageFont.FreeTypeFont, str]]:
        """The words cut where another file has to take over."""
        for script, characters in groupby(words, key=_script_of):
            yield _font(script, self.weight, self.size), "".join(characters)

    def width(self, words: str) -> float:
        return sum(font.getlength(piece) for font, piece in self.pieces(words))


@dataclass(frozen=True, slots=True)
class Run:
    words: str
    face: Face

    @property
    def width(self) -> float:
        return self.face.width(self.words)


def lines(runs: Sequence[Run], width: float) -> list[list[Run]]:
    """The runs as lines no wider than so many pixels; a word that is wider by itself is broken."""
    found: list[list[Run]] = [[]]
    room = width
    for word in _words(runs):
        if sum(run.width for run in word) > room and found[-1]:
            found.append([])
            room = width
            word[0] = Run(word[0].words.lstrip(" "), word[0].face)
        for part in (part for run in word for part in _fitting(run, width)):
            if part.width > room and found[-1]:
                found.append([])
                room = width
            found[-1].append(part)
            room -= part.width
    return found


def _words(runs: Sequence[Run]) -> Iterator[list[Run]]:
    """Word by word, each with the space before it; one may go on in the next run, as a full stop does."""
    word: list[Run] = []
    for run in runs:
        for index, piece in enumerate(run.words.split(" ")):
            if index and word:
                yield word
                word = []
            if words := f" {piece}" if index else piece:
                word.append(Run(words, run.face))
    if word:
        yield word


def _fitting(run: Run, width: float) -> Iterator[Run]:
    while run.width > width:
        most = next(n for n in range(len(run.words), 0, -1) if n == 1 or run.face.width(run.words[:n]) <= width)
        yield Run(run.words[:most], run.face)
        run = Run(run.words[most:], run.face)
    yield run


def can_set(words: str) -> bool:
    """Whether every character has a drawing in one of the files; none has where there are no files yet."""
    try:
        return all(any(ord(character) in _characters(script) for script in SCRIPTS) for character in words)
    except FontsMissing:
        return False


@cache
def _script_of(character: str) -> str:
    return next((script for script in SCRIPTS if ord(character) in _characters(script)), SCRIPTS[0])


@cache
def _characters(script: str) -> frozenset[int]:
    from fontTools.ttLib import TTFont  # heavy, and only pictures need it

    path = _path(script, 400)
    if not path.exists():
        raise FontsMissing(path)  # which is not remembered: set-up may make them yet
    with TTFont(path, lazy=True) as font:
        return frozenset(font.getBestCmap())


@cache
def _font(script: str, weight: int, size: int) -> ImageFont.FreeTypeFont:
    try:
        return ImageFont.truetype(_path(script, weight), size)
    except OSError as error:
        raise FontsMissing(str(error)) from error


def _path(script: str, weight: int) -> Path:
    return Path(settings.BASE_DIR) / "var" / "fonts" / f"inter-{script}-{weight}.ttf"
