"""The dashboard says what needs somebody today, and nothing that does not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from certificates.states import EmailState, OrderStatus, RenewalMark, RequestKind, RequestState
from portal import contributions
from portal.contributions import DashboardCard, Slot
from portal.models import Partner
from portal.roles import Role
from tests.certificates.expiring import content, sign_in, text
from tests.factories import (
    TODAY,
    make_contact,
    make_customer,
    make_domain,
    make_member,
    make_order,
    make_organization,
    make_partner,
    make_request,
    midnight,
)
from tests.queries import page_queries


@pytest.fixture(autouse=True)
def _one_factor(settings: pytest.FixtureRequest) -> None:
    settings.MFA_REQUIRED = False  # type: ignore[attr-defined]


@pytest.fixture
def browser(partner: Partner) -> Client:
    return sign_in(partner)


def day(days: int) -> Any:
    return TODAY + timedelta(days=days)


def cards(browser: Client) -> dict[str, list[str]]:
    """The titles of the rows, by card."""
    return {card.key: [row.title for row in card.rows] for card in browser.get("/").context["cards"]}


def test_orders_that_end_this_week_stand_on_it_mine_first(browser: Client, partner: Partner) -> None:
    mine = make_customer(partner, owner=browser.member)  # type: ignore[attr-defined]
    make_order(partner, common_name="theirs.example", ends_on=day(-7))
    make_order(partner, customer=mine, common_name="mine.example", ends_on=day(7))
    make_order(partner, common_name="later.example", ends_on=day(8))
    make_order(partner, common_name="older.example", ends_on=day(-8))
    make_order(partner, common_name="renewed.example", ends_on=day(1), renewal_mark=RenewalMark.IN_HAND)
    make_order(partner, common_name="revoked.example", ends_on=day(1), status=OrderStatus.REVOKED)
    make_order(make_partner(), common_name="foreign.example", ends_on=day(1))

    assert cards(browser)["ending"] == ["mine.example", "theirs.example"]
    assert "foreign.example" not in content(browser.get("/"))


def test_reissues_due_stand_on_it_and_renewals_do_not(browser: Client, partner: Partner) -> None:
    make_order(partner, common_name="due.example", ends_on=day(200), certificate_ends_on=day(30))
    make_order(partner, common_name="ended.example", ends_on=day(200), certificate_ends_on=day(-2))
    make_order(partner, common_name="later.example", ends_on=day(200), certificate_ends_on=day(31))
    make_order(partner, common_name="renewal.example", ends_on=day(20), certificate_ends_on=day(20))
    make_order(partner, common_name="both.example", ends_on=day(50), certificate_ends_on=day(25))
    make_order(
        partner,
        common_name="pending.example",
        ends_on=day(200),
        certificate_ends_on=day(5),
        status=OrderStatus.REISSUE_PENDING,
    )

    assert cards(browser) == {"reissues": ["ended.example", "due.example"]}


def test_failed_and_late_requests_stand_on_it(browser: Client, partner: Partner) -> None:
    failed = make_request(make_order(partner, ends_on=day(90), common_name="failed.example"), state="failed")
    ending = make_order(partner, ends_on=day(7), renewal_mark="in_hand", common_name="late.example")
    late = make_request(ending, requested_at=midnight(day(-2)))
    make_request(make_order(partner, ends_on=day(1), renewal_mark="in_hand", common_name="just-asked.example"))
    make_request(make_order(partner, ends_on=day(60), renewal_mark="in_hand"))
    make_request(make_order(partner, ends_on=day(3), renewal_mark="renewed"), state="rejected")
    make_request(make_order(make_partner(), common_name="foreign.example"), state="failed")

    assert cards(browser)["failed"] == [str(late), str(failed)]
    assert "foreign" not in content(browser.get("/"))


@pytest.mark.parametrize(("role", "asked"), [(Role.ADMINISTRATOR, True), (Role.ACCOUNT_MANAGER, False)])
def test_approvals_wait_for_those_who_may_give_them(partner: Partner, role: str, asked: bool) -> None:
    order = make_order(partner, ends_on=day(90), renewal_mark="in_hand")
    make_request(order, kind=RequestKind.NEW, state=RequestState.WAITING_APPROVAL)

    assert ("approvals" in cards(sign_in(partner, role))) == asked


def test_validations_that_hold_an_order_up_stand_on_it(browser: Client, partner: Partner) -> None:
    customer = make_customer(partner)
    holding = make_organization(customer, "Holding SA", ov_validated_until=day(20))
    make_organization(customer, "Idle SA", ov_validated_until=day(20))
    make_domain(customer, "granit.example", validated_until=day(-1))
    make_domain(customer, "idle.example", validated_until=day(-1))
    make_order(partner, customer=customer, organization=holding, common_name="www.granit.example", ends_on=day(60))

    assert cards(browser) == {"organizations": ["Holding SA"], "domains": ["granit.example"]}


def test_stopped_automatic_renewals_stand_on_it(browser: Client, partner: Partner) -> None:
    gone = make_member(partner, is_active=False)
    make_order(partner, common_name="stopped.example", ends_on=day(200), auto_renew=True, auto_renew_by=gone)
    make_order(partner, common_name="orphan.example", ends_on=day(210), auto_renew=True)
    make_order(partner, ends_on=day(200), auto_renew=True, auto_renew_by=make_member(partner))

    assert cards(browser) == {"stopped": ["stopped.example", "orphan.example"]}


def test_unreachable_contacts_stand_on_it_where_an_order_is_due(browser: Client, partner: Partner) -> None:
    due, quiet = make_customer(partner), make_customer(partner)
    make_order(partner, customer=due, ends_on=day(60))
    make_order(partner, customer=quiet, ends_on=day(300))
    make_contact(due, "Gone", email_state=EmailState.BOUNCED)
    make_contact(due, "Here")
    make_contact(quiet, "Gone too", email_state=EmailState.BOUNCED)

    assert cards(browser) == {"bounced": ["Gone"]}


def test_a_card_shows_five_and_counts_all_up_to_its_limit(browser: Client, partner: Partner) -> None:
    customer = make_customer(partner)
    for _ in range(120):
        make_order(partner, customer=customer, ends_on=day(1))

    (card,) = browser.get("/").context["cards"]

    assert (len(card.rows), str(card.total)) == (5, "99+")
    assert "99+ things need somebody today." in text(browser.get("/"))


def test_a_quiet_day_says_so(browser: Client, partner: Partner) -> None:
    make_order(partner, ends_on=day(300))

    assert "Nothing needs you today." in text(browser.get("/"))


def test_a_new_partner_is_shown_where_to_begin(browser: Client) -> None:
    words = text(browser.get("/"))

    assert "Begin with your orders" in words
    assert "Nothing needs you today" not in words


def test_customers_are_led_to_their_own_page(partner: Partner) -> None:
    answer = sign_in(partner, Role.CUSTOMER).get("/")

    assert (answer.status_code, answer.headers["Location"]) == (302, "/home/")


def test_strangers_are_led_to_the_door_and_people_without_partner_find_nothing(db: None, client: Client) -> None:
    assert client.get("/").headers["Location"] == "/accounts/login/?next=/"


def test_upper_apps_add_cards(browser: Client, partner: Partner, monkeypatch: pytest.MonkeyPatch) -> None:
    make_order(partner)
    card = {"key": "calls", "title": "Calls due", "icon": "telephone", "rows": [], "total": 3}
    slot: Slot[DashboardCard] = Slot()
    template = "certificates/dashboard/card.html"
    slot.add(
        DashboardCard("calls", template, 10, lambda _request: card),
        DashboardCard("away", template, 20, lambda _request: None),
        DashboardCard("secret", template, 30, lambda _request: card | {"title": "Secret"}, permission="settings.view"),
    )
    monkeypatch.setattr(contributions, "dashboard_cards", slot)

    words = text(browser.get("/"))

    assert "Calls due 3" in words
    assert "Secret" not in words


def test_the_page_costs_at_most_twenty_queries_however_much_there_is(partner: Partner) -> None:
    browser = sign_in(partner, Role.ADMINISTRATOR)

    def add(number: int) -> None:
        for _ in range(number):
            customer = make_customer(partner)
            organization = make_organization(customer, ov_validated_until=day(3))
            order = make_order(partner, customer=customer, organization=organization, ends_on=day(2))
            make_order(partner, customer=customer, ends_on=day(200), certificate_ends_on=day(4), auto_renew=True)
            make_domain(customer, f"d{order.pk}.example", validated_until=day(1))
            make_order(partner, customer=customer, common_name=f"www.d{order.pk}.example")
            make_contact(customer, email_state=EmailState.BOUNCED)
            make_request(order, state="failed")
            make_request(order, kind=RequestKind.NEW, state=RequestState.WAITING_APPROVAL)

    add(1)
    browser.get("/")
    one = page_queries(browser, "/")
    add(29)
    many = page_queries(browser, "/")

    assert len(cards(browser)) == 8
    assert len(one) == len(many)
    assert len(many) <= 20, "\n".join(many)
