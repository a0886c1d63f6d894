"""Addresses: of rows, by one look-up of the pattern and then plain text for each; and of where one came from."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from django.http import HttpRequest
from django.urls import NoReverseMatch, get_script_prefix, get_urlconf, reverse
from django.utils.http import url_has_allowed_host_and_scheme

_MARK = 9_087_613_245


RowUrl = Callable[[int], str]


def page_url(name: str) -> str:
    """`reverse` without arguments, looked up once per process."""
    return _page(name, get_urlconf(), get_script_prefix())


@cache
def _page(name: str, urlconf: str | None, _prefix: str) -> str:
    return reverse(name, urlconf)


def row_urls(name: str) -> RowUrl:
    """Make addresses with a single primary key: `row_urls("certificates:order")(5)` -> "/orders/5/"."""
    before, after = _around(name, get_urlconf(), get_script_prefix())
    return lambda pk: f"{before}{pk}{after}"


@cache
def _around(name: str, urlconf: str | None, _prefix: str) -> tuple[str, str]:
    before, after = reverse(name, urlconf, args=[_MARK]).split(str(_MARK))
    return before, after


def row_urls_above(name: str) -> RowUrl | None:
    """The same for a page of an upper app, which may be missing: a link appears with its page."""
    try:
        return row_urls(name)
    except NoReverseMatch:
        return None


def came_from(request: HttpRequest, *, otherwise: str) -> str:
    """The page of ours on which a button was pressed, to go back to."""
    page = request.headers.get("Referer", "")
    ours = url_has_allowed_host_and_scheme(page, {request.get_host()}, require_https=request.is_secure())
    return page if ours else otherwise
