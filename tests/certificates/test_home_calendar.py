"""The calendar of one's certificates: its dates parsed back, behind an address that can be ended."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from icalendar import Calendar

from certificates.models import Customer
from certificates.services import calendars
from certificates.states import OrderStatus
from portal import clock
from portal.linked import GUESSES
from portal.models import Link, Membership, Partner, User
from portal.roles import Role
from tests.certificates.expiring import content, sign_in, text
from tests.factories import TODAY, make_customer, make_order, make_partner
from tests.queries import page_queries


@pytest.fixture(autouse=True)
def _one_factor(settings: pytest.FixtureRequest, db: None) -> None:
    settings.MFA_REQUIRED = False  # type: ignore[attr-defined]
    cache.clear()


@pytest.fixture
def customer(partner: Partner) -> Customer:
    return make_customer(partner, "Karst Atelier SA")


@pytest.fixture
def client(partner: Partner, customer: Customer) -> Client:
    return sign_in(partner, Role.CUSTOMER, customer=customer)


@pytest.fixture
def member(client: Client) -> Membership:
    found: Membership = client.member  # type: ignore[attr-defined]
    return found


def path_of(address: str) -> str:
    return "/calendar/" + address.partition("/calendar/")[2]


@pytest.fixture
def path(member: Membership) -> str:
    return path_of(calendars.make_calendar(member, now=clock.now()))


def fetched(path: str, **more: Any) -> Any:
    """The answer to a calendar program, which has no cookie and is signed in to nothing."""
    return Client().get(path, **more)


def events(path: str) -> dict[str, tuple[date, str]]:
    """Day and title of each event, by the name it keeps."""
    found = parsed(fetched(path).content)
    return {str(one["uid"]).partition("@")[0]: (one["dtstart"].dt, str(one["summary"])) for one in found}


def parsed(content: bytes) -> list[Any]:
    """The events of the file as a calendar program reads them."""
    return list(Calendar.from_ical(content).walk("VEVENT"))


def test_every_end_and_every_date_on_which_something_can_be_done_stands_in_it(
    partner: Partner, customer: Customer, path: str
) -> None:
    order = make_order(
        partner,
        customer=customer,
        common_name="www.karst.example",
        ends_on=date(2027, 11, 21),
        certificate_ends_on=date(2027, 6, 8),
    )

    assert events(path) == {
        f"reissue-{order.pk}-20270608": (date(2027, 6, 8), "Reissue www.karst.example by today, free"),
        f"reissue-{order.pk}-20270915": (date(2027, 9, 15), "Reissue www.karst.example by today, free"),
        f"opens-{order.pk}": (date(2027, 8, 23), "www.karst.example can be renewed from today"),
        f"ends-{order.pk}": (date(2027, 11, 21), "www.karst.example ends: renew it by today"),
    }


def test_days_are_whole_without_time_zones_and_the_names_stay_the_same(
    partner: Partner, customer: Customer, path: str
) -> None:
    order = make_order(partner, customer=customer, ends_on=TODAY + timedelta(days=40))

    first, words = events(path), fetched(path).content.decode()
    order.refresh_from_db()

    assert events(path) == first
    assert "VTIMEZONE" not in words
    assert "DTSTART;VALUE=DATE:20270101" in words
    assert "DTEND;VALUE=DATE:20270102" in words
    assert f"/home/orders/{order.pk}/" in words
    for one in parsed(words.encode()):
        assert (one["dtend"].dt - one["dtstart"].dt).days == 1
        assert one["transp"] == "TRANSPARENT"


def test_only_what_still_asks_for_something_of_the_own_customer_stands_in_it(
    partner: Partner, customer: Customer, path: str
) -> None:
    shown = make_order(partner, customer=customer, ends_on=TODAY + timedelta(days=200))
    make_order(partner, customer=customer, renewal_mark="renewed")
    make_order(partner, customer=customer, status=OrderStatus.REVOKED)
    make_order(partner, customer=customer, ends_on=TODAY - timedelta(days=31))
    make_order(partner, customer=make_customer(partner, "Neighbour"))
    make_order(make_partner())

    assert {uid.split("-")[1] for uid in events(path)} == {str(shown.pk)}


def test_it_speaks_its_readers_language_and_names_hosts_as_people_read_them(
    partner: Partner, customer: Customer, member: Membership, path: str
) -> None:
    User.objects.filter(pk=member.user_id).update(language="fr")
    make_order(partner, customer=customer, common_name="xn--mnchen-3ya.example")

    answer = fetched(path, headers={"accept-language": "en"})

    assert "münchen.example" in answer.content.decode()


def test_the_file_sets_no_cookie_counts_nobody_and_is_kept_by_no_cache(
    partner: Partner, customer: Customer, path: str
) -> None:
    make_order(partner, customer=customer)

    answer = fetched(path)

    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert not answer.cookies
    assert Link.objects.get().opened_count == 0
    assert Client().head(path).status_code == 200
    assert Client().post(path).status_code == 405


def test_a_new_address_ends_the_old_one_and_an_ended_one_opens_nothing(client: Client, path: str) -> None:
    page = content(client.post("/home/preferences/calendar/"))
    newer = path_of(page.partition("<code>")[2].partition("</code>")[0])

    assert [fetched(one).status_code for one in (path, newer)] == [404, 200]
    assert newer not in content(client.get("/home/preferences/calendar/"))
    assert client.post("/home/preferences/calendar/end/").status_code == 302
    assert fetched(newer).status_code == 404
    assert "Make an address" in text(client.get("/home/preferences/calendar/"))


def test_the_address_ends_with_the_way_in(member: Membership, path: str) -> None:
    for change in ({"is_active": False}, {"is_active": True}):
        Membership.objects.filter(pk=member.pk).update(**change)
        assert fetched(path).status_code == (200 if change["is_active"] else 404)
    User.objects.filter(pk=member.user_id).update(is_active=False)
    assert fetched(path).status_code == 404


def test_each_person_has_an_address_of_their_own(partner: Partner, customer: Customer, path: str) -> None:
    other = sign_in(partner, Role.CUSTOMER, customer=customer)

    other.post("/home/preferences/calendar/")
    other.post("/home/preferences/calendar/end/")

    assert fetched(path).status_code == 200


def test_a_token_for_something_else_is_no_calendar_and_a_calendars_is_no_page(client: Client, path: str) -> None:
    token = path.removeprefix("/calendar/").removesuffix(".ics")
    Link.objects.update(purpose="quote", subject="quote:1")

    assert fetched(path).status_code == 404
    Link.objects.update(purpose="calendar", subject="member:0")
    assert fetched(f"/calendar/{token}.ics").status_code == 404


def test_guessing_is_as_limited_as_for_links(path: str) -> None:
    stranger = Client()

    answers = [stranger.get(f"/calendar/guess{number}.ics").status_code for number in range(GUESSES.amount + 1)]

    assert answers == [404] * GUESSES.amount + [429]
    assert stranger.get(path).status_code == 429


def test_a_suspended_partner_has_no_calendars(partner: Partner, path: str) -> None:
    Partner.objects.filter(pk=partner.pk).update(is_active=False)

    assert fetched(path).status_code == 404


def test_the_file_costs_the_same_however_many_orders(partner: Partner, customer: Customer, path: str) -> None:
    make_order(partner, customer=customer)
    fetched(path)
    one = page_queries(Client(), path)
    for _ in range(39):
        make_order(partner, customer=customer)

    assert len(page_queries(Client(), path)) == len(one) <= 7
