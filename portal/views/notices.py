"""A partner's legal notice and its word on privacy, as everybody may read them."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from portal.access import public
from portal.models import Partner
from portal.notices import TITLES, Kind, text_of


@public
@require_safe
def notice(request: Any, kind: Kind, slug: str = "") -> HttpResponse:
    """The notice of the partner named, else of the house or of one's own partner; on a host of its own, no other's."""
    partner = _named(request, slug) if slug else request.house or request.partner
    if partner is None or not partner.is_active:
        raise Http404(slug)
    text, language = text_of(partner, kind, get_language() or "")
    if not text:
        raise Http404(kind)
    facts = {"page_title": TITLES[kind], "text": text, "text_language": language, "partner": partner}
    return render(request, "portal/notice.html", facts)


def _named(request: Any, slug: str) -> Partner:
    partner: Partner = get_object_or_404(Partner, slug=slug)
    if request.house not in (None, partner):
        raise Http404(slug)
    return partner
