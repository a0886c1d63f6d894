"""The page of one order at home: its ends, files, requests and story, and the checklist of what came with it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from certificates.catalogue import Benefit
from certificates.models import BenefitUse, Customer, Note, Order, Reply
from certificates.services import benefits
from certificates.services.benefits import BenefitNotIncluded
from certificates.services.replies import Voice, decline, put_off
from certificates.states import RenewalMark, RequestKind, RequestState
from portal import clock
from portal.models import Activity, Membership, Partner
from portal.roles import Role
from tests.certificates.expiring import content, sign_in, text
from tests.factories import (
    TODAY,
    make_certificate,
    make_customer,
    make_member,
    make_order,
    make_request,
    make_user,
    product,
)


@pytest.fixture(autouse=True)
def _one_factor(settings: pytest.FixtureRequest) -> None:
    settings.MFA_REQUIRED = False  # type: ignore[attr-defined]


@pytest.fixture
def customer(partner: Partner) -> Customer:
    return make_customer(partner, "Karst Atelier SA")


@pytest.fixture
def contact(partner: Partner, customer: Customer) -> Client:
    return sign_in(partner, Role.CUSTOMER, customer=customer)


@pytest.fixture
def member(contact: Client) -> Membership:
    found: Membership = contact.member  # type: ignore[attr-defined]
    return found


def test_the_page_shows_both_ends_the_names_and_the_one_next_step(
    partner: Partner, customer: Customer, contact: Client
) -> None:
    order = make_order(
        partner,
        customer=customer,
        common_name="www.karst.example",
        names=["www.karst.example", "karst.example"],
        ends_on=TODAY + timedelta(days=150),
        certificate_ends_on=TODAY + timedelta(days=12),
    )

    page = contact.get(f"/home/orders/{order.pk}/")

    for words in (
        "The order ends on 21 April 2027, its certificate on 4 December 2026",
        "karst.example",
        "in 150 days",
    ):
        assert words in text(page)
    assert f'class="btn" href="/home/orders/{order.pk}/reissue/"' in content(page)


def test_what_the_customer_answered_stands_where_the_renewal_is_asked_for(
    partner: Partner, customer: Customer, contact: Client
) -> None:
    resting, unneeded = (make_order(partner, customer=customer, ends_on=TODAY + timedelta(days=40)) for _ in range(2))
    put_off(resting, until=TODAY + timedelta(days=7), voice=Voice(name="Elise Roy"), now=clock.now())
    decline(unneeded, reason=Reply.Reason.SITE_ENDED, voice=Voice(name="Elise Roy"), now=clock.now())

    later, never = (contact.get(f"/home/orders/{order.pk}/") for order in (resting, unneeded))

    assert "Put off until 29 November 2026" in text(later)
    assert "Renew by 1 January 2027" in text(later)
    assert "You no longer need it" in text(never)
    assert "Renew by" not in text(never)
    for order, page in ((resting, later), (unneeded, never)):
        assert f'href="/home/orders/{order.pk}/answer/"' in content(page)


def test_a_reissue_is_to_be_had_before_it_is_due_until_the_order_is_renewed(
    partner: Partner, customer: Customer, contact: Client
) -> None:
    lasting, renewed = (make_order(partner, customer=customer, ends_on=TODAY + timedelta(days=40)) for _ in range(2))
    for order in (lasting, renewed):
        make_certificate(order)
    Order.objects.filter(pk=renewed.pk).update(renewal_mark=RenewalMark.ELSEWHERE)

    assert f'href="/home/orders/{lasting.pk}/reissue/"' in content(contact.get(f"/home/orders/{lasting.pk}/"))
    assert "reissue/" not in content(contact.get(f"/home/orders/{renewed.pk}/"))


def test_the_story_is_told_without_notes_and_without_anybody_of_the_house(
    partner: Partner, customer: Customer, contact: Client
) -> None:
    order = make_order(partner, customer=customer)
    make_certificate(order)
    quentin = make_member(partner, user=make_user(first_name="Quentin", last_name="Moreau")).user
    Note.objects.create(
        partner=partner, customer=customer, order=order, author=quentin, text="pays late", at=clock.now()
    )
    make_request(order, RequestKind.REISSUE, state=RequestState.FAILED, requested_by=quentin, finished_at=clock.now())
    Activity.objects.create(
        partner=partner,
        at=clock.now(),
        actor=quentin,
        verb="order.noted",
        subject_type="certificates.order",
        subject_id=order.pk,
    )
    Reply.objects.create(
        partner=partner,
        order=order,
        kind=Reply.Kind.NOT_NOW,
        until=TODAY + timedelta(days=9),
        said_by="Zoé",
        at=clock.now(),
    )

    page = text(contact.get(f"/home/orders/{order.pk}/"))

    for words in ("Ordered", "Certificate issued", "Reissue ordered", "Put off until 1 December 2026", "Zoé"):
        assert words in page
    for hidden in ("pays late", "Quentin", "Moreau", "Note"):
        assert hidden not in page


def test_a_request_is_followed_from_the_order(partner: Partner, customer: Customer, contact: Client) -> None:
    order = make_order(partner, customer=customer, renewal_mark="in_hand")
    asked = make_request(order, state=RequestState.WAITING_KEY, csr="")

    page = contact.get(f"/home/orders/{order.pk}/")

    assert "Give the key" in text(page)
    assert f'href="/home/requests/{asked.pk}/"' in content(page)


def test_another_customers_order_is_not_found(partner: Partner, contact: Client) -> None:
    neighbour = make_order(partner, customer=make_customer(partner, "Neighbour"))

    assert contact.get(f"/home/orders/{neighbour.pk}/").status_code == 404
    said = {"benefit": "site_seal", "used": "1"}
    assert contact.post(f"/home/orders/{neighbour.pk}/benefits/", said).status_code == 404
    assert not BenefitUse.objects.exists()


# What came with it


def test_the_checklist_says_what_works_by_itself_what_is_used_and_how_to_switch_the_rest_on(
    partner: Partner, customer: Customer, contact: Client, member: Membership
) -> None:
    order = make_order(partner, customer=customer, product=product("ssl_securesite_pro"))
    benefits.say_use(order, Benefit.CT_MONITORING, is_used=True, by=member, now=clock.now())

    lines = {line.benefit: (line.by_itself, line.is_used) for line in benefits.checklist(order)}
    page = text(contact.get(f"/home/orders/{order.pk}/"))

    assert lines[Benefit.PRIORITY_VALIDATION] == (True, None)
    assert lines[Benefit.CT_MONITORING] == (False, True)
    assert lines[Benefit.SITE_SEAL] == (False, None)
    assert list(lines) == [one for one in Benefit if one in lines]
    for words in ("Works by itself", "In use", "How to switch it on", "Paste it into the page"):
        assert words in page


def test_a_better_product_is_told_by_what_it_adds(partner: Partner, customer: Customer, contact: Client) -> None:
    order = make_order(partner, customer=customer, product=product("ssl_securesite_flex"))

    better = benefits.better_products(order)

    assert [one.product.name for one in better] == ["Secure Site Pro"]
    assert Benefit.CT_MONITORING in better[0].adds
    assert Benefit.SITE_SEAL not in better[0].adds
    assert 'href="/products/"' in content(contact.get(f"/home/orders/{order.pk}/"))


def test_an_order_of_an_unknown_product_has_no_checklist(partner: Partner, customer: Customer, contact: Client) -> None:
    order = make_order(partner, customer=customer, product=None, product_name="Something old")

    assert (benefits.checklist(order), benefits.better_products(order)) == ([], [])
    assert contact.get(f"/home/orders/{order.pk}/").status_code == 200


def test_use_is_said_and_taken_back_and_both_are_written_down(
    partner: Partner, customer: Customer, contact: Client
) -> None:
    order = make_order(partner, customer=customer)
    url = f"/home/orders/{order.pk}/benefits/"

    for used, stored in (("1", [True]), ("1", [True]), ("0", [False]), ("", [])):
        assert contact.post(url, {"benefit": "site_seal", "used": used}).status_code == 302
        assert list(BenefitUse.objects.values_list("is_used", flat=True)) == stored

    told = [one.facts["after"] for one in Activity.objects.filter(verb="order.benefit_said").order_by("pk")]
    assert told == [True, False, None]


@pytest.mark.parametrize("benefit", [Benefit.CT_MONITORING, Benefit.PRIORITY_VALIDATION])
def test_what_does_not_come_with_it_or_needs_nobody_is_refused(
    partner: Partner, customer: Customer, contact: Client, member: Membership, benefit: Benefit
) -> None:
    order = make_order(partner, customer=customer, product=product("ssl_securesite_flex"))

    with pytest.raises(BenefitNotIncluded):
        benefits.say_use(order, benefit, is_used=True, by=member, now=clock.now())
    contact.post(f"/home/orders/{order.pk}/benefits/", {"benefit": benefit, "used": "1"})

    assert not BenefitUse.objects.exists()
