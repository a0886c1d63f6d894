"""A flat picture for mail and other websites, measured in CSS pixels: twice as fine as it is shown, and light."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

from PIL import Image, ImageDraw

from campaigns.drawing.lettering import Face, Run, lines

# Dots for each CSS pixel: kept, and while drawing, because shapes have smooth edges only once they are scaled down.
KEPT, DRAWN = 2, 4
COLOURS = 128
INK, DIM, PALE, EDGE, BAR, FIELD, GROUND = "#1d232b", "#59636f", "#8a94a0", "#cdd3da", "#e8ecf1", "#f4f6f8", "#ffffff"
RED, AMBER, BLUE, ON_BLUE = "#b3261e", "#d98a00", "#1a63c4", "#ffffff"
# The corners that letters give to their pictures
CORNER = 8
Point = tuple[float, float]


class Sheet:
    """A picture measured in CSS pixels."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self._image = Image.new("RGB", (width * DRAWN, height * DRAWN), GROUND)
        self._pen = ImageDraw.Draw(self._image)

    def box(self, x: float, y: float, width: float, height: float, fill: str, *, radius: float = 0) -> None:
        self._pen.rounded_rectangle(_dots(x, y, x + width, y + height), radius * DRAWN, fill)

    def frame(self, x: float, y: float, width: float, height: float, *, line: str, radius: float = 0) -> None:
        """An outline one CSS pixel wide."""
        self._pen.rounded_rectangle(_dots(x, y, x + width, y + height), radius * DRAWN, outline=line, width=DRAWN)

    def circle(self, x: float, y: float, radius: float, fill: str) -> None:
        self._pen.ellipse(_dots(x - radius, y - radius, x + radius, y + radius), fill)

    def arc(self, x: float, y: float, radius: float, line: str, *, thick: float) -> None:
        """The upper half of a ring."""
        place = _dots(x - radius, y - radius, x + radius, y + radius)
        self._pen.arc(place, 180, 360, line, round(thick * DRAWN))

    def shape(self, corners: Sequence[Point], fill: str) -> None:
        self._pen.polygon([(x * DRAWN, y * DRAWN) for x, y in corners], fill)

    def line(self, start: Point, end: Point, colour: str, *, thick: float) -> None:
        self._pen.line(_dots(*start, *end), colour, round(thick * DRAWN))

    def words(self, x: float, y: float, words: str, colour: str, *, size: float, weight: int = 400) -> float:
        """One line with its middle at y; returns where it ends."""
        return self._set([Run(words, face(size, weight))], x, y, colour)

    def centred(self, x: float, y: float, words: str, colour: str, *, size: float, weight: int = 400) -> None:
        half = width_of(words, size, weight) / 2
        self.words(x - half, y, words, colour, size=size, weight=weight)

    def paragraph(self, x: float, y: float, width: float, runs: Sequence[Run], colour: str, *, leading: float) -> float:
        """Lines from y downwards, each `leading` high; returns where they end."""
        for line in lines(runs, width * DRAWN):
            self._set(line, x, y + leading / 2, colour)
            y += leading
        return y

    def _set(self, runs: Sequence[Run], x: float, y: float, colour: str) -> float:
        for run in runs:
            for font, piece in run.face.pieces(run.words):
                self._pen.text((x * DRAWN, y * DRAWN + run.face.size * 0.36), piece, colour, font=font, anchor="ls")
                x += font.getlength(piece) / DRAWN
        return x

    def png(self) -> bytes:
        small = self._image.resize((self.width * KEPT, self.height * KEPT), Image.Resampling.LANCZOS)
        out = BytesIO()
        small.quantize(COLOURS, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
        return out.getvalue()


def _dots(*measures: float) -> list[float]:
    return [measure * DRAWN for measure in measures]


def face(size: float, weight: int = 400) -> Face:
    """The typeface in CSS pixels, as large as it is drawn."""
    return Face(round(size * DRAWN), weight)


def width_of(words: str, size: float, weight: int = 400) -> float:
    """How much room one line takes, in CSS pixels."""
    return face(size, weight).width(words) / DRAWN
