"""The settings of the house: brand, sender, people at the authority; and what the two colours come to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings as site
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from portal import clock, colours, links
from portal.access import PartnerRequest, public, requires
from portal.colours import DARK, LIGHT, RGB
from portal.forms import PartnerForm
from portal.models import Partner
from portal.models.partners import HEX_COLOUR
from portal.services import house


@dataclass(frozen=True, slots=True)
class Swatch:
    """A colour as it will be used: `corrected` where the chosen one could not be read there."""

    ground: str
    fill: str
    ink: str
    corrected: bool


@requires("settings.view")
@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: PartnerRequest) -> HttpResponse:
    """Show the settings; POST stores those that differ."""
    form = PartnerForm(request.POST or None, request.FILES or None, instance=_fresh(request.partner))
    if request.method == "POST" and form.is_valid():
        _save(request, form)
        messages.success(request, _("The settings are saved."))
        return redirect("portal:settings")
    context = {
        "form": form,
        "swatches": swatches(*_colours(form)),
        "portal_address": urlsplit(site.PUBLIC_URL).netloc,
        "is_host_answered": links.is_answered(request.partner),
    }
    return render(request, "portal/settings.html", context, status=422 if form.errors else 200)


def _fresh(partner: Partner) -> Partner:
    # a form writes on its instance even when it refuses what was typed, and the frame shows the partner too
    return Partner.objects.get(pk=partner.pk)


def _save(request: PartnerRequest, form: PartnerForm) -> None:
    partner, now = _fresh(request.partner), clock.now()
    house.change_settings(partner, form.settings, actor=request.user, now=now)
    if form.cleaned_data["logo_file"] or form.cleaned_data["remove_logo"]:
        house.change_logo(partner, form.cleaned_data["logo_file"], actor=request.user, now=now)


def _colours(form: PartnerForm) -> tuple[str, str]:
    chosen: Any = [form[name].value() for name in ("brand_colour", "accent_colour")]
    return chosen[0], chosen[1]


@requires("settings.view")
@require_safe
def colour_preview(request: PartnerRequest) -> HttpResponse:
    """What two colours not yet saved would look like."""
    chosen = [request.GET.get(name, "") for name in ("brand_colour", "accent_colour")]
    return render(request, "portal/colours.html", {"swatches": swatches(*chosen)})


def swatches(brand: str, accent: str) -> dict[str, Swatch]:
    """The colours on a light page, on a dark page and in the sidebar; none where one of them is no colour."""
    if not (re.match(HEX_COLOUR, brand) and re.match(HEX_COLOUR, accent)):
        return {}
    chosen, side = RGB.parse(brand), colours.sidebar_ground(RGB.parse(accent))
    on_light, on_dark = colours.brand_on(LIGHT, chosen), colours.brand_on(DARK, chosen)
    return {
        "light": Swatch(str(LIGHT.card), str(on_light), str(colours.ink_for(on_light)), on_light != chosen),
        "dark": Swatch(str(DARK.card), str(on_dark), str(colours.ink_for(on_dark)), on_dark != chosen),
        "side": Swatch(str(side), str(colours.bright_under_white(chosen)), "#ffffff", str(side) != accent),
    }


@public
@require_safe
def logo(_request: HttpRequest, slug: str) -> HttpResponse:
    """The partner's logo; its address changes with it, so that browsers may keep it for a year."""
    partner = get_object_or_404(Partner, slug=slug, is_active=True)
    if not partner.logo:
        raise Http404(slug)
    with partner.logo.open("rb") as picture:
        return HttpResponse(
            picture.read(),
            content_type="image/png",
            headers={"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"},
        )
