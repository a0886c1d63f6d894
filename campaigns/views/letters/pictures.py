"""The picture of a browser warning, for letters: public, the same for everybody, and nobody is counted."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from campaigns.drawing.lettering import FontsMissing
from campaigns.warnings.addresses import scene_at
from campaigns.warnings.drawing import draw
from portal.access import public

KEPT_SECONDS = 30 * 24 * 3600


@public
@require_safe
def warning_picture(_request: HttpRequest, code: str) -> HttpResponse:
    """What the signed address describes; 404 for every other one, and where there are no fonts to draw it with."""
    scene = scene_at(code)
    if scene is None:
        raise Http404(code)
    try:
        drawn = draw(scene)
    except FontsMissing as error:
        raise Http404(code) from error
    response = HttpResponse(drawn, content_type="image/png")
    name = f"warning-{scene.browser.value}-{scene.device.value}-{scene.language}.png"
    response.headers["Content-Disposition"] = f'inline; filename="{name}"'
    response.headers["Cache-Control"] = f"public, max-age={KEPT_SECONDS}, immutable"
    response.headers["Content-Language"] = scene.language
    # Mail programs show it on pages of their own.
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response
