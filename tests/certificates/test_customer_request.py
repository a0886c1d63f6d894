"""What a customer follows from the press on: what to prove, a new look, the file for the server, and its guide."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from cryptography.x509 import load_pem_x509_certificates
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from certificates.authorities.base import AuthorityUnavailable
from certificates.models import Installation, Order, Request
from certificates.services import placing
from certificates.services.installations import say_installed
from certificates.services.renewal_links import OF_REQUEST, make_order_link
from certificates.states import RenewalMark, RequestState
from certificates.wording.guides import GUIDES, fillings, guide_for
from portal import clock
from portal.models import Activity, Membership, Partner
from portal.roles import Role
from tests import factories
from tests.certificates.certs import make_csr
from tests.certificates.customers import EMAIL, make_due, open_order_link, opened
from tests.certificates.services.conftest import Counter
from tests.certificates.services.work import fresh, press, sweep
from tests.offers.reading import words

HOST = "www.granit-phare.example"


@pytest.fixture(autouse=True)
def _alone(db: None, settings: Any) -> None:
    cache.clear()
    settings.MFA_REQUIRED = False


@pytest.fixture
def counter(monkeypatch: pytest.MonkeyPatch) -> Counter:
    counter = Counter()
    monkeypatch.setattr(placing, "authority_for", counter.authority_for)
    return counter


@pytest.fixture
def connected(partner: Partner, counter: Counter) -> Partner:
    factories.make_connection(partner)
    return partner


@pytest.fixture
def order(connected: Partner) -> Order:
    return make_due(connected, product=factories.product("ssl_dv_geotrust_flex"), csr=make_csr(HOST))


@pytest.fixture
def browser() -> Client:
    return Client()


@pytest.fixture
def handle(browser: Client, order: Order) -> str:
    return open_order_link(browser, order)


def asked_for(order: Order, **changes: Any) -> Request:
    return press(order, now=clock.now(), source="link:1", asked_by="Lena Roth", **changes)


def placed(order: Order, counter: Counter, **changes: Any) -> Request:
    """At the authority, which waits for a proof."""
    counter.issue_after = timedelta(days=1)
    asked = asked_for(order, **changes)
    sweep(1)
    return fresh(asked)


def issued(order: Order, **changes: Any) -> Request:
    asked = asked_for(order, **changes)
    sweep()
    return fresh(asked)


def at(handle: str, asked: Request, deed: str = "", **more: str) -> str:
    return reverse(f"certificates:link_request{deed and '_'}{deed}", args=[handle, asked.pk, *more.values()])


# Following


def test_the_page_says_what_to_create_in_the_dns_and_never_what_it_costs(
    order: Order,
    browser: Client,
    handle: str,
    counter: Counter,
) -> None:
    asked = placed(order, counter)
    [step] = asked.steps

    page = browser.get(at(handle, asked))

    read = words(page)
    assert f"_dnsauth.{HOST}" in read
    assert step["value"] in read
    assert "The certificate is issued as soon as everything below is proved." in read
    assert "by Lena Roth" in read
    for word in ("€", "EUR", "worker", "administrator"):
        assert word not in read
    assert 'hx-trigger="every' in page.content.decode()


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        (RequestState.WAITING_APPROVAL, "looks at it first. You have nothing to do."),
        (RequestState.QUEUED, "on its way to the certificate authority"),
        (RequestState.FAILED, "nothing was ordered"),
        (RequestState.REJECTED, "It was not ordered."),
        (RequestState.CANCELED, "It was cancelled."),
    ],
)
def test_every_state_is_told_in_plain_words_with_whom_to_call(
    order: Order, browser: Client, handle: str, state: str, sentence: str
) -> None:
    Partner.objects.update(support_phone="+33 1 00 00 00 00")
    asked = factories.make_request(order, state=state, last_error="order_refused: inner words of the authority")

    read = words(browser.get(at(handle, asked)))

    assert sentence in read
    assert "+33 1 00 00 00 00" in read
    assert "inner words" not in read


def test_what_came_to_nothing_can_be_renewed_again_while_that_is_possible(
    order: Order, browser: Client, handle: str
) -> None:
    asked = factories.make_request(order, state=RequestState.CANCELED, promise={"order_ends_on": "2027-12-12"})
    again = reverse("offers:link_renew", args=[handle, order.pk])

    page = browser.get(at(handle, asked))
    assert again in page.content.decode()
    assert "12 December 2027" not in words(page)

    Order.objects.filter(pk=order.pk).update(renewal_mark=RenewalMark.ELSEWHERE)
    assert again not in browser.get(at(handle, asked)).content.decode()


def test_a_request_without_key_leads_to_the_page_for_it(order: Order, browser: Client, handle: str) -> None:
    asked = factories.make_request(order, state=RequestState.WAITING_KEY, csr="")
    form = reverse("offers:link_key", args=[handle, asked.pk])

    assert form in browser.get(at(handle, asked)).content.decode()
    assert HOST in words(browser.get(form))
    assert browser.post(form, {"key": "paste", "csr": "nonsense"}).status_code == 422
    given = browser.post(form, {"key": "paste", "csr": make_csr(HOST)})

    assert given.headers["Location"] == at(handle, asked)
    assert fresh(asked).state == RequestState.QUEUED


def test_a_link_shows_the_requests_of_its_own_orders_alone(order: Order, browser: Client, handle: str) -> None:
    other = make_due(order.partner, customer=order.customer, contact=order.contact)
    own, others = factories.make_request(order), factories.make_request(other)

    assert browser.get(at(handle, own)).status_code == 200
    for address in (at(handle, others), reverse("offers:link_key", args=[handle, others.pk])):
        assert browser.get(address).status_code == 404
    assert browser.post(at(handle, others, "recheck")).status_code == 404


def test_a_link_to_the_new_order_leads_to_its_request(order: Order, browser: Client) -> None:
    asked = issued(order)

    assert asked.result is not None
    source = f"{OF_REQUEST}{asked.pk}"
    url = make_order_link(asked.result, email=EMAIL, language="en", now=clock.now(), source=source)

    handle = opened(browser, url)
    assert browser.get(url)["Location"] == at(handle, asked)
    assert browser.get(at(handle, asked)).status_code == 200


def test_at_home_all_of_the_customers_own_are_seen(order: Order, partner: Partner) -> None:
    own = factories.make_request(order)
    foreign = factories.make_request(factories.make_order(partner))
    client = _signed_in(partner, order)

    assert client.get(reverse("certificates:home_request", args=[own.pk])).status_code == 200
    assert client.get(reverse("certificates:home_request", args=[foreign.pk])).status_code == 404


def _signed_in(partner: Partner, order: Order) -> Client:
    member: Membership = factories.make_member(partner, Role.CUSTOMER, customer=order.customer)
    client = Client()
    client.force_login(member.user)
    return client


# Checking again


def test_checking_again_asks_the_authority_at_once_and_says_what_came_of_it(
    order: Order,
    browser: Client,
    handle: str,
    counter: Counter,
) -> None:
    asked = placed(order, counter)

    answer = browser.post(at(handle, asked, "recheck"), follow=True)

    assert "Everything is proved, and the certificate is issued." in words(answer)
    assert fresh(asked).state == RequestState.ISSUED


def test_checking_again_without_news_says_so(
    order: Order,
    browser: Client,
    handle: str,
    counter: Counter,
    partner: Partner,
) -> None:
    """The names are believed to be proved, the organisation still is not."""
    organization = factories.make_organization(order.customer, ov_validated_until=None)
    Order.objects.filter(pk=order.pk).update(organization=organization)
    order.refresh_from_db()
    asked = placed(order, counter, product=factories.product())

    first = words(browser.post(at(handle, asked, "recheck"), follow=True))
    second = words(browser.post(at(handle, asked, "recheck"), follow=True))

    assert "1 more thing is proved." in first
    assert "Nothing new was found." in second
    assert fresh(asked).state == RequestState.PLACED


def test_an_authority_that_does_not_answer_leaves_everything_as_it_was(
    order: Order,
    browser: Client,
    handle: str,
    counter: Counter,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = placed(order, counter)

    def silent(_self: object, _number: str) -> None:
        raise AuthorityUnavailable("no answer in time")

    monkeypatch.setattr("certificates.authorities.sandbox.Sandbox.recheck", silent)

    assert "cannot be asked just now" in words(browser.post(at(handle, asked, "recheck"), follow=True))
    assert fresh(asked) == asked
    assert fresh(asked).steps == asked.steps


def test_no_more_than_a_few_checks_a_minute(
    order: Order,
    browser: Client,
    handle: str,
    counter: Counter,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = placed(order, counter)
    asks: list[Request] = []

    def silent(request: Request, *, now: datetime) -> None:
        asks.append(request)
        raise AuthorityUnavailable("no answer in time")

    monkeypatch.setattr("certificates.views.customer.following.recheck_request", silent)

    answers = [browser.post(at(handle, asked, "recheck")).status_code for _ in range(5)]

    assert answers == [302, 302, 302, 429, 429]
    assert asks == [asked] * 3
    assert "Wait a minute" in words(browser.post(at(handle, asked, "recheck")))


# Installing


def test_the_file_is_the_one_that_the_orders_server_reads(order: Order, browser: Client, handle: str) -> None:
    Order.objects.filter(pk=order.pk).update(server_platform="Microsoft IIS 10")
    order.refresh_from_db()
    asked = issued(order)

    read = words(browser.get(at(handle, asked)))
    chosen = words(browser.get(at(handle, asked), {"server": "haproxy"}))

    assert f"{HOST}.p7b" in read
    assert "IIS Manager > Server Certificates > Complete Certificate Request…" in read
    assert f"cat {HOST}-server.pem {HOST}.key > /etc/haproxy/{HOST}.pem" in chosen


def test_the_download_is_the_certificate_that_was_issued(order: Order, browser: Client, handle: str) -> None:
    asked = issued(order)
    assert asked.result is not None
    certificate = asked.result.certificates.get()

    file = browser.get(at(handle, asked, "download", fmt="pem_noroot"))

    leaf, *intermediates = load_pem_x509_certificates(file.content)
    assert f"{leaf.serial_number:X}" == certificate.serial_number
    assert len(intermediates) == 1
    assert f'filename="{HOST}-server.pem"' in file.headers["Content-Disposition"]
    assert browser.get(at(handle, asked, "download", fmt="pfx")).status_code == 404


def test_nothing_can_be_downloaded_or_said_before_it_is_issued(
    order: Order,
    browser: Client,
    handle: str,
    counter: Counter,
) -> None:
    asked = placed(order, counter)

    assert browser.get(at(handle, asked, "download", fmt="pem")).status_code == 404
    assert browser.post(at(handle, asked, "installed"), {"done": "1"}).status_code == 404
    assert browser.post(at(handle, asked, "look")).status_code == 404
    assert not Installation.objects.exists()


@pytest.mark.parametrize(
    ("platform", "server"),
    [
        ("nginx", "nginx"),
        ("Apache", "apache"),
        ("Microsoft IIS 8", "iis"),
        ("Apache Tomcat 9", "tomcat"),
        ("F5 Big-IP", "f5"),
        ("HAProxy", "haproxy"),
        ("Microsoft Exchange Server 2019", "exchange"),
        ("cPanel", "cpanel"),
        ("Plesk Obsidian", "cpanel"),
        ("", "nginx"),
        ("OTHER", "nginx"),
    ],
)
def test_the_guide_follows_what_the_source_calls_the_server(platform: str, server: str) -> None:
    assert guide_for(platform).server == server


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: str(guide.server))
def test_every_guide_fills_in_names_and_files(guide: Any, browser: Client, handle: str) -> None:
    url = reverse("certificates:link_guide", args=[handle, guide.server])

    read = words(browser.get(url, {"host": ["*.granit-phare.example", "granit-phare.example"]}))

    assert "%(" not in read
    assert "https://www.granit-phare.example/" in read
    assert "wildcard.granit-phare.example" in read
    assert '""' not in read
    assert guide.formats


def test_a_guide_shows_no_words_of_strangers(browser: Client, handle: str) -> None:
    url = reverse("certificates:link_guide", args=[handle, "nginx"])

    read = words(browser.get(url, {"host": "<b>call +1 555</b>"}))

    assert "555" not in read
    assert "www.example.com" in read
    assert browser.get(reverse("certificates:link_guide", args=[handle, "gopher"])).status_code == 404


def test_commands_hold_no_more_than_the_certificate_says() -> None:
    given = fillings(("www.example.com", "example.com"), thumbprint="AB12")

    assert given.fill("%(names)s %(thumbprint)s %(key)s") == "www.example.com,example.com AB12 www.example.com.key"


# The customer's word


def test_one_press_says_that_it_is_installed_and_another_takes_it_back(
    order: Order, browser: Client, handle: str
) -> None:
    asked = issued(order)
    done = at(handle, asked, "installed")

    browser.post(done, {"done": "1"})
    page = words(browser.post(done, {"done": "1"}, follow=True))
    [known] = Installation.objects.all()
    assert (known.said_by, known.is_done, known.remind_due_at) == ("Lena Roth", True, None)
    assert "Lena Roth said on" in page
    assert "Installed on your server" in page

    browser.post(f"{done}?done=0")

    known.refresh_from_db()
    assert (known.said_by, known.is_done) == ("", False)
    assert known.remind_due_at is not None
    verbs = Activity.objects.filter(verb__startswith="order.installation").order_by("pk")
    assert list(verbs.values_list("verb", flat=True)) == ["order.installation_said", "order.installation_unsaid"]


def test_staff_look_on_and_press_nothing(order: Order, partner: Partner) -> None:
    asked, client = issued(order), Client()
    client.force_login(factories.make_member(partner).user)
    handle = open_order_link(client, order)

    page = client.get(at(handle, asked))

    assert "It is installed" not in words(page)
    assert client.post(at(handle, asked, "installed"), {"done": "1"}).status_code == 403
    assert not Installation.objects.filter(said_at__isnull=False).exists()


def test_a_look_is_offered_only_where_the_partner_looks_at_servers(order: Order, browser: Client, handle: str) -> None:
    asked = issued(order)

    assert "Look at the server now" not in words(browser.get(at(handle, asked)))
    assert browser.post(at(handle, asked, "look")).status_code == 404

    Partner.objects.update(checks_live_hosts=True)
    assert "Look at the server now" in words(browser.get(at(handle, asked)))
    assert "The server is being looked at." in words(browser.post(at(handle, asked, "look"), follow=True))
    answers = [browser.post(at(handle, asked, "look")).status_code for _ in range(3)]
    assert answers[-1] == 429


# The seal


def test_the_seal_is_drawn_for_anybody_until_the_certificate_ends(
    order: Order, browser: Client, handle: str, settings: Any
) -> None:
    organization = factories.make_organization(order.customer)
    Order.objects.filter(pk=order.pk).update(organization=organization)
    order.refresh_from_db()
    asked = issued(order, product=factories.product())
    assert asked.result is not None
    page = browser.get(at(handle, asked)).content.decode()
    address = page.split('<img src="')[1].split('"')[0]
    path = "/seal/" + address.partition("/seal/")[2]

    seal = Client().get(path)

    assert (seal.status_code, seal.headers["Content-Type"]) == (200, "image/svg+xml")
    assert HOST in seal.content.decode()
    assert "public" in seal.headers["Cache-Control"]
    assert "<script" not in seal.content.decode()
    Order.objects.filter(pk=asked.result.pk).update(certificate_ends_at=clock.now())
    gone = Client().get(path)
    assert (gone.status_code, HOST in gone.content.decode()) == (404, False)
    assert "Show the seal" not in words(browser.get(at(handle, asked)))


def test_a_product_without_seal_offers_none_and_addresses_cannot_be_guessed(
    order: Order, browser: Client, handle: str
) -> None:
    asked = issued(order)

    assert "Show the seal" not in words(browser.get(at(handle, asked)))
    for code in ("1", f"{order.pk}.forged", "x"):
        assert Client().get(reverse("certificates:seal", args=[code])).status_code == 404


def test_what_was_said_stands_at_home_too(order: Order, partner: Partner) -> None:
    asked = issued(order)
    assert asked.result is not None
    say_installed(asked.result.certificates.get(), by="Lena Roth", actor=None, now=clock.now())

    page = _signed_in(partner, order).get(reverse("certificates:home_request", args=[asked.pk]))

    assert "Lena Roth said on" in words(page)
