"""Pictures that people upload are read, scaled and written anew: what is kept was made by us."""

from __future__ import annotations

from io import BytesIO
from typing import IO

from PIL import Image, UnidentifiedImageError

FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
MAX_BYTES = 4 * 1024 * 1024
MAX_PIXELS = 25_000_000
MAX_SIDE = 512


class NotAPicture(ValueError):
    """Not a picture of the formats taken, or one too large to read."""


def logo(upload: IO[bytes]) -> bytes:
    """The picture as PNG, no side longer than 512 px, without anything else that was in the file.

    Raises NotAPicture; SVG is refused, because it can hold scripts.
    """
    try:
        with Image.open(upload, formats=FORMATS) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise NotAPicture("too many pixels")
            picture.load()
            scaled = picture.convert("RGBA")
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise NotAPicture(str(error)) from error
    scaled.thumbnail((MAX_SIDE, MAX_SIDE))
    out = BytesIO()
    Image.frombytes("RGBA", scaled.size, scaled.tobytes()).save(out, "PNG", optimize=True)
    return out.getvalue()
