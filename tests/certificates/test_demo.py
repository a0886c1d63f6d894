"""The demo is interesting on any day, real in every certificate, and never made twice."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django_scopes import scope, scopes_disabled

from certificates.models import Certificate, Customer, Order, Request
from certificates.states import RequestState
from portal import clock, demo
from portal.models import Partner, User
from tests.factories import TODAY


@pytest.fixture
def relais(db: None) -> Partner:
    call_command("seed_demo", verbosity=0)
    return Partner.objects.get(slug=demo.PARTNER_SLUG)


def test_demo_holds_what_an_account_manager_meets(relais: Partner) -> None:
    with scope(partner=relais):
        orders = Order.objects.for_partner(relais).issued().unrenewed()
        forty = Customer.objects.get(name="Karst Atelier SA")

        assert orders.expiring(today=TODAY, within=(-30, -1)).exists()
        assert orders.expiring(today=TODAY, within=(0, 7)).exists()
        assert orders.filter(customer=forty).count() == 40
        assert orders.filter(common_name__startswith="*").exists()
        assert (
            orders.with_certificate_expiring(today=TODAY, within=(0, 30))
            .exclude(ends_on__lte=TODAY + timedelta(days=30))
            .exists()
        )
        # what an accepted quote has asked for stands in the queue until the worker comes
        states = {RequestState.PLACED, RequestState.FAILED, RequestState.QUEUED}
        assert set(Request.objects.values_list("state", flat=True)) == states


def test_no_certificate_of_the_demo_outlives_its_order_or_starts_in_the_future(relais: Partner) -> None:
    with scope(partner=relais):
        certificates = list(Certificate.objects.select_related("order"))

    assert certificates
    assert [one for one in certificates if one.order and one.order.ends_at and one.ends_at > one.order.ends_at] == []
    assert [one for one in certificates if one.starts_at > clock.now()] == []


def test_demo_is_never_made_twice(relais: Partner) -> None:
    call_command("seed_demo", "--if-empty")

    with pytest.raises(CommandError):
        call_command("seed_demo")
    with scopes_disabled():
        assert Partner.objects.filter(slug=demo.PARTNER_SLUG).count() == 1


def test_every_person_of_the_demo_can_sign_in(relais: Partner) -> None:
    assert len(demo.sign_ins()) == len(demo.PEOPLE)
    assert [one.email for one in User.objects.all() if not one.check_password(demo.PASS_PHRASE)] == []
