"""One box for everything: results as one types, a page on Enter, and straight to the one exact hit."""

from __future__ import annotations

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from certificates.search.text import SHORTEST_SEARCH
from certificates.services.search import find, is_searchable, only_exact_hit
from portal.access import PartnerRequest, requires

WHILE_TYPING, ON_THE_PAGE = 5, 25
LONGEST = 200


@requires("search.view")
@require_safe
def search(request: PartnerRequest) -> HttpResponse:
    """`q` is what was typed; htmx asks for the results alone."""
    words = request.GET.get("q", "").strip()[:LONGEST]
    while_typing = bool(request.htmx) and not request.htmx.boosted
    groups = find(request.partner, words, limit=WHILE_TYPING if while_typing else ON_THE_PAGE)
    if not while_typing and (hit := only_exact_hit(groups)):
        return HttpResponseRedirect(hit.url)
    template = "partials/search_results.html" if while_typing else "certificates/search/search.html"
    context = {
        "groups": groups,
        "words": words if is_searchable(words) else "",
        "search_words": words,
        "shortest": SHORTEST_SEARCH,
    }
    response = render(request, template, context)
    patch_vary_headers(response, ["HX-Request"])
    return response
