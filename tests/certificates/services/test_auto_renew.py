"""Orders renew themselves 30 days before their end, once, and say loudly when they cannot."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django_scopes import scopes_disabled

from certificates.models import Order, Request
from certificates.services import auto_renew
from certificates.services.auto_renew import late_requests, renew_automatically, stalled
from certificates.services.renewals import request_renewal
from certificates.states import RequestState
from portal.models import Activity, Membership, Partner
from portal.roles import Role
from tests.certificates.services.work import TEN, fresh, make_renewable, press, sweep
from tests.factories import TODAY, make_connection, make_member, make_partner


@pytest.fixture
def claire(connected: Partner) -> Membership:
    return make_member(connected)


def make_automatic(partner: Partner, by: Membership | None, *, left: int = 30, **fields: Any) -> Order:
    return make_renewable(partner, auto_renew=True, auto_renew_by=by, ends_on=TODAY + timedelta(days=left), **fields)


def test_thirty_days_before_its_end_an_order_renews_itself(connected: Partner, claire: Membership) -> None:
    order = make_automatic(connected, claire)

    asked = renew_automatically(TEN)
    sweep()

    request = Request.objects.get()
    assert asked == 1
    assert (request.order, request.source, request.requested_by) == (order, "auto_renew", claire.user)
    assert (request.state, request.result and request.result.auto_renew_by) == (RequestState.ISSUED, claire)


def test_asked_twice_it_renews_once(connected: Partner, claire: Membership) -> None:
    make_automatic(connected, claire)

    assert [renew_automatically(TEN) for _ in range(3)] == [1, 0, 0]


def test_other_orders_stay_as_they_are(connected: Partner, claire: Membership) -> None:
    make_renewable(connected)
    make_automatic(connected, claire, left=31)
    make_automatic(connected, claire, left=-1)
    press(make_automatic(connected, claire))

    assert renew_automatically(TEN) == 0


def leave(member: Membership) -> None:
    Membership.objects.filter(pk=member.pk).update(is_active=False)


def lose_role(member: Membership) -> None:
    Membership.objects.filter(pk=member.pk).update(role=Role.SUPPORT)


def be_locked(member: Membership) -> None:
    member.user.is_active = False
    member.user.save(update_fields=["is_active"])


@pytest.mark.parametrize("going", [leave, lose_role, be_locked])
def test_when_its_user_is_gone_it_stops_and_stands_in_the_list_of_what_has_stopped(
    connected: Partner, claire: Membership, going: Any
) -> None:
    stopped, running = make_automatic(connected, claire), make_automatic(connected, make_member(connected))
    unknown = make_automatic(connected, None)
    going(claire)

    asked = renew_automatically(TEN)

    assert asked == 1
    assert Request.objects.get().order == running
    assert set(stalled(connected)) == {stopped, unknown}


def test_an_order_that_cannot_renew_itself_says_why_once(connected: Partner, claire: Membership) -> None:
    order = make_automatic(connected, claire, csr="")

    assert [renew_automatically(TEN) for _ in range(2)] == [0, 0]

    order.refresh_from_db()
    assert order.remarks == ["auto_renew_refused"]
    assert Activity.objects.about(order).get().facts == {"reason": "BadRequest"}


def test_after_one_automatic_attempt_it_is_a_persons_turn(connected: Partner, claire: Membership) -> None:
    order = make_automatic(connected, claire)
    renew_automatically(TEN)
    Request.objects.update(state=RequestState.FAILED)
    Order.objects.filter(pk=order.pk).update(renewal_mark="none")

    assert renew_automatically(TEN) == 0


def test_every_partners_orders_renew_on_their_own_behalf_and_a_suspended_ones_do_not(
    connected: Partner, claire: Membership
) -> None:
    other, suspended = make_partner(), make_partner(is_active=False)
    for partner in (other, suspended):
        make_connection(partner)
        make_automatic(partner, make_member(partner))
    make_automatic(connected, claire)

    assert renew_automatically(TEN) == 2

    with scopes_disabled():
        assert {one.partner for one in Request.objects.all()} == {connected, other}


def test_a_renewal_unissued_seven_days_before_the_old_end_is_late(connected: Partner) -> None:
    late = press(make_renewable(connected, ends_on=TODAY + timedelta(days=7)))
    press(make_renewable(connected, ends_on=TODAY + timedelta(days=10)))

    assert not late_requests(connected, today=TODAY).exists()  # it was asked for just now
    assert list(late_requests(connected, today=TODAY + timedelta(days=2))) == [late]
    sweep()
    assert fresh(late).state == RequestState.ISSUED
    assert not late_requests(connected, today=TODAY + timedelta(days=2)).exists()


def test_an_order_that_breaks_the_renewal_stops_no_other(
    connected: Partner, claire: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    poisoned, sound = make_automatic(connected, claire), make_automatic(connected, claire)

    def ask(order: Order, **wish: Any) -> Request:
        if order == poisoned:
            raise LookupError(order.number)
        return request_renewal(order, **wish)

    monkeypatch.setattr(auto_renew, "request_renewal", ask)

    assert renew_automatically(TEN) == 1
    assert Request.objects.get().order == sound
