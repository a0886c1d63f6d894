"""How many queries a page may issue: a committed baseline, the same at one row and at many."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

BASELINE = Path(__file__).with_name("query_baseline.json")
# Who is asking, not what is asked for: the first query on each of them.
WHO_ASKS = ("django_session", "portal_user", "portal_membership")


def page_queries(client: Client, url: str) -> list[str]:
    """The statements of one GET, without those that find the session, the person and the membership."""
    with CaptureQueriesContext(connection) as captured:
        response = client.get(url)
        if response.streaming:
            b"".join(response)
    assert response.status_code == 200, response.status_code
    statements = [one["sql"] for one in captured.captured_queries]
    for table in WHO_ASKS:
        first = next((sql for sql in statements if f' FROM "{table}"' in sql), None)
        if first is not None:
            statements.remove(first)
    return statements


def assert_query_baseline(
    client: Client, url: str, name: str, *, add_rows: Callable[[int], object], many: int = 60
) -> None:
    """As many queries at one row as at many, and no more than the committed baseline allows.

    `add_rows(n)` makes n more rows that the page shows; it is called with 1 and then with the rest.
    """
    add_rows(1)
    client.get(url)  # templates and caches warm up
    at_one = page_queries(client, url)
    add_rows(many - 1)
    at_many = page_queries(client, url)

    assert len(at_many) == len(at_one), "\n".join([*at_one, "", *at_many])
    allowed = json.loads(BASELINE.read_text())[name]
    assert len(at_many) <= allowed, f"{name}: {len(at_many)} > {allowed}\n" + "\n".join(at_many)
