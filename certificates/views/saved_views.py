"""Saved views of lists: come back to what stood in an address, and show it to colleagues."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from certificates.models import SavedView
from portal.access import PartnerQuerySet, PartnerRequest, requires
from portal.lists import ListPage
from portal.lists.address import Address

# The lists that can be saved, and where each stands; apps above add theirs.
PAGES = {
    name: f"certificates:{name}" for name in ("expiring", "orders", "requests", "domains", "organizations", "customers")
}


class SavableListPage(ListPage):
    """A list with a menu of saved views, which is fetched when it is opened."""

    def get_context_data(self) -> dict[str, Any]:
        if "views.save" not in self.request.membership.permissions:
            return {}
        query = urlencode({"query": self.address.saved})
        return {"saved_views_url": f"{reverse('certificates:saved_views', args=[self.name])}?{query}"}


class SavedViewForm(forms.Form):
    name = forms.CharField(max_length=60)
    query = forms.CharField(max_length=2000, required=False)
    is_shared = forms.BooleanField(required=False)

    def clean_query(self) -> str:
        return Address.of(QueryDict(self.cleaned_data["query"])).saved


@requires("views.save")
@require_safe
def saved_views(request: PartnerRequest, page: str) -> HttpResponse:
    """One's own views of a list and those colleagues share, with a form that saves the present one."""
    template = "views/menu.html" if request.htmx else "views/page.html"
    query = Address.of(QueryDict(request.GET.get("query", ""))).saved
    context = {
        "page_title": _("Saved views"),
        "views": visible(request, page).select_related("owner__user"),
        "membership": request.membership,
        "list_url": _list_url(page),
        "query": query,
        "save_url": reverse("certificates:save_view", args=[page]),
    }
    return render(request, f"certificates/{template}", context)


@requires("views.save")
@require_POST
def save_view(request: PartnerRequest, page: str) -> HttpResponseBase:
    """Keep the address under a name; a name used before now means this."""
    back, form = _list_url(page), SavedViewForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("A view needs a name of at most 60 characters."))
        return redirect(back)
    values = form.cleaned_data
    SavedView.objects.update_or_create(
        partner=request.partner,
        owner=request.membership,
        page=page,
        name=values["name"],
        defaults={"query": values["query"], "is_shared": values["is_shared"]},
    )
    messages.success(request, _("The view “%(name)s” is saved.") % {"name": values["name"]})
    return redirect(f"{back}?{values['query']}")


@requires("views.save")
@require_POST
def delete_view(request: PartnerRequest, pk: int) -> HttpResponseBase:
    """Only one's own; those of colleagues are not found."""
    view = get_object_or_404(SavedView.objects.for_partner(request.partner), pk=pk, owner=request.membership)
    view.delete()
    messages.success(request, _("The view “%(name)s” is deleted.") % {"name": view.name})
    return redirect(_list_url(view.page))


def visible(request: PartnerRequest, page: str) -> PartnerQuerySet[SavedView]:
    """One's own views of the list, and those shared by colleagues."""
    views: PartnerQuerySet[SavedView] = SavedView.objects.for_partner(request.partner)
    return views.filter(Q(owner=request.membership) | Q(is_shared=True), page=page)


def _list_url(page: str) -> str:
    if page not in PAGES:
        raise Http404(page)
    return reverse(PAGES[page])
