"""Where the embedded authority publishes: its certificates, revocation lists and OCSP answers, for anybody."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from certificates.authorities.sandbox import publishing
from portal import clock
from portal.access import public

_CERTIFICATE, _LIST = "application/pkix-cert", "application/pkix-crl"
_FILES: Mapping[str, tuple[str, Callable[..., bytes]]] = {
    "issuing.cer": (_CERTIFICATE, publishing.issuing_certificate),
    "root.cer": (_CERTIFICATE, publishing.root_certificate),
    "issuing.crl": (_LIST, publishing.crl),
    "root.crl": (_LIST, publishing.root_crl),
}


@public
@require_safe
def published(_request: HttpRequest, name: str) -> HttpResponse:
    """A file of the authority, as its certificates' AIA and CRL addresses name it."""
    if name == "cps":
        return HttpResponse(_practice(), content_type="text/plain; charset=utf-8")
    if name not in _FILES:
        raise Http404(name)
    media_type, make = _FILES[name]
    return _answer(make(now=clock.now()), media_type)


@public
@csrf_exempt  # RFC 6960: asked by programs, changes nothing, answers only signed public facts
@require_http_methods(["GET", "POST"])
def ocsp(request: HttpRequest, encoded: str = "") -> HttpResponse:
    """The state of one certificate (RFC 6960 A.1: DER in the body, or base64 in the address)."""
    now: datetime = clock.now()
    question = request.body if request.method == "POST" else _decoded(encoded)
    return _answer(publishing.answer_ocsp(question, now=now), "application/ocsp-response")


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""


def _answer(content: bytes, media_type: str) -> HttpResponse:
    return HttpResponse(content, content_type=media_type, headers={"Cache-Control": "public, max-age=3600"})


def _practice() -> str:
    root = reverse("certificates:published", args=["root.cer"])
    return (
        "This authority is part of the portal and is meant for demonstrations and tests.\n"
        "It issues real X.509 certificates, which no browser trusts until somebody installs its root:\n"
        f"{root}\n"
    )
