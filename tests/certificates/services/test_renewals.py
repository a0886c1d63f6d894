"""A press of Renew now becomes one stored request with what the person was told, or a refusal that says why."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, transaction
from pytest_django import DjangoAssertNumQueries

from certificates.models import Order, Request
from certificates.services import planning
from certificates.services.refusals import (
    AlreadyReissuing,
    AlreadyRenewed,
    Obstacle,
    OneNameOnly,
    OrderNotRenewable,
    OrganizationMissing,
    ProductNotOffered,
    RequestRefused,
    TermNotOffered,
    WildcardRefused,
)
from certificates.services.renewals import RenewalWindowClosed
from certificates.states import OrderStatus, RenewalMark, RequestKind, RequestState
from certificates.x509 import BadRequest, Code
from portal.models import Activity, Partner
from portal.roles import Role
from tests import factories
from tests.certificates.certs import ec_key, private_pem
from tests.certificates.services.work import TEN, fresh, make_renewable, press, press_new, press_reissue, sweep


def test_a_renewal_is_stored_with_what_the_person_was_told(connected: Partner) -> None:
    claire = factories.make_user()
    order = make_renewable(connected, ends_on=date(2026, 12, 23))

    request = press(order, actor=claire, purchase_order="PO 4711")

    assert (request.kind, request.state, request.order) == (RequestKind.RENEWAL, RequestState.QUEUED, order)
    assert (request.requested_by, request.requested_at, request.purchase_order) == (claire, TEN, "PO 4711")
    assert request.promise == {
        "order_ends_on": "2027-12-23",
        "order_days": 396,
        "term_days": 365,
        "carried_days": 31,
        "lost_days": 0,
        "certificate_ends_on": "2027-06-09",
        "certificate_days": 199,
        "collected_later_days": 197,
    }


def test_an_order_whose_renewal_is_asked_for_leaves_the_lists_and_the_deed_is_written_down(connected: Partner) -> None:
    order = make_renewable(connected)

    request = press(order, actor=factories.make_user())

    order.refresh_from_db()
    assert order.renewal_mark == RenewalMark.IN_HAND
    assert list(Order.objects.for_partner(connected).issued().unrenewed()) == []
    activity = Activity.objects.about(order).get()
    assert (activity.verb, activity.facts["request"]) == ("order.renewal_requested", request.pk)


def on(moment: str) -> datetime:
    return datetime.fromisoformat(moment).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("pressed", "ends_on", "order_days", "carried", "certificate_days", "later"),
    [
        # The guide's example, with its certificates of at most 397 days: 396 = 365 + 31, and 365.
        ("2020-12-01T00:00:00", date(2020, 12, 31), 396, 31, 396, 0),
        ("2021-01-01T00:00:00", date(2020, 12, 31), 365, 0, 365, 0),
        # As people read it: the order shows 1 January 2021, and the press comes in the morning.
        ("2020-12-01T10:00:00", date(2021, 1, 1), 396, 31, 396, 0),
        ("2021-01-01T10:00:00", date(2021, 1, 1), 365, 0, 365, 0),
        # Ninety days early: 455 days of the order, 397 on the certificate, 58 collected later.
        ("2020-10-03T00:00:00", date(2020, 12, 31), 455, 90, 397, 58),
        # Under today's limit the order keeps its 396 days; 199 on the certificate, 197 collected by free reissues.
        ("2026-11-22T00:00:00", date(2026, 12, 22), 396, 31, 199, 197),
    ],
)
def test_the_worked_example_runs_through_the_real_authority(
    connected: Partner,
    settings: Any,
    pressed: str,
    ends_on: date,
    order_days: int,
    carried: int,
    certificate_days: int,
    later: int,
) -> None:
    settings.PORTAL_TODAY = ""
    order = make_renewable(connected, ends_on=ends_on)

    with time_machine.travel(on(pressed), tick=False):
        request = press(order, now=on(pressed))
        sweep()

    promise, result = request.promise, fresh(request).result
    assert (promise["order_days"], promise["carried_days"]) == (order_days, carried)
    assert (promise["certificate_days"], promise["collected_later_days"]) == (certificate_days, later)
    assert result is not None
    assert result.ends_at is not None
    assert result.certificate_ends_at is not None
    assert (result.ends_at - on(pressed)).days == order_days
    assert (result.certificate_ends_at - on(pressed)).days == certificate_days
    assert result.ends_on == date.fromisoformat(promise["order_ends_on"])
    assert result.remarks == []


def test_on_every_day_of_the_window_the_new_order_ends_on_the_same_date(connected: Partner) -> None:
    order = make_renewable(connected, ends_on=date(2026, 12, 23))
    rules = planning.renewal_rules(order)
    days = [datetime.combine(date(2026, 12, 23) - timedelta(days=left), time(9), UTC) for left in range(91)]

    ends = {planning.renewal_plan(order, start=day, term_years=1, rules=rules).order_end for day in days}

    assert ends == {on("2027-12-24")}


def test_the_second_press_meets_the_first(connected: Partner) -> None:
    order = make_renewable(connected)
    first = press(order)

    with pytest.raises(AlreadyRenewed) as second:
        press(order)

    assert second.value.request == first
    assert Request.objects.count() == 1


def test_the_database_itself_refuses_a_second_renewal(connected: Partner) -> None:
    order = make_renewable(connected)
    press(order)

    with pytest.raises(IntegrityError), transaction.atomic():
        factories.make_request(order)


def test_who_slips_past_the_check_is_told_by_the_database(connected: Partner, monkeypatch: pytest.MonkeyPatch) -> None:
    order = make_renewable(connected)
    first = press(order)
    monkeypatch.setattr("certificates.services.renewals._lock", stale)
    checks = iter([False, True])
    monkeypatch.setattr(
        "certificates.services.renewals.renewals_of",
        lambda order: Request.objects.filter(order=order) if next(checks) else Request.objects.none(),
    )

    with pytest.raises(AlreadyRenewed) as second:
        press(order)

    assert second.value.request == first


def stale(order: Order) -> Order:
    """The order as it was before anybody pressed."""
    order.renewal_mark = RenewalMark.NONE
    return order


@pytest.mark.parametrize("ends_on", [factories.TODAY + timedelta(days=91), factories.TODAY - timedelta(days=31)])
def test_outside_its_window_an_order_is_not_renewed(connected: Partner, ends_on: date) -> None:
    order = make_renewable(connected, ends_on=ends_on)

    with pytest.raises(RenewalWindowClosed):
        press(order)

    order.refresh_from_db()
    assert order.renewal_mark == RenewalMark.NONE


@pytest.mark.parametrize(
    ("fields", "obstacle"),
    [
        ({"renewal_mark": RenewalMark.ELSEWHERE}, Obstacle.MARKED_ELSEWHERE),
        ({"renewal_mark": RenewalMark.RENEWED}, Obstacle.RENEWED),
        ({"status": OrderStatus.REVOKED}, Obstacle.NOT_ISSUED),
    ],
)
def test_an_order_that_needs_no_renewal_gets_none(
    connected: Partner, fields: dict[str, Any], obstacle: Obstacle
) -> None:
    order = make_renewable(connected, **fields)

    with pytest.raises(OrderNotRenewable) as refusal:
        press(order)

    assert refusal.value.obstacle == obstacle


def test_without_a_connection_nothing_is_asked(partner: Partner) -> None:
    with pytest.raises(OrderNotRenewable) as refusal:
        press(make_renewable(partner))

    assert refusal.value.obstacle == Obstacle.NOT_CONNECTED


def test_an_imported_order_is_renewed_where_new_orders_go(connected: Partner) -> None:
    request = press(make_renewable(connected, authority="certcentral"))

    assert request.authority == "sandbox"


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"term_years": 0}, TermNotOffered),
        ({"term_years": 4}, TermNotOffered),
        ({"names": ["*.granit-phare.example"], "product": "ssl_ev_securesite_flex"}, WildcardRefused),
        ({"names": ["*.granit-phare.example"], "product": "ssl_dv_rapidssl"}, WildcardRefused),
        ({"product": "ssl_securesite_flex"}, OrganizationMissing),
    ],
)
def test_what_no_authority_would_issue_is_refused_by_name(
    connected: Partner, changes: dict[str, Any], refusal: type[RequestRefused]
) -> None:
    if "product" in changes:
        changes = changes | {"product": factories.product(changes["product"])}

    with pytest.raises(refusal):
        press(make_renewable(connected), **changes)


def test_a_product_no_longer_offered_is_refused(connected: Partner) -> None:
    order = make_renewable(connected)
    order.product.is_offered = False  # type: ignore[union-attr]

    with pytest.raises(ProductNotOffered):
        press(order)


def test_a_product_of_one_name_refuses_more(connected: Partner) -> None:
    order = make_renewable(connected)
    order.product.allows_names = False  # type: ignore[union-attr]

    with pytest.raises(OneNameOnly) as refusal:
        press(order, names=["www.granit-phare.example", "shop.granit-phare.example"])

    assert refusal.value.names == ("shop.granit-phare.example",)


@pytest.mark.parametrize(
    ("csr", "code"),
    [("", Code.NOT_A_CSR), ("hello", Code.NOT_A_CSR), (private_pem(ec_key()), Code.PRIVATE_KEY)],
)
def test_a_bad_request_is_refused_and_not_kept(connected: Partner, csr: str, code: Code) -> None:
    with pytest.raises(BadRequest) as refusal:
        press(make_renewable(connected), csr=csr)

    assert refusal.value.code == code
    assert not Request.objects.exists()


def test_names_are_kept_as_the_certificate_carries_them_each_once(connected: Partner) -> None:
    request = press(make_renewable(connected), names=["MÜNCHEN.example", "www.Granit-Phare.example", "münchen.example"])

    assert request.names == ["xn--mnchen-3ya.example", "www.granit-phare.example"]
    assert request.common_name == "xn--mnchen-3ya.example"


@pytest.mark.parametrize(
    ("role", "state"),
    [(Role.ACCOUNT_MANAGER, RequestState.WAITING_APPROVAL), (Role.ADMINISTRATOR, RequestState.QUEUED)],
)
def test_where_the_partner_wants_it_an_administrator_must_agree(
    connected: Partner, role: Role, state: RequestState
) -> None:
    connected.approval_required = True
    connected.save(update_fields=["approval_required"])
    asking = factories.make_member(connected, role=role)

    request = press(make_renewable(connected), actor=asking.user)

    assert request.state == state


def test_an_organisation_is_named_where_the_level_needs_one(connected: Partner) -> None:
    customer = factories.make_customer(connected)
    organization = factories.make_organization(customer)
    order = make_renewable(connected, customer=customer, product=factories.product("ssl_securesite_flex"))

    assert press(order).organization == organization


# Reissues


def test_a_reissue_says_what_it_leaves_to_collect(connected: Partner) -> None:
    order = make_renewable(
        connected, ends_on=factories.TODAY + timedelta(days=300), certificate_ends_on=factories.TODAY
    )
    current = factories.make_certificate(order)

    request = press_reissue(order)

    assert (request.kind, request.state) == (RequestKind.REISSUE, RequestState.QUEUED)
    assert request.promise == {
        "certificate_days": 199,
        "certificate_ends_on": "2027-06-09",
        "days_left_to_collect": 101,
        "replaces": current.serial_number,
    }


def test_one_reissue_is_open_at_a_time(connected: Partner) -> None:
    order = make_renewable(connected)
    first = press_reissue(order)

    with pytest.raises(AlreadyReissuing) as second:
        press_reissue(order)

    assert second.value.request == first


@pytest.mark.parametrize(
    ("fields", "obstacle"),
    [
        ({"ends_on": factories.TODAY - timedelta(days=1)}, Obstacle.ENDED),
        ({"status": OrderStatus.PENDING}, Obstacle.NOT_ISSUED),
    ],
)
def test_an_order_that_cannot_be_reissued_says_why(
    connected: Partner, fields: dict[str, Any], obstacle: Obstacle
) -> None:
    with pytest.raises(OrderNotRenewable) as refusal:
        press_reissue(make_renewable(connected, **fields))

    assert refusal.value.obstacle == obstacle


def test_another_authoritys_order_is_reissued_by_itself_or_the_embedded_one_only(partner: Partner) -> None:
    factories.make_connection(partner, kind="certcentral")

    with pytest.raises(OrderNotRenewable) as refusal:
        press_reissue(make_renewable(partner, authority="other"))

    assert refusal.value.obstacle == Obstacle.NOT_CONNECTED


# New orders


def test_a_new_order_goes_where_new_orders_go(connected: Partner) -> None:
    request = press_new(connected)

    assert (request.kind, request.authority, request.order) == (RequestKind.NEW, "sandbox", None)
    assert (request.promise["order_days"], request.promise["carried_days"]) == (365, 0)
    assert Activity.objects.about(request).get().verb == "request.made"


def test_a_new_order_without_names_takes_those_of_its_key(connected: Partner) -> None:
    assert press_new(connected, names=[]).names == ["shop.granit-phare.example"]


def test_the_rules_of_all_authorities_are_one_query(
    partner: Partner, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        book = planning.rulebook(partner)

    assert book["sandbox"] == planning.rules_for(partner, "sandbox")
    assert set(book) == {"sandbox", "certcentral", "other"}
