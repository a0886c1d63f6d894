"""A certificate of another authority is moved over to us once: the order that takes its place bars every other."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from certificates.models import Certificate, Request
from certificates.services.deciding import cancel_request, retry_request
from certificates.services.renewals import AlreadyMoved
from certificates.states import RequestState
from portal.models import Partner, User
from tests import factories
from tests.certificates.services.work import TEN, press_new


@pytest.fixture
def nadia(connected: Partner) -> User:
    return factories.make_member(connected, email="nadia@relais.example").user


@pytest.fixture
def theirs(connected: Partner) -> Certificate:
    """What the customer bought elsewhere."""
    return factories.make_certificate_elsewhere(factories.make_customer(connected))


def move(theirs: Certificate) -> Request:
    return press_new(theirs.partner, customer=theirs.customer, moves=theirs)


def test_certificate_is_moved_once(theirs: Certificate) -> None:
    first = move(theirs)

    with pytest.raises(AlreadyMoved) as already:
        move(theirs)

    assert (first.moves, already.value.request) == (theirs, first)
    assert list(Certificate.objects.movable()) == []
    assert list(Certificate.objects.unattached()) == [theirs]


def test_database_itself_refuses_a_second_order_for_the_certificate(theirs: Certificate) -> None:
    first = move(theirs)

    with pytest.raises(IntegrityError), transaction.atomic():
        Request.objects.create(
            partner=first.partner,
            kind=first.kind,
            authority=first.authority,
            customer=first.customer,
            product=first.product,
            common_name=first.common_name,
            csr=first.csr,
            moves=theirs,
            requested_at=TEN,
            due_at=TEN,
        )


@pytest.mark.parametrize("end", [RequestState.CANCELED, RequestState.REJECTED, RequestState.FAILED])
def test_order_that_came_to_nothing_leaves_the_certificate_free(theirs: Certificate, end: RequestState) -> None:
    Request.objects.filter(pk=move(theirs).pk).update(state=end)

    assert list(Certificate.objects.movable()) == [theirs]
    assert move(theirs).moves == theirs


def test_retry_that_another_order_has_overtaken_says_so(theirs: Certificate, nadia: User) -> None:
    failed = move(theirs)
    Request.objects.filter(pk=failed.pk).update(state=RequestState.FAILED)
    failed.refresh_from_db()
    second = move(theirs)

    with pytest.raises(AlreadyMoved) as already:
        retry_request(failed, actor=nadia, now=TEN)

    assert already.value.request == second

    cancel_request(second, actor=nadia, now=TEN)
    retry_request(failed, actor=nadia, now=TEN)

    assert list(Certificate.objects.movable()) == []


def test_two_certificates_with_the_same_names_are_two_orders(theirs: Certificate) -> None:
    twin = factories.make_certificate_elsewhere(theirs.customer)

    assert move(theirs) != move(twin)
