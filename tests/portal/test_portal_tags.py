"""What lists and pages are made of is escaped, labelled, and drawn from icons that exist."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import django_tables2 as tables
import pytest
from django.conf import settings
from django.contrib.messages.storage.base import Message
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import translation
from django.utils.html import format_html

from portal.templatetags.portal_tags import (
    alert_icon,
    icon,
    initials,
    pill,
    sentence_case,
    switch,
    table_body,
    undo_url,
)

ROOT = Path(settings.BASE_DIR)
ICON_IN_A_TEMPLATE = re.compile(r'{% icon "([a-z0-9-]+)"')


class Orders(tables.Table):  # type: ignore[misc]
    number = tables.Column(verbose_name="Order #", attrs={"td": {"class": "col-main"}})
    name = tables.Column(verbose_name="Common name", orderable=False)
    action = tables.Column(verbose_name="", orderable=False)

    class Meta:
        row_attrs = {"data-key": lambda record: record["number"]}


def row(**values: Any) -> dict[str, Any]:
    return {"number": 7101523, "name": "www.granit-phare.example", "action": "Renew", **values}


def render(table: tables.Table, query: str = "") -> str:
    request = RequestFactory().get(f"/orders/{query}")
    tables.RequestConfig(request, paginate=False).configure(table)
    return Template('{% include "partials/table.html" %}').render(Context({"table": table, "request": request}))


def test_rows_carry_their_attributes_and_each_cell_its_label() -> None:
    assert table_body(Orders([row()])) == (
        '<tr data-key="7101523"><td class="col-main" data-label="Order #">7101523</td>'
        '<td data-label="Common name">www.granit-phare.example</td><td>Renew</td></tr>'
    )


def test_cells_are_escaped_unless_they_are_markup_of_ours() -> None:
    body = table_body(Orders([row(name="<script>", action=format_html("<b>{}</b>", "&"))]))

    assert "&lt;script&gt;" in body
    assert "<b>&amp;</b>" in body


def test_sorting_starts_again_at_the_first_rows_and_keeps_the_filters() -> None:
    assert 'href="?owner=mine&amp;sort=number"' in render(Orders([row()]), "?owner=mine&after=abc")


def test_the_sorted_column_says_so_and_turns_round() -> None:
    page = render(Orders([row()]), "?sort=number")

    assert 'aria-sort="ascending"' in page
    assert 'href="?sort=-number"' in page


def test_an_empty_table_says_what_is_missing() -> None:
    page = render(Orders([], empty_text="No order ends this week."))

    assert "No order ends this week." in page
    assert "<table" not in page


def test_a_switch_offers_the_opposite_of_what_it_shows() -> None:
    on = switch("/orders/1/notices/", on=True, label="Renewal notices for order 1", key="notices-1")

    assert 'aria-checked="true"' in on
    assert 'name="on" value="0"' in on
    assert 'aria-label="Renewal notices for order 1"' in on


def test_urgency_is_said_by_icon_and_word_too() -> None:
    words = pill("bad", "Expired 3 days ago")

    assert "#exclamation-octagon" in words
    assert "Expired 3 days ago" in words


def test_icons_are_silent_unless_they_stand_alone() -> None:
    assert 'aria-hidden="true"' in icon("bell")
    assert 'role="img" aria-label="Notices are on"' in icon("bell", "Notices are on")


@pytest.mark.parametrize(("name", "letters"), [("Relais Partner", "RP"), ("Opale", "O"), ("", ""), ("& Fils", "F")])
def test_initials_stand_for_a_missing_logo(name: str, letters: str) -> None:
    assert initials(name) == letters


def test_a_message_may_offer_to_take_its_deed_back() -> None:
    assert undo_url(Message(25, "Saved.", extra_tags="wide undo:/orders/1/notices/undo/")) == "/orders/1/notices/undo/"
    assert undo_url(Message(25, "Saved.")) == ""


def test_unknown_levels_are_merely_informative() -> None:
    assert alert_icon("debug") == "info-circle"


@pytest.mark.house
def test_every_icon_a_template_names_is_in_the_sprite() -> None:
    sprite = set(json.loads((ROOT / "static/icons.json").read_text()))
    named = {
        name for page in (ROOT / "templates").rglob("*.html") for name in ICON_IN_A_TEMPLATE.findall(page.read_text())
    }

    assert named - sprite == set()


@pytest.mark.house
def test_pages_hold_no_inline_style_script_or_handler() -> None:
    inline = re.compile(r"<style|\sstyle=|\son[a-z]+=\"|<script(?![^>]*\ssrc=)")
    pages = [
        page for page in (ROOT / "templates").rglob("*.html") if not {"email", "emails", "documents"} & set(page.parts)
    ]

    assert [page.name for page in pages if inline.search(page.read_text())] == []


@pytest.mark.parametrize(
    ("language", "words", "written"),
    [
        ("en", "\n  Two-Factor Authentication\n", "Two-factor authentication"),
        ("en", "Sign In", "Sign in"),
        ("en", "Scan QR Code", "Scan QR code"),
        ("en", "Sign in to Relais Partner", "Sign in to Relais Partner"),
        ("en", "", ""),
        ("fr", "Codes Relais", "Codes Relais"),
    ],
)
def test_headings_brought_along_become_sentences(language: str, words: str, written: str) -> None:
    with translation.override(language):
        assert sentence_case(words) == written
