"""The demo is interesting on any day, real in every certificate, and never made twice."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django_scopes import scope, scopes_disabled

from certificates.models import Certificate, Customer, Order, Request
from certificates.states import RenewalMark, RequestState
from portal import clock, demo
from portal.models import OutgoingMail, Partner, User
from tests.factories import TODAY


@pytest.fixture
def relais(demo_once: Partner, db: None) -> Partner:
    return demo_once


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
        states = {RequestState.PLACED, RequestState.FAILED, RequestState.QUEUED, RequestState.ISSUED}
        assert set(Request.objects.values_list("state", flat=True)) == states


def test_every_renewed_order_of_the_demo_says_who_asked_for_it_and_what_came_of_it(relais: Partner) -> None:
    with scope(partner=relais):
        renewed = Order.objects.filter(renewal_mark=RenewalMark.RENEWED)
        issued = Request.objects.filter(state=RequestState.ISSUED).select_related("order", "result")

        assert {one.order_id for one in issued} == set(renewed.values_list("pk", flat=True))
        assert [one for one in issued if one.result is None or one.result.predecessor_id != one.order_id] == []
        assert [one for one in issued if one.requested_at > clock.now() or one.requested_by is None] == []


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


def test_mailbox_of_the_demo_will_hold_links_to_one_renewal_and_to_all_that_are_due(relais: Partner) -> None:
    with scope(partner=relais):
        letters = OutgoingMail.objects.filter(key__startswith="renewal-link:").order_by("pk")
        due, ready = (letter.subject for letter in letters)
        readers = set(letters.values_list("to_email", flat=True))
        orders = Order.objects.filter(common_name=ready.split()[1])

        assert readers == {"it@karst-atelier.example"}
        assert "certificates to renew" in due or "certificats" in due
        assert orders.unrenewed().exists()
