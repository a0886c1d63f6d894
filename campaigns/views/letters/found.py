"""The letter that an address names, and what stands in the editor."""

from __future__ import annotations

from django.http import Http404
from django.shortcuts import get_object_or_404

from campaigns.library import Source
from campaigns.models import LetterVersion
from campaigns.services.letters import built_in, newest_wording, wording_of
from campaigns.services.shelf import Shelved, shelved
from portal.access import PartnerRequest
from portal.choices import Language


def letter_of(request: PartnerRequest, key: str, language: str) -> Shelved:
    """Raises Http404 for an unknown key or language."""
    if language not in Language.values:
        raise Http404(language)
    try:
        return shelved(request.partner, key)
    except KeyError as error:
        raise Http404(key) from error


def version_of(request: PartnerRequest, pk: int) -> LetterVersion:
    rows = LetterVersion.objects.for_partner(request.partner).select_related("letter", "partner", "created_by")
    found: LetterVersion = get_object_or_404(rows, pk=pk)
    return found


def wanted_source(request: PartnerRequest, letter: Shelved, language: str) -> Source:
    """The version that the address asks for, 0 for the built-in letter; else the newest. Raises Http404."""
    asked = request.GET.get("version", "")
    if asked == "0" and letter.built_in:
        return built_in(letter.key, language) or Source("", "", "")
    if asked.isdecimal():
        version = version_of(request, int(asked[:18]))
        if version.letter.key != letter.key or version.language != language:
            raise Http404(asked)
        return wording_of(version)
    return newest_wording(request.partner, letter.key, language) or Source("", "", "")
