"""What the tests of the Expiring page share: a signed-in browser, and reading a page as people do."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from django.http import HttpResponse
from django.test import Client

from portal.models import Partner
from portal.roles import Role
from tests.factories import make_customer, make_member


def sign_in(partner: Partner, role: str = Role.ACCOUNT_MANAGER, **fields: Any) -> Client:
    """A browser in which a new member of the partner is signed in."""
    if role == Role.CUSTOMER:
        fields.setdefault("customer", make_customer(partner))
    client = Client()
    client.member = make_member(partner, role, **fields)  # type: ignore[attr-defined]
    client.force_login(client.member.user)  # type: ignore[attr-defined]
    return client


def numbers(response: Any) -> list[str]:
    """The order numbers of the rows, in their order."""
    return re.findall(r'class="order-number"[^>]*>([^<]+)<', response.content.decode())


def tab_counts(response: Any) -> dict[str, str]:
    """The tabs with their counts."""
    tabs = re.search(r'<nav class="tabs".*?</nav>', response.content.decode(), re.DOTALL)
    assert tabs is not None
    return dict(re.findall(r">([^<]+)<b>([^<]+)</b>", tabs[0]))


def text(response: Any) -> str:
    """The words of the page, without its markup."""
    return words(content(response))


def words(markup: str) -> str:
    """What is left of markup where it is read."""
    left = re.sub(r"<(svg|script|style|noscript)\b.*?</\1>|<[^>]+>", " ", markup, flags=re.DOTALL)
    return " ".join(unescape(left).split())


def content(response: Any) -> str:
    """The page, or all of a file that is written while it is read."""
    assert isinstance(response, HttpResponse) or response.streaming
    whole = b"".join(response.streaming_content) if response.streaming else response.content
    return whole.decode("utf-8-sig")
