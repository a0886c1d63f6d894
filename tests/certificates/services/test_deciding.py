"""Approve, refuse, try again, let go: each once, and the old order follows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from certificates.authorities.sandbox import Fault
from certificates.models import AuthorityConnection, Order, Request, SandboxOrder
from certificates.services.deciding import approve_request, cancel_request, reject_request, retry_request
from certificates.services.refusals import AlreadyRenewed, MovedOn
from certificates.services.renewals import RenewalWindowClosed
from certificates.states import OrderStatus, RenewalMark, RequestState
from portal.models import Activity, Partner, User
from portal.roles import Role
from tests import factories
from tests.certificates.services.conftest import Counter, StandingClock
from tests.certificates.services.work import TEN, fresh, make_renewable, press, press_new, press_reissue, sweep


@pytest.fixture
def careful(connected: Partner) -> Partner:
    """A partner whose requests wait for an administrator."""
    connected.approval_required = True
    connected.save(update_fields=["approval_required"])
    return connected


@pytest.fixture
def nadia(connected: Partner) -> User:
    return factories.make_member(connected, role=Role.ADMINISTRATOR).user


def test_a_waiting_request_is_placed_once_it_is_approved(careful: Partner, counter: Counter, nadia: User) -> None:
    request = press(make_renewable(careful))
    sweep()
    before = counter.orders

    approve_request(request, actor=nadia, now=TEN)
    sweep()

    assert (before, counter.orders) == (0, 1)
    assert (fresh(request).state, fresh(request).decided_by) == (RequestState.ISSUED, nadia)


def test_a_refused_request_gives_its_order_back_and_keeps_the_reason(careful: Partner, nadia: User) -> None:
    order = make_renewable(careful)
    request = press(order)

    reject_request(request, actor=nadia, now=TEN, reason="The customer moves away.")

    order.refresh_from_db()
    refused = fresh(request)
    assert (refused.state, refused.last_error) == (RequestState.REJECTED, "The customer moves away.")
    assert (refused.decided_by, order.renewal_mark) == (nadia, RenewalMark.NONE)


@pytest.mark.parametrize("decide", [approve_request, reject_request])
def test_what_was_decided_is_not_decided_again(careful: Partner, nadia: User, decide: Callable[..., None]) -> None:
    request = press(make_renewable(careful))
    approve_request(request, actor=nadia, now=TEN)

    with pytest.raises(MovedOn) as late:
        decide(request, actor=nadia, now=TEN)

    assert late.value.request.state == RequestState.QUEUED


def test_a_failed_request_is_tried_again_under_the_same_reference(
    connected: Partner, counter: Counter, nadia: User
) -> None:
    counter.faults.plan("place", Fault.REFUSED)
    order = make_renewable(connected)
    request = press(order)
    sweep()

    retry_request(fresh(request), actor=nadia, now=TEN + timedelta(days=1))
    order.refresh_from_db()
    in_hand = order.renewal_mark
    Request.objects.update(due_at=TEN)
    sweep()

    again = fresh(request)
    assert in_hand == RenewalMark.IN_HAND
    assert (again.state, again.reference) == (RequestState.ISSUED, request.reference)
    assert again.promise["carried_days"] == request.promise["carried_days"] - 1
    assert counter.orders == 1


def failed(order: Order) -> Request:
    request = press(order)
    Request.objects.filter(pk=request.pk).update(state=RequestState.FAILED)
    order.renewal_mark = RenewalMark.NONE
    order.save()
    return fresh(request)


def test_a_retry_that_another_renewal_has_overtaken_says_so(connected: Partner, nadia: User) -> None:
    order = make_renewable(connected)
    first = failed(order)
    second = press(order)

    with pytest.raises(AlreadyRenewed) as refusal:
        retry_request(first, actor=nadia, now=TEN)

    assert refusal.value.request == second


def test_a_retry_after_the_window_is_refused(connected: Partner, nadia: User) -> None:
    request = failed(make_renewable(connected))

    with pytest.raises(RenewalWindowClosed):
        retry_request(request, actor=nadia, now=TEN + timedelta(days=60))


def test_a_retry_after_somebody_renewed_elsewhere_is_refused(connected: Partner, nadia: User) -> None:
    order = make_renewable(connected)
    request = failed(order)
    order.renewal_mark = RenewalMark.ELSEWHERE
    order.save()

    with pytest.raises(MovedOn):
        retry_request(request, actor=nadia, now=TEN)

    assert fresh(request).state == RequestState.FAILED


def test_what_nobody_has_been_asked_for_is_dropped_at_once(connected: Partner, counter: Counter, nadia: User) -> None:
    order = make_renewable(connected)
    request = press(order)

    assert cancel_request(request, actor=nadia, now=TEN) is True
    sweep()

    order.refresh_from_db()
    assert (fresh(request).state, order.renewal_mark) == (RequestState.CANCELED, RenewalMark.NONE)
    assert counter.orders == 0
    assert Activity.objects.about(request).filter(verb="request.cancel_asked", actor=nadia).exists()


def test_what_was_placed_is_cancelled_at_the_authority(connected: Partner, counter: Counter, nadia: User) -> None:
    counter.issue_after = timedelta(hours=1)
    order = make_renewable(connected)
    request = press(order)
    sweep()

    assert cancel_request(request, actor=nadia, now=TEN) is False
    sweep()

    order.refresh_from_db()
    canceled = fresh(request)
    assert canceled.result is not None
    assert (canceled.state, canceled.result.status) == (RequestState.CANCELED, OrderStatus.CANCELED)
    assert order.renewal_mark == RenewalMark.NONE
    assert SandboxOrder.objects.get().status == SandboxOrder.Status.CANCELED


def test_what_was_issued_before_the_cancellation_came_stays_issued(
    connected: Partner, counter: Counter, nadia: User
) -> None:
    counter.issue_after = timedelta(hours=1)
    request = press(make_renewable(connected))
    sweep()
    SandboxOrder.objects.get().certificates.update(issue_after=TEN - timedelta(hours=1))
    authority = counter.authority_for(AuthorityConnection.objects.get())
    authority.status(fresh(request).authority_number)

    cancel_request(fresh(request), actor=nadia, now=TEN)
    sweep()

    assert fresh(request).state == RequestState.ISSUED


def test_what_may_have_arrived_is_looked_up_before_it_is_let_go(
    connected: Partner, counter: Counter, nadia: User, at_ten: StandingClock
) -> None:
    counter.issue_after = timedelta(hours=1)
    counter.faults.plan("place", Fault.TIMEOUT_AFTER)
    request = press(make_renewable(connected))
    sweep()

    assert cancel_request(fresh(request), actor=nadia, now=TEN) is False
    at_ten.advance(minutes=1)
    sweep(3)

    assert fresh(request).state == RequestState.CANCELED
    assert SandboxOrder.objects.get().status == SandboxOrder.Status.CANCELED


def test_what_did_not_arrive_is_let_go_without_being_placed(
    connected: Partner, counter: Counter, nadia: User, at_ten: StandingClock
) -> None:
    counter.faults.plan("place", Fault.TIMEOUT_BEFORE)
    request = press(make_renewable(connected))
    sweep()
    cancel_request(fresh(request), actor=nadia, now=TEN)
    at_ten.advance(minutes=1)
    sweep()

    assert fresh(request).state == RequestState.CANCELED
    assert counter.orders == 0


def test_a_dropped_reissue_leaves_the_order_as_it_was(connected: Partner, counter: Counter, nadia: User) -> None:
    first = press_new(connected)
    sweep()
    order = fresh(first).result
    assert order is not None
    counter.issue_after = timedelta(hours=1)
    reissue = press_reissue(order)
    sweep()
    order.refresh_from_db()
    during = order.status

    cancel_request(fresh(reissue), actor=nadia, now=TEN)
    sweep()

    order.refresh_from_db()
    assert (during, order.status) == (OrderStatus.REISSUE_PENDING, OrderStatus.ISSUED)
    assert fresh(reissue).state == RequestState.CANCELED
    assert order.certificates.count() == 1


def test_what_has_ended_is_not_cancelled(connected: Partner, nadia: User) -> None:
    request = press(make_renewable(connected))
    sweep()

    with pytest.raises(MovedOn):
        cancel_request(request, actor=nadia, now=TEN)
