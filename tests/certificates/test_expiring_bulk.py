"""Deeds on one order and on many: saved at once, taken back, and refused to whom they are not for."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from certificates.models import Customer, Order
from portal.models import Activity, Partner
from portal.roles import Role
from tests.certificates.expiring import content, sign_in, text
from tests.factories import TODAY, make_customer, make_member, make_order, make_partner


@pytest.fixture(autouse=True)
def _one_factor(settings: pytest.FixtureRequest) -> None:
    settings.MFA_REQUIRED = False  # type: ignore[attr-defined]


@pytest.fixture
def browser(partner: Partner) -> Client:
    return sign_in(partner)


def heard(partner: Partner) -> dict[str, bool]:
    """Whose notices are on, by order number."""
    return dict(Order.objects.for_partner(partner).values_list("number", "notices_enabled"))


def press(browser: Client, action: str, **fields: Any) -> Any:
    return browser.post("/expiring/bulk/", {"action": action, "query": "tab=30", **fields}, follow=True)


def undo_url(response: Any) -> str:
    page = content(response)
    start = page.index('class="alert-action" action="') + len('class="alert-action" action="')
    return page[start : page.index('"', start)]


# The switch of one order


def test_switch_is_saved_at_once_and_taken_back(browser: Client, partner: Partner) -> None:
    order = make_order(partner)
    url, htmx = f"/orders/{order.pk}/notices/", {"HX-Request": "true", "HX-Target": f"notices-{order.pk}"}

    response = browser.post(url, {"on": "0"}, headers=htmx)

    assert heard(partner) == {order.number: False}
    assert 'aria-checked="false"' in content(response)
    assert "Renewal notices for www.granit-phare.example are off." in text(response)
    assert browser.post(undo_url(response)).status_code == 302
    assert heard(partner) == {order.number: True}
    deeds = Activity.objects.about(order).order_by("pk").values_list("verb", "facts__on")
    assert list(deeds) == [("order.notices_switched", False), ("order.notices_switched", True)]


def test_switch_works_without_scripts_and_leads_back(browser: Client, partner: Partner) -> None:
    order = make_order(partner)
    came_from = "http://testserver/expiring/?tab=30"

    response = browser.post(f"/orders/{order.pk}/notices/", {"on": "0"}, headers={"Referer": came_from})
    strange = browser.post(f"/orders/{order.pk}/notices/", {"on": "1"}, headers={"Referer": "http://evil.example/"})

    assert response.headers["Location"] == came_from
    assert strange.headers["Location"] == "/expiring/"


def test_switch_turned_twice_says_and_writes_nothing_more(browser: Client, partner: Partner) -> None:
    order = make_order(partner)
    htmx = {"HX-Request": "true"}

    browser.post(f"/orders/{order.pk}/notices/", {"on": "0"}, headers=htmx)
    again = browser.post(f"/orders/{order.pk}/notices/", {"on": "0"}, headers=htmx)

    assert Activity.objects.about(order).count() == 1
    assert "are off" not in text(again)


@pytest.mark.parametrize(("role", "status"), [(Role.SUPPORT, 403), (Role.CUSTOMER, 403), (Role.ADMINISTRATOR, 302)])
def test_switch_obeys_the_matrix(partner: Partner, role: str, status: int) -> None:
    order = make_order(partner)

    response = sign_in(partner, role).post(f"/orders/{order.pk}/notices/", {"on": "0"})

    assert response.status_code == status
    assert heard(partner) == {order.number: status == 403}


def test_switch_of_a_foreign_order_is_not_found(browser: Client, partner: Partner) -> None:
    foreign = make_order(make_partner())

    assert browser.post(f"/orders/{foreign.pk}/notices/", {"on": "0"}).status_code == 404


def test_switch_reads_nothing_but_on_and_off_and_acts_on_post_only(browser: Client, partner: Partner) -> None:
    order = make_order(partner)

    assert browser.get(f"/orders/{order.pk}/notices/?on=0").status_code == 405
    assert browser.post(f"/orders/{order.pk}/notices/", {"on": "maybe"}).status_code == 400
    browser.post(f"/orders/{order.pk}/notices/", {"on": "0", "number": "1", "renewal_mark": "renewed"})
    order.refresh_from_db()
    assert (order.renewal_mark, order.notices_enabled) == ("none", False)


# Many orders


def test_ticked_orders_are_switched_and_taken_back_as_they_were(browser: Client, partner: Partner) -> None:
    ticked = [make_order(partner, number="on"), make_order(partner, number="was off", notices_enabled=False)]
    make_order(partner, number="not ticked")

    response = press(browser, "notices_off", ids=[order.pk for order in ticked])

    assert heard(partner) == {"on": False, "was off": False, "not ticked": True}
    assert "Renewal notices are off for 1 order." in text(response)
    browser.post(undo_url(response))
    assert heard(partner) == {"on": True, "was off": False, "not ticked": True}


def test_deed_is_taken_back_only_once(browser: Client, partner: Partner) -> None:
    order = make_order(partner)
    way_back = undo_url(press(browser, "notices_off", ids=[order.pk]))

    browser.post(way_back)
    again = browser.post(way_back, follow=True)

    assert "This can no longer be taken back." in text(again)


def test_foreign_and_malformed_ids_select_nothing(browser: Client, partner: Partner) -> None:
    foreign = make_order(make_partner())

    response = press(browser, "notices_off", ids=[str(foreign.pk), "1; drop", "-1", "²", "9" * 40])

    foreign.refresh_from_db()
    assert foreign.notices_enabled
    assert "Nothing was selected" in text(response)


def test_whole_list_is_asked_once_and_means_what_the_filters_leave(browser: Client, partner: Partner) -> None:
    for number in range(3):
        make_order(partner, number=f"meant {number}", auto_renew=True)
    make_order(partner, number="another tab", ends_on=TODAY + timedelta(days=50))
    make_order(partner, number="another level", product=None, product_name="")
    make_order(make_partner(), number="foreign")
    everything = {"everything": "1", "query": "tab=30&level=ov"}

    asked = press(browser, "notices_off", **everything)

    assert "3 rows of the list are meant." in text(asked)
    assert all(heard(partner).values())
    press(browser, "notices_off", confirmed="1", **everything)
    assert {number for number, on in heard(partner).items() if not on} == {f"meant {number}" for number in range(3)}


def test_more_than_the_limit_changes_nothing(
    browser: Client, partner: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.lists.bulk.BULK_LIMIT", 1)
    make_order(partner), make_order(partner)

    response = press(browser, "notices_off", everything="1", confirmed="1")

    assert "narrow the list with a filter" in text(response)
    assert all(heard(partner).values())


def test_owner_is_asked_for_then_given_to_the_customers_and_taken_back(browser: Client, partner: Partner) -> None:
    colleague = make_member(partner)
    customer, other = make_customer(partner, owner=browser.member), make_customer(partner)  # type: ignore[attr-defined]
    ids = [make_order(partner, customer=customer).pk, make_order(partner, customer=other).pk]

    asked = press(browser, "assign", ids=ids)
    done = press(browser, "assign", ids=ids, choice=str(colleague.pk))

    assert "Choose" in text(asked)
    assert "2 customers now belong to Claire Martin." in text(done)
    assert set(Customer.objects.values_list("owner", flat=True)) == {colleague.pk}
    browser.post(undo_url(done))
    customer.refresh_from_db()
    other.refresh_from_db()
    assert (customer.owner_id, other.owner_id) == (browser.member.pk, None)  # type: ignore[attr-defined]


def test_owner_cannot_be_somebody_who_was_not_offered(browser: Client, partner: Partner) -> None:
    stranger, support = make_member(make_partner()), make_member(partner, Role.SUPPORT)
    customer = make_customer(partner, owner=browser.member)  # type: ignore[attr-defined]
    order = make_order(partner, customer=customer)

    for member in (stranger, support):
        press(browser, "assign", ids=[order.pk], choice=str(member.pk))

    customer.refresh_from_db()
    assert customer.owner_id == browser.member.pk  # type: ignore[attr-defined]


def test_address_of_an_undo_nobody_was_given_takes_nothing_back(browser: Client) -> None:
    assert "This can no longer be taken back." in text(browser.post("/expiring/bulk/undo/é/", follow=True))


def test_selection_is_exported_with_the_columns_of_the_list(browser: Client, partner: Partner) -> None:
    wanted = make_order(partner, number="wanted")
    make_order(partner, number="not ticked")

    response = browser.post("/expiring/bulk/", {"action": "export", "ids": [wanted.pk], "query": "tab=30"})

    assert response.headers["Content-Disposition"].startswith("attachment")
    lines = content(response).splitlines()
    assert lines[0].startswith('"Order #"')
    assert [line.split(",")[0] for line in lines[1:]] == ['"wanted"']


def test_support_exports_but_changes_nothing(partner: Partner) -> None:
    support, order = sign_in(partner, Role.SUPPORT), make_order(partner)

    assert support.post("/expiring/bulk/", {"action": "export", "ids": [order.pk]}).status_code == 200
    for action in ("notices_off", "assign"):
        assert support.post("/expiring/bulk/", {"action": action, "ids": [order.pk]}).status_code == 403
    assert heard(partner) == {order.number: True}
    assert "Switch notices off" not in text(support.get("/expiring/?tab=30"))


def test_unknown_deeds_are_not_found_and_reading_does_nothing(browser: Client, partner: Partner) -> None:
    assert browser.post("/expiring/bulk/", {"action": "delete"}).status_code == 404
    assert browser.get("/expiring/bulk/").status_code == 405
