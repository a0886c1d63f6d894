"""Pictures of guides for letters: anybody may see them, and they tell nothing of whoever does."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from campaigns import guides
from campaigns.drawing.lettering import FontsMissing
from certificates.wording.guides import guide_of
from portal.access import public
from portal.choices import Language

KEPT_SECONDS = 7 * 24 * 3600


@public
@require_safe
def guide_picture(request: HttpRequest, server: str, language: str) -> HttpResponse:
    """The steps on a kind of server, in a language that there is; 404 too without fonts to draw them with."""
    guide = guide_of(server)
    if guide is None or language not in Language.values:
        raise Http404(server)
    try:
        drawn = guides.draw(guide, language, is_issued=guides.ISSUED in request.GET)
    except FontsMissing as error:
        raise Http404(server) from error
    response = HttpResponse(drawn.png, content_type="image/png")
    response.headers["Cache-Control"] = f"public, max-age={KEPT_SECONDS}"
    # mail programs show it on pages of their own
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response
