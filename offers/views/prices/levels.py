"""The levels of customers that pay prices of their own."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from offers.forms.prices import LevelForm
from offers.models import PriceLevel
from offers.services.prices import levels
from portal import clock
from portal.access import PartnerRequest, requires

_EITHER = ["GET", "HEAD", "POST"]


@requires("prices.edit")
@require_http_methods(_EITHER)
def price_levels(request: PartnerRequest) -> HttpResponse:
    """All levels in their order; POST adds one."""
    form = LevelForm(request.POST or None)
    if form.is_valid():
        try:
            level = levels.add_level(request.partner, form.cleaned_data["name"], actor=request.user, now=clock.now())
        except levels.NameTaken:
            form.add_error("name", _name_taken())
        else:
            words = _("%(level)s is added. Fill it from the list, or give it single prices.")
            messages.success(request, words % {"level": level.name})
            return redirect("offers:price_levels")
    context = {"page_title": _("Price levels"), "form": form, "levels": levels.levels_of(request.partner)}
    return render(request, "offers/prices/levels.html", context, status=422 if form.errors else 200)


@requires("prices.edit")
@require_http_methods(_EITHER)
def price_level(request: PartnerRequest, pk: int) -> HttpResponse:
    """Another name."""
    level = _level(request, pk)
    form = LevelForm(request.POST or None, initial={"name": level.name})
    if form.is_valid():
        try:
            levels.rename_level(level, form.cleaned_data["name"], actor=request.user, now=clock.now())
        except levels.NameTaken:
            form.add_error("name", _name_taken())
        else:
            messages.success(request, _("%(level)s is saved.") % {"level": level.name})
            return redirect("offers:price_levels")
    context = {"page_title": _("Rename a level"), "form": form, "level": level}
    return render(request, "offers/prices/level.html", context, status=422 if form.errors else 200)


@requires("prices.edit")
@require_POST
def price_level_move(request: PartnerRequest, pk: int) -> HttpResponse:
    """One place up or down."""
    by = -1 if request.POST.get("way") == "up" else 1
    levels.move_level(_level(request, pk), by=by, actor=request.user, now=clock.now())
    return redirect("offers:price_levels")


@requires("prices.edit")
@require_http_methods(_EITHER)
def price_level_delete(request: PartnerRequest, pk: int) -> HttpResponse:
    """Say what hangs on it and ask once; POST deletes it."""
    level = _level(request, pk)
    if request.method == "POST":
        uses = levels.delete_level(level, actor=request.user, now=clock.now())
        words = ngettext(
            "%(level)s is deleted. %(count)s customer pays the list's prices now.",
            "%(level)s is deleted. %(count)s customers pay the list's prices now.",
            uses.customers,
        )
        messages.success(request, words % {"level": level.name, "count": uses.customers})
        return redirect("offers:price_levels")
    title = _("Delete “%(level)s”?") % {"level": level.name}
    context = {"page_title": title, "level": level, "uses": levels.uses_of(level)}
    return render(request, "offers/prices/level_delete.html", context)


def _level(request: PartnerRequest, pk: int) -> PriceLevel:
    return get_object_or_404(PriceLevel.objects.for_partner(request.partner).select_related("partner"), pk=pk)


def _name_taken() -> str:
    return _("Another level has this name. Choose another.")
