"""A partner's look on white paper: colours that can be read there, and a ground on which its logo stands out."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO

from PIL import Image, UnidentifiedImageError

from offers.documents.snapshot import PartnerPart
from portal.colours import LIGHT, RGB, WHITE, brand_on, contrast, ink_for, sidebar_ground, soft
from portal.models.partners import DEFAULT_ACCENT_COLOUR, DEFAULT_BRAND_COLOUR
from portal.pictures import MAX_PIXELS

PNG = "data:image/png;base64,"
SAMPLE = (48, 48)
# A part of a logo is seen from this contrast on; a logo is seen when so much of it is.
SEEN, ENOUGH = 1.6, 0.9
VISIBLE_ALPHA = 64


@dataclass(frozen=True, slots=True)
class Letterhead:
    """Colours as # and hexadecimal digits; `logo` a data: address or empty, `plate` its ground or empty for white."""

    brand: str
    ink: str
    soft: str
    logo: str
    plate: str


@lru_cache(maxsize=64)
def letterhead(partner: PartnerPart) -> Letterhead:
    brand = brand_on(LIGHT, _colour(partner.brand, DEFAULT_BRAND_COLOUR))
    picture = _picture(partner.logo)
    plate = plate_for(picture, sidebar_ground(_colour(partner.accent, DEFAULT_ACCENT_COLOUR))) if picture else WHITE
    return Letterhead(
        brand=str(brand),
        ink=str(ink_for(brand)),
        soft=str(soft(LIGHT, brand)),
        logo=partner.logo if picture else "",
        plate="" if plate == WHITE else str(plate),
    )


def _colour(text: str, otherwise: str) -> RGB:
    try:
        return RGB.parse(text)
    except ValueError:
        return RGB.parse(otherwise)


def _picture(logo: str) -> Image.Image | None:
    """The logo, scaled down to be looked at; None where there is none that can be drawn."""
    if not logo.startswith(PNG):
        return None
    try:
        with Image.open(BytesIO(base64.b64decode(logo.removeprefix(PNG), validate=True)), formats=["PNG"]) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                return None
            return picture.convert("RGBA").resize(SAMPLE)
    except (binascii.Error, UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return None


def plate_for(picture: Image.Image, dark: RGB) -> RGB:
    """The ground for a logo: white where nearly all of it shows there, else white or `dark`, where more of it does."""
    pixels = picture.tobytes()
    colours = [RGB(*pixels[i : i + 3]) for i in range(0, len(pixels), 4) if pixels[i + 3] >= VISIBLE_ALPHA]
    on_white = _share_seen(colours, WHITE)
    return WHITE if on_white >= ENOUGH or on_white >= _share_seen(colours, dark) else dark


def _share_seen(colours: list[RGB], ground: RGB) -> float:
    return sum(contrast(colour, ground) >= SEEN for colour in colours) / max(len(colours), 1)
