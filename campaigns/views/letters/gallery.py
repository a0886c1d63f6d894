"""Worked examples of everything that customers may see: letters, warnings and banners, in both languages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

from csp.constants import SELF
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from campaigns.liquid import LetterRefused
from campaigns.models import Banner
from campaigns.previews import Look, framed, policy
from campaigns.services.examples import example
from campaigns.services.letters import wording_of
from campaigns.services.proofs import prove
from campaigns.services.shelf import Shelved, Standing, shelf
from campaigns.views.banners import DESIGNS, SIZES
from campaigns.views.letters.found import letter_of, version_of
from campaigns.warnings import Browser, Device, Scene, scene_of
from portal import clock
from portal.access import PartnerRequest, requires
from portal.choices import Language

# The host of the worked examples
HOST = "extranet.horizon-yole.example"
DAYS_TO_GO = 60


@dataclass(frozen=True, slots=True)
class Shown:
    """What the gallery shows of a letter: in a frame of its own, which is fetched when it comes into sight."""

    letter: Shelved
    url: str


@requires("letters.view")
@require_safe
def gallery(request: PartnerRequest) -> HttpResponse:
    """`language`, `look` (light, dark) and `width` (desktop, phone) choose how everything is shown."""
    language = _chosen(request, "language", list(Language.values), request.partner.language)
    look = _chosen(request, "look", [one.value for one in Look], Look.LIGHT)
    width = _chosen(request, "width", [one.value for one in Device], Device.DESKTOP)
    context = {
        "page_title": _("Gallery"),
        "shown": list(_letters(request, language, look)),
        "scenes": _scenes(language, Device(width)),
        "cards": list(_banners(request, language)),
        "designs": [(design.label, list(_samples(design, language))) for design in DESIGNS],
        "letter_language": language,
        "look": look,
        "width": width,
        "languages": Language.choices,
        "looks": [(Look.LIGHT, _("Light")), (Look.DARK, _("Dark"))],
        "widths": Device.choices,
    }
    response = render(request, "campaigns/letters/gallery.html", context)
    cast(Any, response)._csp_update = {"frame-src": [SELF]}
    return response


def _chosen(request: PartnerRequest, name: str, choices: list[str], otherwise: str) -> str:
    asked = request.GET.get(name, "")
    return asked if asked in choices else otherwise


def _letters(request: PartnerRequest, language: str, look: str) -> Iterator[Shown]:
    for letter in shelf(request.partner):
        spoken = next(one for one in letter.spoken if one.language == language)
        if spoken.standing is not Standing.MISSING and (letter.built_in or not letter.archived_at):
            url = reverse("campaigns:letter_preview", args=[letter.key, language])
            yield Shown(letter, f"{url}?look={look}")


def _scenes(language: str, device: Device) -> list[Scene]:
    day = clock.today() + timedelta(days=DAYS_TO_GO)
    with translation.override(language):
        return [scene_of(HOST, day, browser, device) for browser in Browser]


def _banners(request: PartnerRequest, language: str) -> Iterator[dict[str, Any]]:
    """What the frame of a banner needs; hidden ones are left out."""
    for banner in Banner.objects.for_partner(request.partner).filter(is_active=True):
        width, height = SIZES[banner.size]
        url = f"{reverse('campaigns:banner_preview', args=[banner.pk])}?lang={language}"
        yield {"banner": banner, "preview": url, "width": width, "height": height}


def _samples(design: Banner.Design, language: str) -> Iterator[dict[str, Any]]:
    """One design in every size, whether or not the partner has a banner of it."""
    for size, (width, height) in SIZES.items():
        url = f"{reverse('campaigns:banner_sample', args=[design.value, size])}?lang={language}"
        name = f"{design.label}, {Banner.Size(size).label}"
        yield {"banner": {"name": name}, "preview": url, "width": width, "height": height}


@requires("letters.view")
@require_safe
@xframe_options_sameorigin
def letter_preview(request: PartnerRequest, key: str, language: str) -> HttpResponse:
    """A letter alone, for a frame or a tab: what is in use, or the version that `version` names."""
    found = letter_of(request, key, language)
    look = Look(_chosen(request, "look", [one.value for one in Look], Look.LIGHT))
    html = _html_of(request, found, language)
    document = framed(html, look, partner=request.partner)
    headers = {
        "Content-Security-Policy": f"{policy(request.partner)}; frame-ancestors 'self'; sandbox",
        "Content-Language": language,
    }
    return HttpResponse(document, headers=headers)


def _html_of(request: PartnerRequest, found: Shelved, language: str) -> str:
    """Versions that are not in use are tried first: nobody has looked at them since. Raises Http404."""
    asked, now = request.GET.get("version", ""), clock.now()
    if asked.isdecimal():
        version = version_of(request, int(asked[:18]))
        if (version.letter.key, version.language) != (found.key, language):
            raise Http404(asked)
        proof = prove(request.partner, found.key, language, wording_of(version), based_on=found.based_on, now=now)
        if proof.words is None:
            raise Http404(asked)
        return proof.words.html
    try:
        return example(request.partner, found.key, language, now).drawn.words.html
    except (KeyError, LetterRefused) as error:
        raise Http404(found.key) from error
