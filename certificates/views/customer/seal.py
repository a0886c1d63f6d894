"""The site seal as a picture, for the website of whoever bought a certificate that comes with one."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.http import require_safe

from certificates import wording
from certificates.services.seals import sealed_order
from portal import clock
from portal.access import public

KEPT_SECONDS = 3600


@public
@require_safe
def seal(request: HttpRequest, code: str) -> HttpResponse:
    """Host, product and last day of the present certificate; nothing at all, 404, once it no longer holds."""
    order = sealed_order(code, now=clock.now())
    language = order.partner.language if order else "en"
    with translation.override(language):
        context = {"order": order, "host": wording.host(order) if order else ""}
        status = 200 if order else 404
        response = render(request, "certificates/customer/seal.svg", context, "image/svg+xml", status)
    response.headers["Cache-Control"] = f"public, max-age={KEPT_SECONDS}"
    # It is made to be shown by other sites.
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.headers["Content-Language"] = language
    return response
