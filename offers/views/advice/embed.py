"""The selector on the partner's own website: a public page without scripts and cookies, framed only where allowed."""

from __future__ import annotations

from typing import Any, cast
from urllib.parse import urlencode

from csp.constants import SELF
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from offers.forms.embed import EmbedForm
from offers.forms.selector import answers_in
from offers.models import SalesSettings
from offers.services.advice import Subject
from offers.services.embedding import change_embedding, embedding_of
from offers.services.origins import in_policy
from offers.views.advice.shown import advise
from portal import clock, links
from portal.access import PartnerRequest, on_behalf_of, public, requires
from portal.choices import Language
from portal.models import Partner

KEPT_SECONDS = 60


# On the partner's website


@public
@require_safe
def embedded(request: HttpRequest, slug: str) -> HttpResponse:
    """The selector of one partner, for the origins on its list; without one, or on another's host, it is off."""
    partner = Partner.objects.filter(slug=slug, is_active=True).first()
    if partner is None or links.partner_of_host(request.get_host()) not in (None, partner):
        return _switched_off(request)
    with on_behalf_of(partner):
        chosen = embedding_of(partner)
        origins = in_policy(chosen.embed_origins)
        return _framed(_page(request, chosen), by=origins) if origins else _switched_off(request)


def _page(request: HttpRequest, chosen: SalesSettings) -> HttpResponse:
    """No membership is looked at: whoever is signed in elsewhere in this browser sees what everybody sees."""
    partner = chosen.partner
    language = _language(request)
    with translation.override(language):
        advice = advise(answers_in(request.GET), Subject(partner), today=clock.today(), with_prices=chosen.embed_prices)
        context = {
            "partner": partner,
            "advice": advice,
            "language": language,
            "lang": request.GET.get("lang", "") if request.GET.get("lang") in Language.values else "",
            "website": partner.website if partner.website.startswith(("https://", "http://")) else "",
        }
        response = render(request, "offers/embed/page.html", context)
    response.headers["Content-Language"] = language
    return response


def _language(request: HttpRequest) -> str:
    asked = request.GET.get("lang", "")
    return asked if asked in Language.values else translation.get_language_from_request(request)


def _framed(response: HttpResponse, *, by: list[str]) -> HttpResponse:
    """Let exactly these frame it; the older header knows no list and stays away."""
    answer = cast(Any, response)
    answer.xframe_options_exempt = True
    answer._csp_replace = {"frame-ancestors": by}
    response.headers["Cache-Control"] = f"public, max-age={KEPT_SECONDS}"
    patch_vary_headers(response, ["Accept-Language", "Cookie"])
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _switched_off(request: HttpRequest) -> HttpResponse:
    return render(request, "offers/embed/off.html", status=404)


# In the house


@requires("settings.edit")
@require_http_methods(["GET", "HEAD", "POST"])
def embed(request: PartnerRequest) -> HttpResponse:
    """The snippet to copy, the websites that may show it, and what it looks like there."""
    chosen = embedding_of(request.partner)
    form = EmbedForm(request.POST or None, initial=_initial(chosen))
    if request.method == "POST" and form.is_valid():
        change_embedding(
            request.partner,
            origins=form.cleaned_data["origins"],
            prices=form.cleaned_data["prices"],
            actor=request.user,
            now=clock.now(),
        )
        messages.success(request, _("The list is saved. It holds from the next time the page is opened."))
        return redirect("offers:embed")
    context = {
        "page_title": _("Selector on your website"),
        "form": form,
        "address": _address(request.partner),
        "is_on": bool(in_policy(chosen.embed_origins)),
        "snippet_title": _("Which certificate?"),
    }
    response = render(request, "offers/embed/settings.html", context, status=422 if form.errors else 200)
    cast(Any, response)._csp_update = {"frame-src": [SELF]}
    return response


def _initial(chosen: SalesSettings) -> dict[str, Any]:
    return {"origins": "\n".join(chosen.embed_origins), "prices": chosen.embed_prices}


def _address(partner: Partner) -> str:
    query = urlencode({"lang": partner.language})
    return links.address(partner, f"{reverse('offers:embedded', args=[partner.slug])}?{query}")


@requires("settings.edit")
@require_safe
def embed_preview(request: PartnerRequest) -> HttpResponse:
    """The same page for our own frame, whatever the list says."""
    response = _framed(_page(request, embedding_of(request.partner)), by=[SELF])
    response.headers["Cache-Control"] = "private, no-cache"
    return response
