"""Guides: how a key request is made on a kind of server, and how the certificate comes onto it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from certificates.models import Certificate
from certificates.services.downloads import formats_of
from certificates.views.orders import FORMAT_WORDS
from certificates.visits import VisitRequest
from certificates.wording.guides import CHECK, GUIDES, Fillings, Guide, Step, fillings, guide_of
from certificates.x509 import BadRequest, Format, normalise_names
from certificates.x509.packing import file_name
from portal.types import StrOrPromise


@dataclass(frozen=True, slots=True)
class ShownStep:
    """A step of a guide with the customer's own names in its commands."""

    words: StrOrPromise
    menu: str
    code: str


@dataclass(frozen=True, slots=True)
class ShownFile:
    name: str
    words: StrOrPromise
    url: str


@require_safe
def guide(http: VisitRequest, server: str) -> HttpResponse:
    """How a key request is made on a kind of server, where its key goes, and how the certificate is installed.

    `host` in the address names the certificate's names; what is no host name is left out.
    """
    chosen = guide_of(server)
    if chosen is None:
        raise Http404(server)
    given = fillings(_names(http.GET.getlist("host")))
    context = {
        "visit": http.visit,
        "page_title": _("Your certificate on %(server)s") % {"server": chosen.name},
        "servers": _servers(http, given),
        **guide_context(chosen, given),
    }
    return render(http, "certificates/guides/page.html", context)


def guide_context(guide: Guide, given: Fillings) -> dict[str, Any]:
    """The guide with its commands filled in, as its template draws it."""
    return {
        "guide": guide,
        "request_steps": _shown(guide.request, given),
        "install_steps": _shown(guide.install, given),
        "own_key_steps": _shown(guide.own_key, given),
        "check_steps": _shown([CHECK], given),
        "check_host": given.host,
        "key_file": given.values["key"],
    }


def files_for(certificate: Certificate, guide: Guide, url: Callable[[str], str]) -> dict[str, list[ShownFile]]:
    """What the server reads, and the other formats that can be had; `url` leads to a format by its value."""
    had = [form for form in FORMAT_WORDS if form in formats_of(certificate)]

    def shown(form: Format) -> ShownFile:
        return ShownFile(file_name(certificate.common_name, form), FORMAT_WORDS[form], url(form.value))

    return {
        "files": [shown(form) for form in guide.formats if form in had],
        "other_files": [shown(form) for form in had if form not in guide.formats],
    }


def _shown(steps: Iterable[Step], given: Fillings) -> list[ShownStep]:
    return [ShownStep(step.words, step.menu, given.fill(step.code)) for step in steps]


def _names(typed: list[str]) -> tuple[str, ...]:
    try:
        return normalise_names(name for name in typed if name)
    except BadRequest:
        return ()


def _servers(http: VisitRequest, given: Fillings) -> list[tuple[Guide, str]]:
    """Every guide and its address, for the same names."""
    query = http.GET.urlencode()
    addresses = ((one, http.visit.url("certificates:guide", one.server)) for one in GUIDES)
    return [(one, f"{address}?{query}" if query else address) for one, address in addresses]
