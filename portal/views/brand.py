"""A partner's two colours as a stylesheet, corrected where text on them could not be read."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from portal import colours
from portal.access import public
from portal.models import Partner


@public
@require_safe
def stylesheet(_request: HttpRequest, slug: str) -> HttpResponse:
    """The partner's custom properties for light and dark pages."""
    partner = get_object_or_404(Partner, slug=slug, is_active=True)
    css = colours.stylesheet(brand=partner.brand_colour, accent=partner.accent_colour)
    return HttpResponse(css, content_type="text/css", headers={"Cache-Control": "public, max-age=300"})
