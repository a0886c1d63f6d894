"""Saved views: one's own and those colleagues share, and nobody else's."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from certificates.models import SavedView
from portal.models import Membership, Partner
from portal.roles import Role
from tests.certificates.expiring import content, sign_in, text
from tests.factories import make_member, make_partner


@pytest.fixture(autouse=True)
def _one_factor(settings: pytest.FixtureRequest) -> None:
    settings.MFA_REQUIRED = False  # type: ignore[attr-defined]


@pytest.fixture
def browser(partner: Partner) -> Client:
    return sign_in(partner)


def make_view(owner: Membership, name: str, **fields: Any) -> SavedView:
    fields.setdefault("page", "expiring")
    return SavedView.objects.create(partner=owner.partner, owner=owner, name=name, **fields)


def test_view_is_saved_without_its_place_and_leads_back_to_what_one_saw(browser: Client, partner: Partner) -> None:
    response = browser.post(
        "/views/expiring/save/",
        {"name": "Mine, urgent", "query": "tab=30&owner=me&after=abc&quick=4", "is_shared": "on"},
    )

    view = SavedView.objects.get()
    assert (view.name, view.query, view.is_shared, view.page) == ("Mine, urgent", "tab=30&owner=me", True, "expiring")
    assert response.headers["Location"] == "/expiring/?tab=30&owner=me"
    assert 'href="/expiring/?tab=30&amp;owner=me"' in content(browser.get("/views/expiring/"))


def test_name_used_before_means_the_new_view(browser: Client, partner: Partner) -> None:
    for query in ("tab=30", "tab=60"):
        browser.post("/views/expiring/save/", {"name": "Mine", "query": query})

    assert list(SavedView.objects.values_list("name", "query")) == [("Mine", "tab=60")]


def test_only_ones_own_and_shared_views_of_this_list_are_shown(browser: Client, partner: Partner) -> None:
    colleague = make_member(partner)
    make_view(browser.member, "own")  # type: ignore[attr-defined]
    make_view(colleague, "shared", is_shared=True)
    make_view(colleague, "private canary")
    make_view(browser.member, "other list canary", page="orders")  # type: ignore[attr-defined]
    foreign = sign_in(make_partner())
    foreign.post("/views/expiring/save/", {"name": "foreign canary", "query": "", "is_shared": "on"})

    words = text(browser.get("/views/expiring/?query=tab%3D30", headers={"HX-Request": "true"}))

    assert "own" in words
    assert "shared" in words
    assert "canary" not in words


def test_only_ones_own_view_is_deleted(browser: Client, partner: Partner) -> None:
    own = make_view(browser.member, "own")  # type: ignore[attr-defined]
    colleagues = make_view(make_member(partner), "shared", is_shared=True)

    assert browser.post(f"/views/{own.pk}/delete/").status_code == 302
    assert browser.post(f"/views/{colleagues.pk}/delete/").status_code == 404
    assert browser.get(f"/views/{own.pk}/delete/").status_code == 405
    assert list(SavedView.objects.all()) == [colleagues]


def test_view_needs_a_name_and_a_list(browser: Client, partner: Partner) -> None:
    assert browser.post("/views/expiring/save/", {"name": "", "query": "tab=30"}).status_code == 302
    assert browser.post("/views/secrets/save/", {"name": "x"}).status_code == 404
    assert browser.get("/views/secrets/").status_code == 404
    assert not SavedView.objects.exists()


def test_support_saves_views_and_customers_do_not(partner: Partner) -> None:
    assert sign_in(partner, Role.SUPPORT).post("/views/expiring/save/", {"name": "x"}).status_code == 302
    assert sign_in(partner, Role.CUSTOMER).post("/views/expiring/save/", {"name": "x"}).status_code == 403


def test_posted_owner_and_partner_are_ignored(browser: Client, partner: Partner) -> None:
    other = make_member(partner)

    browser.post("/views/expiring/save/", {"name": "x", "owner": other.pk, "partner": make_partner().pk})

    view = SavedView.objects.get()
    assert (view.owner_id, view.partner_id) == (browser.member.pk, partner.pk)  # type: ignore[attr-defined]
