"""A passkey, from its making to signing in with nothing else, under the strict policy, in a real browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.factories import make_member, make_partner
from tests.journeys.house import House
from tests.journeys.visits import Visits
from tests.portal.signing import PASSWORD

pytestmark = pytest.mark.browser

# A telephone's or laptop's own authenticator, whose owner always agrees.
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def carry_authenticator(page: Page) -> None:
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})


def test_passkey_is_made_and_opens_the_portal_by_itself(house: House, visits: Visits) -> None:
    member = make_member(make_partner(name="Relais"), "administrator", email="nadia@relais.example")
    page = visits.open()
    carry_authenticator(page)

    page.goto("/accounts/login/")
    page.locator("[name=login]").fill(member.user.email)
    page.locator("[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page).not_to_have_url(re.compile("login"))
    page.goto("/accounts/security/keys/add/")
    page.locator("[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    page.locator("[name=name]").fill("Laptop")
    page.locator("[name=passwordless]").check()
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page).to_have_url(re.compile("/accounts/security/codes/|/accounts/security/keys/$"))
    page.goto("/accounts/security/keys/")
    expect(page.get_by_role("cell", name="Laptop Passkey")).to_be_visible()

    page.context.clear_cookies()
    page.goto("/accounts/login/?next=/me/")
    page.get_by_role("button", name="Sign in with a passkey").click()

    expect(page.get_by_text("You sign in as nadia@relais.example.")).to_be_visible()
