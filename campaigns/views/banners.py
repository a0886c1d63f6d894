"""Banners: the gallery and the editor in the house, and what other websites show of them, without cookies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, cast
from urllib.parse import urlencode

from csp.constants import SELF
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from campaigns.forms.banners import BannerForm
from campaigns.models import Banner
from campaigns.rules.countdown import time_left
from campaigns.services import banners
from campaigns.services.banners import Shown
from certificates.models import Customer
from offers.services.origins import in_policy
from portal import clock, links
from portal.access import PartnerRequest, on_behalf_of, public, requires
from portal.choices import Language
from portal.models import Partner

KEPT_SECONDS = 60
# Pixels of the frame, as of the picture
SIZES: Mapping[str, tuple[int, int]] = {"wide": (970, 120), "board": (728, 90), "box": (300, 250)}
# What a design is for, beside its picture in the gallery
DESIGNS = {
    Banner.Design.CALM: gettext_lazy("White, with your colour at its edge. For pages that are busy already."),
    Banner.Design.BOLD: gettext_lazy("In your colour from edge to edge. To be seen first."),
    Banner.Design.COUNTDOWN: gettext_lazy("In your colour, with days, hours and minutes in boxes."),
    Banner.Design.OFFER: gettext_lazy("White, and the offer first."),
}


# On other websites


@public
@require_safe
def shown(request: HttpRequest, public_key: str) -> HttpResponse:
    """The banner for a frame of the listed websites; where nothing is to be shown, an empty page."""
    banner = banners.banner_of(public_key)
    if banner is None or links.partner_of_host(request.get_host()) not in (None, banner.partner):
        return _framed(render(request, "campaigns/banners/nothing.html", status=404), by=["'none'"])
    with on_behalf_of(banner.partner):
        return _framed(_banner(request, banner), by=in_policy(banner.origins) or ["'none'"])


@public
@require_safe
def picture(request: HttpRequest, public_key: str) -> HttpResponse:
    """The same as a PNG, for websites and letters that take no frames; 404 where there are no fonts to draw it with."""
    banner = banners.banner_of(public_key)
    if banner is None or links.partner_of_host(request.get_host()) not in (None, banner.partner):
        return HttpResponse(status=404)
    with on_behalf_of(banner.partner):
        return _picture(request, banner)


def _picture(request: HttpRequest, banner: Banner) -> HttpResponse:
    # Pillow and its fonts are of no use to other pages
    from campaigns.banner_pictures import picture as draw
    from campaigns.drawing.lettering import FontsMissing

    now = clock.now()
    content = _shown(request, banner, now)
    if content is None:
        return HttpResponse(status=404)
    try:
        drawn = draw(content, now=now)
    except FontsMissing:
        return HttpResponse(status=404)
    response = HttpResponse(drawn, content_type="image/png")
    response.headers["Content-Disposition"] = f'inline; filename="banner-{content.language}.png"'
    return _kept(response)


def _banner(request: HttpRequest, banner: Banner) -> HttpResponse:
    now = clock.now()
    content = _shown(request, banner, now)
    return _drawn(request, content, now) if content else render(request, "campaigns/banners/nothing.html")


def _drawn(request: HttpRequest, content: Shown, now: datetime) -> HttpResponse:
    with translation.override(content.language):
        left = time_left(content.ends_at, now=now) if content.ends_at else None
        context = {
            "shown": content,
            "partner": content.partner,
            "left": left,
            "seconds_left": int((content.ends_at - now).total_seconds()) if content.ends_at else 0,
            "language": content.language,
        }
        response = render(request, "campaigns/banners/banner.html", context)
    response.headers["Content-Language"] = content.language
    return response


def _shown(request: HttpRequest, banner: Banner, now: datetime) -> Shown | None:
    code = request.GET.get("for", "")
    customer = banners.customer_of(code, partner=banner.partner) if code else None
    return banners.show(banner, language=_language(request), now=now, customer=customer)


def _language(request: HttpRequest) -> str:
    """The one that the address names, else the visitor's own."""
    asked = request.GET.get("lang", "")
    return asked if asked in Language.values else translation.get_language_from_request(request)


def _framed(response: HttpResponse, *, by: list[str]) -> HttpResponse:
    """Let exactly these frame it; the older header knows no list and stays away."""
    answer = cast(Any, response)
    answer.xframe_options_exempt = True
    answer._csp_replace = {"frame-ancestors": by}
    return _kept(response)


def _kept(response: HttpResponse) -> HttpResponse:
    response.headers["Cache-Control"] = f"public, max-age={KEPT_SECONDS}"
    patch_vary_headers(response, ["Accept-Language", "Cookie"])
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


# In the house


@requires("banners.view")
@require_safe
def gallery(request: PartnerRequest) -> HttpResponse:
    """What there is, as it looks now, and the designs to begin one with."""
    mine = Banner.objects.for_partner(request.partner).select_related("partner", "offer").order_by("-is_active", "name")
    context = {
        "page_title": _("Banners"),
        "banners": [_card(banner) for banner in mine],
        "designs": [(design.value, design.label, words) for design, words in DESIGNS.items()],
    }
    return _with_frames(render(request, "campaigns/banners/gallery.html", context))


def _card(banner: Banner, *, customer: Customer | None = None) -> dict[str, Any]:
    """A banner with all that its frame and its snippets need."""
    width, height = SIZES[banner.size]
    return {
        "banner": banner,
        "width": width,
        "height": height,
        "preview": f"{reverse('campaigns:banner_preview', args=[banner.pk])}?{_query(banner.partner, customer)}",
        "frame": _address(banner, "banner_shown", customer),
        "picture": _address(banner, "banner_picture", customer),
        "url": links.address(banner.partner, reverse("offers:home_due")),
    }


def _address(banner: Banner, page: str, customer: Customer | None) -> str:
    path = reverse(f"campaigns:{page}", args=[banner.public_key])
    return links.address(banner.partner, f"{path}?{_query(banner.partner, customer)}")


def _query(partner: Partner, customer: Customer | None) -> str:
    code = {"for": banners.customer_code(customer)} if customer else {}
    return urlencode({"lang": customer.language if customer else partner.language, **code})


@requires("banners.view")
@require_safe
def banner_page(request: PartnerRequest, pk: int) -> HttpResponse:
    """One banner in both languages, and what to paste where; for one customer, where the address names it."""
    banner, customer = _mine(request, pk), _named_customer(request)
    context = {
        "page_title": banner.name,
        "banner": banner,
        "card": _card(banner, customer=customer),
        "looks": list(_looks(banner, customer)),
        "customer": customer,
    }
    return _with_frames(render(request, "campaigns/banners/page.html", context))


def _looks(banner: Banner, customer: Customer | None) -> Iterator[tuple[str, dict[str, Any]]]:
    """The frame in each language; in that of the one customer, where it is theirs."""
    for code, label in Language.choices:
        if customer is None or customer.language == code:
            signed = {"for": banners.customer_code(customer)} if customer else {}
            path = reverse("campaigns:banner_preview", args=[banner.pk])
            preview = f"{path}?{urlencode({'lang': code, **signed})}"
            yield label, _card(banner, customer=customer) | {"preview": preview}


def _named_customer(request: PartnerRequest) -> Customer | None:
    named = request.GET.get("customer")
    mine = Customer.objects.for_partner(request.partner)
    return get_object_or_404(mine, pk=named if named.isascii() and named.isdigit() else 0) if named else None


@requires("banners.view")
@require_safe
def banner_preview(request: PartnerRequest, pk: int) -> HttpResponse:
    """The banner for our own frame, whatever the list of websites says, and though it is hidden."""
    return _for_us(_banner(cast(HttpRequest, request), _mine(request, pk)))


@requires("banners.view")
@require_safe
def banner_sample(request: PartnerRequest, design: str, size: str) -> HttpResponse:
    """A design in our own frame before there is any banner of it."""
    if design not in Banner.Design.values or size not in SIZES:
        raise Http404(design)
    now, asked = clock.now(), cast(HttpRequest, request)
    content = banners.sample(request.partner, design, size, language=_language(asked), now=now)
    return _for_us(_drawn(asked, content, now))


def _for_us(response: HttpResponse) -> HttpResponse:
    framed = _framed(response, by=[SELF])
    framed.headers["Cache-Control"] = "private, no-cache"
    return framed


@requires("banners.edit")
@require_http_methods(["GET", "HEAD", "POST"])
def banner_new(request: PartnerRequest) -> HttpResponse:
    """Make one, of a design or like another."""
    design = request.GET.get("design", "")
    banner = Banner(partner=request.partner, design=design if design in Banner.Design.values else Banner.Design.CALM)
    like = request.GET.get("like", "")
    if like.isascii() and like.isdigit():
        banner = banners.copy_of(_mine(request, int(like)))
        banner.name = _("%(name)s, copy") % {"name": banner.name[:100]}
    return _edit(request, banner, _("New banner"))


@requires("banners.edit")
@require_http_methods(["GET", "HEAD", "POST"])
def banner_edit(request: PartnerRequest, pk: int) -> HttpResponse:
    """Change one; websites that show it follow within minutes."""
    return _edit(request, _mine(request, pk), _("Change the banner"))


def _edit(request: PartnerRequest, banner: Banner, title: str) -> HttpResponse:
    form = BannerForm(request.POST or None, instance=banner, partner=request.partner)
    if request.method == "POST" and form.is_valid():
        saved = banners.save_banner(form.banner(), actor=request.user, now=clock.now())
        messages.success(request, _("The banner is saved."))
        return redirect("campaigns:banner", pk=saved.pk)
    context = {"page_title": title, "form": form, "banner": banner}
    return render(request, "campaigns/banners/form.html", context, status=422 if form.errors else 200)


@requires("banners.edit")
@require_POST
def banner_switch(request: PartnerRequest, pk: int) -> HttpResponse:
    """Show it, or leave its place empty; the other way round is one press away."""
    on = request.POST.get("on") == "1"
    if banners.switch_banner(_mine(request, pk), on=on, actor=request.user, now=clock.now()):
        messages.success(
            request, _("The banner is shown.") if on else _("The banner is hidden: its place stays empty.")
        )
    return redirect("campaigns:banner", pk=pk)


def _mine(request: PartnerRequest, pk: int) -> Banner:
    return get_object_or_404(Banner.objects.for_partner(request.partner).select_related("partner", "offer"), pk=pk)


def _with_frames(response: HttpResponse) -> HttpResponse:
    cast(Any, response)._csp_update = {"frame-src": [SELF]}
    return response


def customer_panel(_request: HttpRequest, customer: Customer) -> Mapping[str, Any] | None:
    """The banners that can count down to this customer's own ends, on a page that only they see."""
    mine = Banner.objects.for_partner(customer.partner).filter(is_active=True).order_by("name", "pk")
    return {"customer": customer, "banners": list(mine)} if mine else None
