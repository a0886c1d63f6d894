"""What a row of the Expiring page says and offers: renew, reissue, or why not and from when."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import translation

from certificates import rules
from certificates.models import AuthorityRule, Order
from certificates.services import planning
from certificates.states import AuthorityKind, OrderStatus
from certificates.tables.actions import Adviser, Offer, RowAction
from certificates.tables.expiring import FIELDS, ExpiringTable
from portal.models import Partner
from portal.roles import Role, permissions_of
from tests.certificates.expiring import content, sign_in, text, words
from tests.factories import TODAY, make_customer, make_domain, make_order, make_organization, midnight, product


@pytest.fixture(autouse=True)
def _one_factor(settings: pytest.FixtureRequest) -> None:
    settings.MFA_REQUIRED = False  # type: ignore[attr-defined]


def row_of(order: Order) -> Any:
    return Order.objects.for_partner(order.partner).with_answer().values_list(*FIELDS, named=True).get(pk=order.pk)


def advise(order: Order, *, by_certificate: bool = False, held: bool = False, now: date = TODAY) -> RowAction:
    adviser = Adviser(planning.rulebook(order.partner), now=midnight(now))
    find = adviser.replacement if by_certificate else adviser.renewal
    return find(row_of(order), held=held)


def cells_of(order: Order, *, role: str = Role.ACCOUNT_MANAGER, lapsed: Any = None) -> dict[str, str]:
    table = ExpiringTable(
        [row_of(order)],
        today=TODAY,
        adviser=Adviser(planning.rulebook(order.partner), now=midnight(TODAY)),
        lapsed=lapsed or {},
        by_certificate=False,
        allowed=permissions_of(role),
    )
    row = next(iter(table.rows))
    return {column.name: words(cell) for column, cell in row.items()}


def test_first_of_a_month_is_written_as_french_writes_it(partner: Partner) -> None:
    with translation.override("fr"):
        cells = cells_of(make_order(partner, ends_on=date(2026, 12, 1)))

    assert "1er déc. 2026" in cells["expires"]


# What is offered


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (91, RowAction(Offer.OPENS, TODAY + timedelta(days=1))),
        (90, RowAction(Offer.RENEW)),
        (0, RowAction(Offer.RENEW)),
        (-30, RowAction(Offer.RENEW)),
        (-31, RowAction(Offer.CLOSED, TODAY - timedelta(days=1))),
    ],
)
def test_renewal_is_offered_from_90_days_before_the_end_to_30_after_it(
    partner: Partner, days: int, expected: RowAction
) -> None:
    assert advise(make_order(partner, ends_on=TODAY + timedelta(days=days))) == expected


def test_renewal_that_a_lapsed_validation_holds_up_says_so(partner: Partner) -> None:
    order = make_order(partner)

    assert advise(order, held=True) == RowAction(Offer.HOLD)


@pytest.mark.parametrize(
    ("certificate_days", "expected"),
    [
        (31, RowAction(Offer.OPENS, TODAY + timedelta(days=1))),
        (30, RowAction(Offer.REISSUE)),
        (-2, RowAction(Offer.REISSUE)),
    ],
)
def test_reissue_is_offered_from_30_days_before_the_certificate_ends(
    partner: Partner, certificate_days: int, expected: RowAction
) -> None:
    ends_on, soon = TODAY + timedelta(days=200), TODAY + timedelta(days=certificate_days)
    order = make_order(partner, ends_on=ends_on, certificate_ends_on=soon)

    assert advise(order, by_certificate=True) == expected


def test_certificate_that_ends_with_its_order_is_renewed(partner: Partner) -> None:
    assert advise(make_order(partner), by_certificate=True) == RowAction(Offer.RENEW)


def test_reissue_that_is_under_way_is_in_hand(partner: Partner) -> None:
    order = make_order(partner, status=OrderStatus.REISSUE_PENDING)

    assert advise(order, by_certificate=True) == RowAction(Offer.IN_HAND)


def test_authority_without_rules_promises_nothing(partner: Partner) -> None:
    order = make_order(partner)
    AuthorityRule.objects.filter(authority=AuthorityKind.SANDBOX).delete()

    assert advise(order) == RowAction(Offer.UNKNOWN)
    assert advise(order, by_certificate=True) == RowAction(Offer.UNKNOWN)


@pytest.mark.parametrize("days", range(-40, 400, 13))
def test_every_row_says_what_the_rules_say(partner: Partner, days: int) -> None:
    order = make_order(partner, ends_on=TODAY + timedelta(days=days))
    rule = rules.rule_for(planning.rules_for(partner, order.authority), TODAY)
    assert order.ends_at is not None
    is_open = rules.window(order.ends_at, rule).state(midnight(TODAY)) in ("open", "late")

    assert (advise(order).offer is Offer.RENEW) == is_open


# What is said


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (-3, "Expired 3 days ago 19 Nov 2026"),
        (-1, "Expired 1 day ago 21 Nov 2026"),
        (0, "Expires today 22 Nov 2026"),
        (1, "in 1 day 23 Nov 2026"),
        (12, "in 12 days 4 Dec 2026"),
    ],
)
def test_end_is_said_in_days_and_as_a_date(partner: Partner, days: int, said: str) -> None:
    assert cells_of(make_order(partner, ends_on=TODAY + timedelta(days=days)))["expires"] == said


def test_inferred_end_is_marked(partner: Partner) -> None:
    assert cells_of(make_order(partner, end_is_inferred=True))["expires"].endswith("· inferred")


def test_names_show_how_many_more_there_are_and_a_wildcard_that_ev_cannot_hold(partner: Partner) -> None:
    ev = product("ssl_ev_securesite_flex")
    order = make_order(partner, product=ev, common_name="a.example", names=["a.example", "*.a.example"])

    assert cells_of(order)["name"] == "a.example and 1 more name EV holds no wildcard"


def test_international_names_are_read_as_people_write_them(partner: Partner) -> None:
    assert cells_of(make_order(partner, common_name="xn--bcher-kva.example"))["name"] == "bücher.example"


def test_hostile_names_stay_text(partner: Partner) -> None:
    customer = make_customer(partner, "<script>alert(1)</script>")
    make_order(partner, customer=customer, number="<b>9</b>", product_name="<i>", common_name="<u>x</u>.example")

    page = content(sign_in(partner).get("/expiring/?tab=30"))

    assert "<script>alert" not in page
    assert "<b>9</b>" not in page
    assert "<i>" not in page
    assert "<u>x" not in page


def test_notices_that_are_off_for_the_customer_have_no_switch(partner: Partner) -> None:
    order = make_order(partner, customer=make_customer(partner, notices_enabled=False))

    assert cells_of(order)["notices"] == "Off for the customer"


def test_support_reads_what_it_may_not_press(partner: Partner) -> None:
    cells = cells_of(make_order(partner), role=Role.SUPPORT)

    assert cells["notices"] == "On"
    assert cells["action"] == "Renewal is open"


@pytest.mark.parametrize("level", ["ssl_securesite_flex", "ssl_ev_securesite_flex"])
def test_lapsed_organisation_holds_a_renewal_up(partner: Partner, level: str) -> None:
    customer, yesterday = make_customer(partner), TODAY - timedelta(days=1)
    organization = make_organization(customer, ov_validated_until=yesterday, ev_validated_until=yesterday)
    order = make_order(partner, customer=customer, organization=organization, product=product(level))

    assert cells_of(order)["action"].startswith("Validation due")


def test_dv_needs_no_organisation(partner: Partner) -> None:
    customer = make_customer(partner)
    lapsed = make_organization(customer, ov_validated_until=TODAY - timedelta(days=1))
    order = make_order(partner, customer=customer, organization=lapsed, product=product("ssl_dv_rapidssl"))

    assert not cells_of(order)["action"].startswith("Validation due")


def test_lapsed_domain_holds_up_every_name_in_it_and_no_other(partner: Partner) -> None:
    customer, yesterday = make_customer(partner), TODAY - timedelta(days=1)
    make_domain(customer, "a.example", validated_until=yesterday)
    make_domain(customer, "b.example", validated_until=TODAY)
    make_order(partner, customer=customer, number="1", common_name="*.www.a.example")
    make_order(partner, customer=customer, number="2", common_name="nota.example")
    make_order(partner, customer=customer, number="3", common_name="b.example")

    shown = text(sign_in(partner).get("/expiring/?tab=30"))

    assert shown.count("Validation due") == 1
    assert "Validation due 1" in shown


def test_automatic_renewal_is_said_beside_the_button(partner: Partner) -> None:
    assert cells_of(make_order(partner, auto_renew=True))["action"].endswith("renews by itself")


def test_every_page_is_read_by_a_client_without_scripts(partner: Partner) -> None:
    order = make_order(partner)
    page = content(sign_in(partner).get("/expiring/?tab=30"))

    assert f'href="/orders/{order.pk}/quick/"' in page
    assert f'formaction="/orders/{order.pk}/notices/"' in page
    assert f'name="ids" value="{order.pk}" form="bulk"' in page
