"""Where the picture of a warning is served: an address that we have signed, the same for every reader.

It names the host and the day and nobody, so that opening a letter tells us nothing about who did.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.core.signing import BadSignature, Signer
from django.urls import reverse
from django.utils import translation

from campaigns.warnings.drawing import SIZES
from campaigns.warnings.scenes import Browser, Device, Scene, named, scene_of
from portal import links
from portal.choices import Language
from portal.models import Partner

# Kept by browsers and mail providers for long: a picture that is drawn differently needs another edition.
EDITION = "1"
_BETWEEN = "~"
_signer = Signer(sep=".", salt="campaigns.warning")


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture for a letter: width and height in CSS pixels, drawn twice as fine, and what it shows in words."""

    url: str
    width: int
    height: int
    alt: str


def picture_of(partner: Partner, *, host: str, day: date, browser: Browser, device: Device, language: str) -> Picture:
    """The picture and all that an <img> needs to say. Raises BadHost."""
    url = picture_url(partner, host=host, day=day, browser=browser, device=device, language=language)
    with translation.override(language):
        return Picture(url, *SIZES[device], alt=scene_of(host, day, browser, device).caption)


def picture_url(partner: Partner, *, host: str, day: date, browser: Browser, device: Device, language: str) -> str:
    """The whole address, on the partner's own host if it has one. Raises BadHost."""
    parts = (EDITION, named(host), day.isoformat(), browser.value, device.value, Language(language).value)
    path = reverse("campaigns:warning_picture", args=[_signer.sign(_BETWEEN.join(parts))])
    return links.address(partner, path)


def scene_at(code: str) -> Scene | None:
    """What an address asks to be drawn, in its own language; None for one that is not ours."""
    try:
        _edition, host, day, browser, device, language = _signer.unsign(code).split(_BETWEEN)
        with translation.override(Language(language).value):
            return scene_of(host, date.fromisoformat(day), Browser(browser), Device(device))
    except (BadSignature, ValueError):
        return None
