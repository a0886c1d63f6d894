"""What an order needs next and what would hold it up, read from the rows of a partner."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from certificates.models import AuthorityRule
from certificates.rules import ActionKind, Reason
from certificates.services import planning
from certificates.services.keys import present_key
from certificates.services.planning import ValidationCode, ValidationFact
from certificates.states import OrderStatus, RenewalMark
from portal.models import Partner
from tests.certificates.certs import make_csr, rsa_key
from tests.certificates.services.work import TEN, fresh, make_renewable, press, press_reissue, sweep
from tests.factories import (
    TODAY,
    make_customer,
    make_domain,
    make_order,
    make_organization,
    make_partner,
    product,
)


def test_a_partners_own_rule_replaces_the_houses_for_that_partner_only(partner: Partner) -> None:
    AuthorityRule.objects.create(
        partner=partner,
        authority="sandbox",
        effective_from=date(2026, 2, 24),
        certificate_days=90,
        dcv_days=90,
        organization_days=398,
        carry_over=False,
    )
    order = make_renewable(partner, ends_on=date(2026, 12, 23))
    own, others = planning.rules_for(partner, "sandbox"), planning.rules_for(make_partner(), "sandbox")

    strict, usual = (planning.renewal_plan(order, start=TEN, term_years=1, rules=rules) for rules in (own, others))

    assert (strict.certificate_days, strict.order_days, strict.lost_days) == (90, 365, 31)
    assert (usual.certificate_days, usual.order_days, usual.lost_days) == (199, 396, 0)


@pytest.mark.parametrize(
    ("fields", "kind", "reason", "free"),
    [
        ({}, ActionKind.RENEW, Reason.ORDER_ENDS, False),
        ({"ends_on": TODAY - timedelta(days=3)}, ActionKind.RENEW, Reason.ORDER_ENDED, False),
        ({"ends_on": TODAY + timedelta(days=200)}, ActionKind.WAIT, Reason.TOO_EARLY, False),
        ({"ends_on": TODAY - timedelta(days=40)}, ActionKind.NONE, Reason.WINDOW_CLOSED, False),
        (
            {"ends_on": TODAY + timedelta(days=180), "certificate_ends_on": TODAY + timedelta(days=14)},
            ActionKind.REISSUE,
            Reason.CERTIFICATE_ENDS_FIRST,
            True,
        ),
        ({"renewal_mark": RenewalMark.IN_HAND}, ActionKind.NONE, Reason.RENEWED, False),
        ({"status": OrderStatus.REVOKED}, ActionKind.NONE, Reason.NOT_ISSUED, False),
    ],
)
def test_what_an_order_needs_next(
    partner: Partner, fields: dict[str, object], kind: ActionKind, reason: Reason, free: bool
) -> None:
    action = planning.what_next(make_order(partner, **fields), now=TEN)  # type: ignore[arg-type]

    assert (action.kind, action.reason, action.free) == (kind, reason, free)


def test_a_live_order_whose_certificate_is_unknown_is_renewed_by_its_own_end(partner: Partner) -> None:
    order = make_order(partner)
    order.certificate_ends_at = order.certificate_ends_on = None

    assert planning.what_next(order, now=TEN).kind == ActionKind.RENEW


@pytest.mark.parametrize(
    ("name_id", "ov", "ev", "code", "holds"),
    [
        ("ssl_securesite_flex", TODAY, None, ValidationCode.ORGANIZATION_VALID, False),
        ("ssl_securesite_flex", TODAY - timedelta(days=1), None, ValidationCode.ORGANIZATION_LAPSED, True),
        ("ssl_ev_securesite_flex", TODAY, None, ValidationCode.ORGANIZATION_UNKNOWN, True),
        ("ssl_ev_securesite_flex", None, TODAY, ValidationCode.ORGANIZATION_VALID, False),
    ],
)
def test_the_organisation_is_looked_at_by_the_level_of_the_product(
    partner: Partner, name_id: str, ov: date | None, ev: date | None, code: ValidationCode, holds: bool
) -> None:
    customer = make_customer(partner)
    organization = make_organization(customer, ov_validated_until=ov, ev_validated_until=ev)
    order = make_order(partner, customer=customer, organization=organization, product=product(name_id))

    fact = planning.validation_state(order, today=TODAY)[0]

    assert (fact.code, fact.name, fact.holds) == (code, "Granit Phare SA", holds)
    assert fact.until == organization.validated_until(order.product.level if order.product else "")


def test_an_order_without_organisation_takes_the_customers_or_says_that_it_is_missing(partner: Partner) -> None:
    customer = make_customer(partner)
    order = make_order(partner, customer=customer)
    missing = planning.validation_state(order, today=TODAY)[0]
    make_organization(customer, ov_validated_until=TODAY)

    found = planning.validation_state(order, today=TODAY)[0]

    assert (missing.code, missing.holds) == (ValidationCode.ORGANIZATION_MISSING, True)
    assert found.code == ValidationCode.ORGANIZATION_VALID


def test_dv_needs_no_organisation_and_each_domain_is_said_once(partner: Partner) -> None:
    customer = make_customer(partner)
    make_domain(customer, "granit-phare.example", validated_until=TODAY + timedelta(days=9))
    make_domain(customer, "old.granit-phare.example", validated_until=TODAY - timedelta(days=1))
    make_domain(make_customer(make_partner()), "elsewhere.example", validated_until=TODAY)
    names = ["www.granit-phare.example", "*.granit-phare.example", "a.old.granit-phare.example", "elsewhere.example"]
    order = make_order(partner, customer=customer, names=names, product=product("ssl_dv_geotrust_flex"))

    assert planning.validation_state(order, today=TODAY) == [
        ValidationFact(ValidationCode.DOMAIN_VALID, "granit-phare.example", TODAY + timedelta(days=9)),
        ValidationFact(ValidationCode.DOMAIN_LAPSED, "old.granit-phare.example", TODAY - timedelta(days=1)),
        ValidationFact(ValidationCode.DOMAIN_UNKNOWN, "elsewhere.example"),
    ]
    assert [fact.holds for fact in planning.validation_state(order, today=TODAY)] == [False, True, False]


# The present key


def test_the_age_of_a_key_goes_back_to_the_first_order_that_used_it(connected: Partner) -> None:
    old = make_renewable(connected)
    press(old)
    sweep()
    new = old.successor

    key = present_key(new)

    assert key is not None
    assert key.since == old.placed_at.date()
    assert key.age_days(TODAY) == (TODAY - old.placed_at.date()).days


def test_a_key_made_for_a_reissue_is_as_young_as_the_reissue(connected: Partner) -> None:
    old = make_renewable(connected)
    press(old)
    sweep()
    request = press_reissue(old.successor, csr=make_csr("www.granit-phare.example", key=rsa_key()))
    sweep()

    result = fresh(request).result
    assert result is not None
    key = present_key(result)

    assert key is not None
    assert (key.since, key.csr.key_type) == (TODAY, "RSA")


@pytest.mark.parametrize("csr", ["", "not kept"])
def test_a_key_that_was_not_kept_cannot_be_used_again(partner: Partner, csr: str) -> None:
    assert present_key(make_order(partner, csr=csr)) is None
