"""A key made in the browser fits the certificate, and nothing that leaves the browser holds any of it but the file."""

from __future__ import annotations

import re
from base64 import b64decode
from dataclasses import dataclass, field

import pytest
from django.urls import reverse
from playwright.sync_api import BrowserContext, Dialog, Page, Request, expect

from certificates.models import Order
from certificates.states import RequestState
from portal.access import on_behalf_of
from portal.demo import PARTNER_SLUG
from portal.models import Partner
from tests.certificates.services.work import make_renewable
from tests.factories import make_member, make_request
from tests.journeys.house import wait_for
from tests.journeys.looks import barriers, overhang
from tests.journeys.openssl import openssl
from tests.journeys.people import CLAIRE, STRANGER
from tests.journeys.rows import address, requests_for, way_to_renew
from tests.journeys.visits import DESK, PHONE, Visits

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("demo_house", "worker")]

KINDS = {
    "RSA 2048": "Public-Key: (2048 bit)",
    "RSA 3072": "Public-Key: (3072 bit)",
    "RSA 4096": "Public-Key: (4096 bit)",
    "ECDSA P-256": "NIST CURVE: P-256",
    "ECDSA P-384": "NIST CURVE: P-384",
}
FIELDS = "[...document.querySelectorAll('input, select, textarea')].map((field) => field.value)"
STORES = "[JSON.stringify(localStorage), JSON.stringify(sessionStorage), document.cookie]"
# Making RSA 4096 takes a while where two cores are busy.
PATIENCE = 120_000
SAVED = "The key exists only in this file."


@dataclass
class Wire:
    """Everything that a browser sends: addresses, headers and bodies."""

    requests: list[Request] = field(default_factory=list)

    def under(self, context: BrowserContext) -> Wire:
        context.on("request", self._request)
        return self

    def _request(self, request: Request) -> None:
        self.requests.append(request)

    def sent(self) -> list[str]:
        # Asking for the headers lets the browser go on, and send more.
        return [f"{one.url} {one.all_headers()} {one.post_data_buffer!r}" for one in tuple(self.requests)]


def secrets_of(key: str) -> list[str]:
    """Pieces of the key's base64 that its public half, which may be sent, does not hold."""
    public = b64decode("".join(public_key(key).splitlines()[1:-1]))
    lines = [line for line in key.splitlines() if len(line) == 64 and not line.startswith("-")]
    # Forty digits are thirty bytes.
    pieces = [line[start : start + 40] for line in lines for start in (0, 24)]
    found = [piece for piece in pieces if b64decode(piece) not in public]
    assert found, key
    return ["PRIVATE KEY", *found]


def order_to_renew(names: list[str]) -> Order:
    partner = Partner.objects.get(slug=PARTNER_SLUG)
    with on_behalf_of(partner):
        return make_renewable(partner, common_name=names[0], names=names)


def choose(page: Page, kind: str = "") -> None:
    page.get_by_text("Make one in this browser", exact=True).click()
    if kind:
        page.get_by_label("Kind of key").select_option(kind)


def make_key(page: Page, button: str = "Make the key") -> tuple[str, str]:
    """Press, and hand over the name and the content of the file that comes."""
    with page.expect_download(timeout=PATIENCE) as download:
        page.get_by_role("button", name=button, exact=True).click()
    expect(page.get_by_text(SAVED)).to_be_visible()
    return download.value.suggested_filename, download.value.path().read_text()


def made_request(page: Page) -> bytes:
    return page.locator("[name=csr]").input_value().encode()


def write_names(page: Page, names: str) -> None:
    """Type them, and wait until the page has answered to them."""
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        page.get_by_role("textbox", name="Names").fill(names)
        page.keyboard.press("Tab")
    expect(page.locator(".htmx-request")).to_have_count(0)


def fields_of(page: Page) -> list[str]:
    fields: list[str] = page.evaluate(
        "[...document.querySelectorAll('input, select, textarea')].map((one) => one.value)"
    )
    return [*fields, page.content()]


def names_in(csr: bytes) -> list[str]:
    """The names of a request that its own key signed, in their order; the first is the common name, too."""
    openssl("req", "-verify", "-noout", given=csr)
    names = re.findall(r"DNS:([^,\s]+)", openssl("req", "-noout", "-text", given=csr))
    assert openssl("req", "-noout", "-subject", "-nameopt", "multiline", given=csr).split("=")[-1].strip() == names[0]
    return names


def public_key(key: str) -> str:
    return openssl("pkey", "-pubout", given=key.encode())


def holding(texts: list[str], secrets: list[str]) -> list[str]:
    return [text for text in texts if any(secret in text for secret in secrets)]


@pytest.mark.parametrize("kind", KINDS)
def test_a_key_made_in_the_browser_fits_the_certificate_and_is_never_sent(visits: Visits, kind: str) -> None:
    names = [f"www.{kind.lower().replace(' ', '-')}.example", "*.granit-phare.example"]
    order = order_to_renew(names)
    page = visits.open(CLAIRE)
    wire = Wire().under(page.context)
    page.goto(address("offers:renew", order))

    choose(page, kind)
    name, key = make_key(page)

    csr = made_request(page)
    assert holding(fields_of(page), secrets_of(key)) == []
    assert name == f"{names[0]}.key"
    assert key.startswith("-----BEGIN PRIVATE KEY-----\n")
    assert key.endswith("\n-----END PRIVATE KEY-----\n")
    assert names_in(csr) == names
    assert KINDS[kind] in openssl("req", "-noout", "-text", given=csr)
    assert openssl("req", "-noout", "-pubkey", given=csr) == public_key(key)

    made_in_one_line = csr.decode().splitlines()[1]
    page.get_by_role("button", name="Renew now").click()
    expect(page).to_have_url(re.compile("/requests/"))
    wait_for(lambda: [one.state for one in requests_for(order)] == [RequestState.ISSUED], what="the certificate")
    [request] = requests_for(order)
    assert request.result is not None
    with on_behalf_of(request.partner):
        pem = request.result.certificates.get().pem
    assert openssl("x509", "-noout", "-pubkey", given=pem.encode()) == public_key(key)
    assert any(made_in_one_line in text for text in wire.sent())
    assert holding(wire.sent(), secrets_of(key)) == []
    assert holding(page.evaluate(STORES), secrets_of(key)) == []


def test_names_changed_after_making_ask_for_another_request_and_keep_the_key(visits: Visits) -> None:
    order = order_to_renew(["www.granit-phare.example"])
    page = visits.open(CLAIRE)
    page.goto(address("offers:renew", order))
    choose(page, "ECDSA P-256")
    _name, key = make_key(page)

    page.get_by_role("textbox", name="Names").fill("www.granit-phare.example, Straße.example\nwww.granit-phare.example")
    expect(page.get_by_text("The names have changed since the request was made.")).to_be_visible()
    page.get_by_role("button", name="Make the request again").click()
    expect(page.get_by_text(SAVED)).to_be_visible()

    csr = made_request(page)
    assert names_in(csr) == ["www.granit-phare.example", "xn--strae-oqa.example"]
    assert openssl("req", "-noout", "-pubkey", given=csr) == public_key(key)
    with page.expect_download() as download:
        page.get_by_role("button", name="Save the key again").click()
    assert download.value.path().read_text() == key

    write_names(page, "shop.granit-phare.example")
    page.get_by_role("button", name="Renew now").click()
    expect(page).to_have_url(re.compile("/requests/"))
    [request] = requests_for(order)
    assert names_in(request.csr.encode()) == request.names == ["shop.granit-phare.example"]
    assert openssl("req", "-noout", "-pubkey", given=request.csr.encode()) == public_key(key)


def test_nothing_is_sent_before_the_key_is_made_and_a_wrong_name_is_named(visits: Visits) -> None:
    order = order_to_renew(["www.granit-phare.example"])
    page = visits.open(CLAIRE)
    page.goto(address("offers:renew", order))
    choose(page)

    page.get_by_role("button", name="Renew now").click()
    expect(page.get_by_text("Make the key first: there is nothing to send yet.")).to_be_visible()
    write_names(page, "shop_granit.example")
    page.get_by_role("button", name="Make the key", exact=True).click()
    expect(page.get_by_text("No host name that a certificate can hold: shop_granit.example")).to_be_visible()
    write_names(page, " ")
    page.get_by_role("button", name="Make the key", exact=True).click()
    expect(page.get_by_text("Write the names first")).to_be_visible()

    assert requests_for(order) == []


def test_one_press_makes_the_recommended_key_and_one_more_renews(visits: Visits) -> None:
    order = order_to_renew(["www.granit-phare.example"])
    page = visits.open(CLAIRE)
    page.goto(address("offers:renew", order))

    _name, key = make_key(page, "Make a new key in this browser")
    page.get_by_role("button", name="Renew now").click()

    expect(page).to_have_url(re.compile("/requests/"))
    [request] = requests_for(order)
    assert openssl("req", "-noout", "-pubkey", given=request.csr.encode()) == public_key(key)


def test_a_refused_press_keeps_the_request_and_another_name_asks_for_another_key(visits: Visits) -> None:
    visits.watch.expected = {409, 422}
    order = order_to_renew(["www.granit-phare.example"])
    page = visits.open(CLAIRE)
    page.goto(address("offers:renew", order))
    _name, lost = make_key(page, "Make a new key in this browser")

    for _ in range(2):
        page.evaluate("document.querySelector('[name=told]').value = 'another'")
        page.get_by_role("button", name="Renew now").click()
        expect(page.get_by_text("are not the ones you saw, so nothing was ordered")).to_be_visible()
        expect(page.get_by_text("The request made in this browser before is still here")).to_be_visible()
    write_names(page, "shop.granit-phare.example")
    page.get_by_role("button", name="Renew now").click()
    expect(page.get_by_role("alert").filter(has_text="Make the key again for these names.")).to_be_visible()
    _name, key = make_key(page, "Make another key")
    page.get_by_role("button", name="Renew now").click()

    expect(page).to_have_url(re.compile("/requests/"))
    [request] = requests_for(order)
    assert openssl("req", "-noout", "-pubkey", given=request.csr.encode()) == public_key(key) != public_key(lost)


def test_leaving_while_a_key_is_made_warns(visits: Visits) -> None:
    order = order_to_renew(["www.granit-phare.example"])
    page = visits.open(CLAIRE)
    page.goto(address("offers:renew", order))
    choose(page, "RSA 4096")
    warnings: list[str] = []

    def stay(dialog: Dialog) -> None:
        warnings.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    # The key comes once the test lets it.
    page.evaluate("""() => {
      const make = crypto.subtle.generateKey.bind(crypto.subtle);
      const let_go = new Promise((go) => (globalThis.letGo = go));
      crypto.subtle.generateKey = async (...wish) => (await let_go, make(...wish));
    }""")

    page.get_by_role("button", name="Make the key", exact=True).click()
    expect(page.get_by_role("progressbar", name="The key is being made.")).to_be_visible()
    page.get_by_role("button", name="Renew now").click()
    page.evaluate("location.assign('/expiring/')")
    page.wait_for_timeout(300)

    assert warnings == ["beforeunload"]
    with page.expect_download(timeout=PATIENCE):
        page.evaluate("letGo()")
    expect(page.get_by_text(SAVED)).to_be_visible(timeout=PATIENCE)
    page.goto("/expiring/")
    assert warnings == ["beforeunload"]
    assert requests_for(order) == []


def test_a_key_that_is_no_file_yet_is_not_left_behind(visits: Visits) -> None:
    order = order_to_renew(["www.granit-phare.example"])
    page = visits.open(CLAIRE)
    page.goto(address("offers:renew", order))
    page.evaluate("""() => {
      globalThis.urlOf = URL.createObjectURL;
      URL.createObjectURL = () => { throw new Error("full"); };
    }""")
    choose(page)

    page.get_by_role("button", name="Make the key", exact=True).click()
    expect(page.get_by_text("The key could not be saved as a file.")).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name="Renew now").click()
    expect(page.get_by_role("button", name="Save the key again")).to_be_focused()
    page.evaluate("() => { URL.createObjectURL = urlOf; }")
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    key = download.value.path().read_text()

    assert requests_for(order) == []
    page.get_by_role("button", name="Renew now").click()
    expect(page).to_have_url(re.compile("/requests/"))
    [request] = requests_for(order)
    assert openssl("req", "-noout", "-pubkey", given=request.csr.encode()) == public_key(key)


def test_what_fails_is_said_and_what_was_made_before_stands(visits: Visits) -> None:
    order = order_to_renew(["www.granit-phare.example"])
    page = visits.open(CLAIRE)
    page.goto(address("offers:renew", order))
    choose(page)
    page.evaluate("""() => {
      globalThis.generate = crypto.subtle.generateKey.bind(crypto.subtle);
      crypto.subtle.generateKey = async () => { throw new DOMException("out of memory", "OperationError"); };
    }""")

    page.get_by_role("button", name="Make the key", exact=True).click()
    expect(page.get_by_text("The key could not be made in this browser.")).to_be_visible()
    assert made_request(page) == b""
    page.evaluate("() => { crypto.subtle.generateKey = generate; }")
    _name, key = make_key(page)
    page.evaluate("() => { crypto.subtle.generateKey = async () => { throw new Error('again'); }; }")
    page.get_by_label("Kind of key").select_option("RSA 4096")
    page.get_by_role("button", name="Make another key").click()

    expect(page.get_by_text("The key could not be made in this browser.")).to_be_visible()
    expect(page.get_by_role("button", name="Save the key again")).to_be_visible()
    assert openssl("req", "-noout", "-pubkey", given=made_request(page)) == public_key(key)


def test_a_browser_that_makes_no_keys_says_so_and_one_without_javascript_offers_none(visits: Visits) -> None:
    order = order_to_renew(["www.granit-phare.example"])
    page = visits.open(CLAIRE)
    page.add_init_script("Object.defineProperty(Crypto.prototype, 'subtle', { value: undefined })")
    page.goto(address("offers:renew", order))
    choose(page)
    expect(page.get_by_text("Browsers make keys only on a secure connection (https).")).to_be_visible()
    expect(page.get_by_role("button", name="Make the key", exact=True)).to_have_count(0)

    plain = visits.open(CLAIRE, javascript=False)
    plain.goto(address("offers:renew", order))
    expect(plain.get_by_text("Paste a request")).to_be_visible()
    expect(plain.get_by_text("in this browser", exact=False).filter(visible=True)).to_have_count(0)


def test_from_the_link_to_placed_with_a_key_of_the_browser_takes_two_presses(visits: Visits) -> None:
    order = order_to_renew(["www.granit-phare.example"])
    page = visits.open(STRANGER, size=PHONE)
    wire = Wire().under(page.context)
    page.goto(way_to_renew(order))

    _name, key = make_key(page, "Make a new key in this browser")
    page.locator(".renew-aside").get_by_role("button", name="Renew now").click()

    expect(page).to_have_url(re.compile(r"/r/\w+/requests/\d+/$"))
    [request] = requests_for(order)
    assert names_in(request.csr.encode()) == order.names
    assert openssl("req", "-noout", "-pubkey", given=request.csr.encode()) == public_key(key)
    assert holding(wire.sent(), secrets_of(key)) == []


def test_every_page_that_asks_for_a_key_makes_one(visits: Visits) -> None:
    order = order_to_renew(["www.granit-phare.example", "granit-phare.example"])
    with on_behalf_of(order.partner):
        waiting = make_request(order, state=RequestState.WAITING_KEY, csr="", names=order.names)
        member = make_member(order.partner, "customer", customer=order.customer)
    staff, customer, home = visits.open(CLAIRE), visits.open(STRANGER), visits.open(member.user.email)
    customer.goto(way_to_renew(order))
    handle = customer.url.split("/r/")[1].split("/")[0]
    places = [
        (staff, address("offers:reissue", order)),
        (staff, f"/request/?customer={order.customer_id}&after={order.pk}"),
        (staff, reverse("offers:key", args=[waiting.pk])),
        (customer, reverse("offers:link_key", args=[handle, waiting.pk])),
        (home, reverse("offers:home_key", args=[waiting.pk])),
        (home, address("offers:home_reissue", order)),
    ]

    for page, place in places:
        page.goto(place)
        make_key(page, "Make a new key in this browser")
        assert names_in(made_request(page)) == order.names


def test_the_keyboard_alone_makes_a_key_and_axe_finds_no_barrier(visits: Visits) -> None:
    order = order_to_renew(["www.granit-phare.example"])
    for size, scheme in ((PHONE, "dark"), (DESK, "light")):
        page = visits.open(STRANGER, size=size, color_scheme=scheme)
        page.goto(way_to_renew(order))
        page.get_by_role("radio", name="Keep the present key").focus()
        page.keyboard.press("ArrowLeft")
        expect(page.get_by_role("radio", name="Make one in this browser")).to_be_checked()
        assert barriers(page) == []
        page.get_by_role("button", name="Make the key", exact=True).focus()
        with page.expect_download(timeout=PATIENCE):
            page.keyboard.press("Enter")

        expect(page.get_by_role("button", name="Save the key again")).to_be_focused()
        expect(page.get_by_role("status").filter(has_text=SAVED)).to_be_visible()
        assert barriers(page) == []
        assert overhang(page, size[0]) == []
