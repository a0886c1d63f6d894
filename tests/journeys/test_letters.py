"""A partner's own letter: written beside its preview, in which nothing can act, put in use, taken back, and tested."""

from __future__ import annotations

import pytest
from django_scopes import scopes_disabled
from playwright.sync_api import Dialog, expect

from campaigns.models import LetterVersion
from portal.models import OutgoingMail
from tests.journeys.house import House
from tests.journeys.people import NADIA
from tests.journeys.visits import PHONE, Visits

pytestmark = pytest.mark.browser

ADDRESS = "/campaigns/letters/days_60/en/"
HOSTILE = """
<script>alert(1)</script><img src="https://evil.example/x.png" onerror="alert(2)"><svg onload="alert(3)"></svg>
<style>@import "https://evil.example/x.css"; body { background: url(https://evil.example/b.png) }</style>
<meta http-equiv="refresh" content="0;url=https://evil.example/"><base href="https://evil.example/">
<iframe src="https://evil.example/" onload="alert(4)"></iframe><a href="javascript:alert(5)">press</a>
<form action="https://evil.example/"><button autofocus onfocus="alert(6)">press</button></form>
{{ button }}
"""


def test_letter_is_written_beside_its_preview_put_in_use_and_taken_back(demo_house: House, visits: Visits) -> None:
    page = visits.open(NADIA)
    page.goto(ADDRESS)
    preview = page.frame_locator(".letter-frame-light iframe")
    expect(preview.get_by_text("60 days until expiration")).to_be_visible()

    body = page.get_by_label("Letter", exact=False).and_(page.locator("textarea"))
    body.fill("Dear ")
    page.get_by_role("button", name="Insert customer", exact=True).click()
    expect(body).to_have_value("Dear {{ customer }}")
    expect(preview.get_by_text("Dear Horizon Yole SA")).to_be_visible()
    expect(page.get_by_text("is added at the end: place {{ button }} yourself", exact=False)).to_be_visible()

    page.get_by_text("Text", exact=True).click()
    expect(page.locator(".letter-text")).to_contain_text("Dear Horizon Yole SA")
    body.fill("Dear {{ customer }},\n\nread on, it ends soon, and one minute is enough. {{ essentials }} {{ button }}")
    expect(page.locator(".letter-text")).to_contain_text("read on, it ends soon")

    page.get_by_role("button", name="Save and put in use").click()
    expect(page.get_by_text("Version 1 is in use:", exact=False)).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("The built-in letter is in use")).to_be_visible()
    page.get_by_role("button", name="Send me a test").click()
    expect(page.get_by_text("A test is on its way to", exact=False)).to_be_visible()
    with scopes_disabled():
        assert [version.is_live for version in LetterVersion.objects.filter(letter__key="days_60")] == [False]
        assert OutgoingMail.objects.get(to_email=NADIA).subject.startswith("Test: ")


def test_nothing_acts_in_the_preview_and_no_request_leaves(demo_house: House, visits: Visits) -> None:
    page = visits.open(NADIA)
    dialogs: list[str] = []

    def dismiss(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", dismiss)
    page.goto(ADDRESS)

    with page.expect_response("**/check/"):
        page.locator("textarea").fill(HOSTILE)
    preview = page.frame_locator(".letter-frame-light iframe")
    expect(preview.get_by_text("press").first).to_be_visible()
    for press in preview.get_by_text("press").all() + preview.get_by_text("Renew now").all():
        press.click()
    page.wait_for_timeout(500)

    assert dialogs == []
    assert [frame.url for frame in page.frames[1:]] == ["about:srcdoc"] * (len(page.frames) - 1)
    # requests to other hosts are faults of their own: see Watch


def test_letter_is_written_without_scripts_too(demo_house: House, visits: Visits) -> None:
    visits.watch.expected.add(422)
    page = visits.open(NADIA, size=PHONE, javascript=False)
    page.goto("/campaigns/letters/days_30/en/")

    page.locator("textarea").fill("Dear {{ nobody }}")
    page.get_by_role("button", name="Show how it reads").click()
    expect(page.get_by_text("There is no variable “nobody”.", exact=False).first).to_be_visible()
    expect(page.locator("textarea")).to_have_value("Dear {{ nobody }}")
    page.locator("textarea").fill("Dear {{ name }}")
    page.get_by_role("button", name="Show how it reads").click()

    expect(page.frame_locator(".letter-frame-light iframe").get_by_text("Dear Søren Lindqvist")).to_be_visible()
