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
from certificates.authorities.sandbox.keyring import NoAuthorityYet
from portal import clock
from portal.access import public

_CERTIFICATE, _LIST = "application/pkix-cert", "application/pkix-crl"
_FILES: Mapping[str, tuple[str, Callable[[datetime], bytes]]] = {
    "issuing.cer": (_CERTIFICATE, lambda _now: publishing.issuing_certificate()),
    "root.cer": (_CERTIFICATE, lambda _now: publishing.root_certificate()),
    "issuing.crl": (_LIST, lambda now: publishing.current_crl(now=now)),
    "root.crl": (_LIST, lambda now: publishing.current_root_crl(now=now)),
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
    return _answer(_published(lambda: make(clock.now())), media_type)


@public
@csrf_exempt  # RFC 6960: asked by programs, changes nothing, answers only signed public facts
@require_http_methods(["GET", "POST"])
def ocsp(request: HttpRequest, encoded: str = "") -> HttpResponse:
    """The state of one certificate (RFC 6960 A.1: DER in the body, or base64 in the address)."""
    now: datetime = clock.now()
    question = request.body if request.method == "POST" else _decoded(encoded)
    return _answer(_published(lambda: publishing.answer_ocsp(question, now=now)), "application/ocsp-response")


def _published(make: Callable[[], bytes]) -> bytes:
    try:
        return make()
    except NoAuthorityYet as nothing:
        raise Http404 from nothing


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""


def _answer(content: bytes, media_type: str) -> HttpResponse:
    kept = int(publishing.KEPT_BY_READERS.total_seconds())
    return HttpResponse(content, content_type=media_type, headers={"Cache-Control": f"public, max-age={kept}"})


def _practice() -> str:
    root = reverse("certificates:published", args=["root.cer"])
    return (
        "This authority is part of the portal and is meant for demonstrations and tests.\n"
        "It issues real X.509 certificates, which no browser trusts until somebody installs its root:\n"
        f"{root}\n"
    )
