"""Draws a warning as a PNG for mail: twice as fine as it is shown, flat, and light enough for any letter."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

from campaigns.drawing.lettering import Run
from campaigns.drawing.sheet import (
    AMBER,
    BAR,
    BLUE,
    CORNER,
    DIM,
    EDGE,
    FIELD,
    GROUND,
    INK,
    ON_BLUE,
    PALE,
    RED,
    Sheet,
    face,
    width_of,
)
from campaigns.warnings.scenes import Browser, Device, Scene

# CSS pixels: as wide as the column of a letter, and as a phone. The wide one has large words: phones show it too,
# two thirds as wide.
SIZES: Mapping[Device, tuple[int, int]] = {Device.DESKTOP: (560, 336), Device.PHONE: (280, 500)}
# Pictures that a process remembers: one letter's readers ask for the same few.
REMEMBERED = 64


@lru_cache(maxsize=REMEMBERED)
def draw(scene: Scene) -> bytes:
    """The PNG. Raises FontsMissing."""
    width, height = SIZES[scene.device]
    sheet = Sheet(width, height)
    _DRAWINGS[scene.browser, scene.device](sheet, scene)
    sheet.frame(0, 0, width, height, line=EDGE, radius=CORNER)
    return sheet.png()


# Signs


def _triangle(sheet: Sheet, x: float, y: float, side: float, colour: str) -> None:
    """With an exclamation mark, its upper left corner at x, y."""
    high = side * 0.9
    sheet.shape([(x + side / 2, y), (x + side, y + high), (x, y + high)], colour)
    middle, thick = x + side / 2, side * 0.09
    sheet.box(middle - thick / 2, y + high * 0.36, thick, high * 0.32, GROUND, radius=thick / 2)
    sheet.circle(middle, y + high * 0.81, thick * 0.65, GROUND)


def _open_lock(sheet: Sheet, x: float, y: float, side: float, colour: str, ground: str) -> None:
    """A padlock, struck through."""
    middle = x + side / 2
    sheet.arc(middle, y + side * 0.36, side * 0.26, colour, thick=side * 0.09)
    sheet.box(x + side * 0.14, y + side * 0.42, side * 0.72, side * 0.52, colour, radius=side * 0.08)
    sheet.line((x, y + side * 0.12), (x + side, y + side * 0.98), ground, thick=side * 0.2)
    sheet.line((x, y + side * 0.08), (x + side, y + side * 0.94), colour, thick=side * 0.08)


def _button(sheet: Sheet, x: float, y: float, words: str, *, fill: str, ink: str, width: float = 0) -> float:
    """Thirty pixels high; returns its width."""
    width = width or _button_width(words)
    sheet.box(x, y, width, 30, fill, radius=6)
    sheet.centred(x + width / 2, y + 15, words, ink, size=13, weight=600)
    return width


def _button_width(words: str) -> float:
    return width_of(words, 13, 600) + 28


# Frames


def _address(sheet: Sheet, scene: Scene, x: float, y: float, width: float, *, fill: str, height: float = 24) -> None:
    """The address bar: it says that the connection is not secure, then the host."""
    sheet.box(x, y, width, height, fill, radius=height / 2)
    middle = y + height / 2
    _triangle(sheet, x + 11, middle - 5.5, 11, RED)
    end = sheet.words(x + 27, middle, scene.chip, RED, size=11, weight=600)
    sheet.line((end + 8, y + 6), (end + 8, y + height - 6), EDGE, thick=1)
    sheet.words(end + 16, middle, _cut(scene.host, x + width - end - 28, 11.5), INK, size=11.5)


def _cut(host: str, width: float, size: float) -> str:
    """The host without as much of its beginning as there is no room for."""
    shown = host
    while width_of(shown, size) > width and len(shown) > 2:
        shown = f"…{shown.removeprefix('…')[1:]}"
    return shown


def _arrows(sheet: Sheet, x: float, y: float) -> None:
    """Back and forward."""
    for at, turn, colour in ((x, 1, DIM), (x + 24, -1, PALE)):
        sheet.line((at + 4 * turn, y - 5), (at - turn, y), colour, thick=1.8)
        sheet.line((at - turn, y), (at + 4 * turn, y + 5), colour, thick=1.8)


def _tab(sheet: Sheet, scene: Scene, *, radius: float, top: float, high: float) -> None:
    sheet.box(0, 0, sheet.width, 36, BAR)
    sheet.box(14, top, 240, high, GROUND, radius=radius)
    _triangle(sheet, 26, 13.5, 11, PALE)
    sheet.words(44, 19, _cut(scene.host, 190, 11), INK, size=11)
    for at in range(3):
        sheet.circle(sheet.width - 20 - 16 * at, 18, 4, EDGE)


# Pages


def _text(scene: Scene, size: float) -> list[Run]:
    before, host, behind = scene.text_parts
    pieces = ((before, 400), (host, 600), (f"{behind} {scene.ended}", 400))
    return [Run(words, face(size, weight)) for words, weight in pieces if words]


def _chrome_desktop(sheet: Sheet, scene: Scene) -> None:
    _tab(sheet, scene, radius=8, top=7, high=40)
    sheet.box(0, 36, sheet.width, 38, GROUND)
    _arrows(sheet, 20, 55)
    _address(sheet, scene, 66, 43, sheet.width - 86, fill=BAR)
    sheet.box(0, 74, sheet.width, 1, EDGE)
    _triangle(sheet, 48, 92, 38, RED)
    y = _body(sheet, scene, 48, 138, 464, title=23, size=15)
    sheet.words(48, y + 12, scene.code, DIM, size=12)
    width = _button_width(scene.leave)
    _button(sheet, 512 - width, y + 30, scene.leave, fill=BLUE, ink=ON_BLUE)
    sheet.words(48, y + 45, scene.more, BLUE, size=13, weight=600)


def _firefox_desktop(sheet: Sheet, scene: Scene) -> None:
    _tab(sheet, scene, radius=6, top=5, high=27)
    sheet.box(0, 36, sheet.width, 38, FIELD)
    _arrows(sheet, 20, 55)
    _address(sheet, scene, 66, 43, sheet.width - 86, fill=GROUND)
    sheet.box(0, 74, sheet.width, 1, EDGE)
    _triangle(sheet, 28, 108, 46, AMBER)
    y = _body(sheet, scene, 92, 102, 440, title=21, size=15)
    sheet.words(92, y + 12, scene.code, DIM, size=12)
    width = _button(sheet, 92, y + 36, scene.leave, fill=BLUE, ink=ON_BLUE)
    _button(sheet, 102 + width, y + 36, scene.more, fill=BAR, ink=INK)


def _safari_desktop(sheet: Sheet, scene: Scene) -> None:
    sheet.box(0, 0, sheet.width, 46, BAR)
    for at in range(3):
        sheet.circle(20 + 18 * at, 23, 5.5, EDGE)
    _arrows(sheet, 90, 23)
    _address(sheet, scene, 136, 10, 330, fill=GROUND, height=26)
    sheet.box(0, 46, sheet.width, 1, EDGE)
    sheet.box(36, 70, 488, 246, FIELD, radius=10)
    _open_lock(sheet, 56, 84, 34, DIM, FIELD)
    y = _body(sheet, scene, 56, 126, 448, title=19, size=14.5)
    width = _button_width(scene.leave)
    _button(sheet, 504 - width, y + 12, scene.leave, fill=BLUE, ink=ON_BLUE)
    _button(sheet, 56, y + 12, scene.more, fill=BAR, ink=INK)


def _body(sheet: Sheet, scene: Scene, x: float, y: float, width: float, *, title: float, size: float = 13) -> float:
    """Title and text; returns where they end."""
    y = sheet.paragraph(x, y, width, [Run(scene.title, face(title, 600))], INK, leading=title * 1.3)
    return sheet.paragraph(x, y + 6, width, _text(scene, size), DIM, leading=size * 1.5)


def _phone_top(sheet: Sheet, scene: Scene, fill: str) -> None:
    sheet.box(0, 0, sheet.width, 62, fill)
    _clock(sheet)
    _address(sheet, scene, 12, 30, sheet.width - 24, fill=GROUND, height=24)
    sheet.box(0, 62, sheet.width, 1, EDGE)


def _clock(sheet: Sheet) -> None:
    sheet.words(18, 15, "9:41", INK, size=11, weight=600)
    sheet.frame(sheet.width - 36, 10, 18, 9, line=DIM, radius=2.5)
    sheet.box(sheet.width - 34, 12, 11, 5, DIM, radius=1)


def _chrome_phone(sheet: Sheet, scene: Scene) -> None:
    _phone_top(sheet, scene, BAR)
    _triangle(sheet, 24, 92, 38, RED)
    y = _body(sheet, scene, 24, 146, 232, title=18)
    sheet.words(24, y + 14, scene.code, DIM, size=10.5)
    _button(sheet, 24, sheet.height - 88, scene.leave, fill=BLUE, ink=ON_BLUE, width=232)
    sheet.centred(sheet.width / 2, sheet.height - 36, scene.more, BLUE, size=13, weight=600)


def _firefox_phone(sheet: Sheet, scene: Scene) -> None:
    _phone_top(sheet, scene, FIELD)
    _triangle(sheet, 24, 92, 42, AMBER)
    y = _body(sheet, scene, 24, 150, 232, title=18)
    sheet.words(24, y + 14, scene.code, DIM, size=10.5)
    _button(sheet, 24, sheet.height - 96, scene.leave, fill=BLUE, ink=ON_BLUE, width=232)
    _button(sheet, 24, sheet.height - 56, scene.more, fill=BAR, ink=INK, width=232)


def _safari_phone(sheet: Sheet, scene: Scene) -> None:
    _clock(sheet)
    _open_lock(sheet, 24, 56, 38, DIM, GROUND)
    y = _body(sheet, scene, 24, 112, 232, title=18)
    _button(sheet, 24, y + 18, scene.leave, fill=BLUE, ink=ON_BLUE, width=232)
    sheet.centred(sheet.width / 2, y + 70, scene.more, BLUE, size=13, weight=600)
    sheet.box(0, sheet.height - 62, sheet.width, 62, BAR)
    sheet.box(0, sheet.height - 62, sheet.width, 1, EDGE)
    _address(sheet, scene, 12, sheet.height - 50, sheet.width - 24, fill=GROUND, height=30)


_DRAWINGS: Mapping[tuple[Browser, Device], Callable[[Sheet, Scene], None]] = {
    (Browser.CHROME, Device.DESKTOP): _chrome_desktop,
    (Browser.CHROME, Device.PHONE): _chrome_phone,
    (Browser.FIREFOX, Device.DESKTOP): _firefox_desktop,
    (Browser.FIREFOX, Device.PHONE): _firefox_phone,
    (Browser.SAFARI, Device.DESKTOP): _safari_desktop,
    (Browser.SAFARI, Device.PHONE): _safari_phone,
}
