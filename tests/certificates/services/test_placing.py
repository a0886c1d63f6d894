"""Whatever the authority answers, or does not, a request ends as exactly one order there, or as none with a reason."""

from __future__ import annotations

import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django_scopes import scopes_disabled

from certificates.authorities.base import OrderSpec, OrderState
from certificates.authorities.sandbox import Fault, Sandbox
from certificates.models import AuthorityConnection, Order, Request, SandboxOrder
from certificates.services import placing
from certificates.services.downloads import chain_of
from certificates.services.following import next_look
from certificates.services.placing import pause, place_request
from certificates.services.wishes import read_wish
from certificates.states import OrderStatus, RenewalMark, RequestState
from certificates.tasks import place_request_task, sweep_requests
from portal.access import on_behalf_of
from portal.models import Activity, Partner
from tests import factories
from tests.certificates.certs import make_csr
from tests.certificates.services.conftest import Counter, StandingClock
from tests.certificates.services.work import TEN, fresh, make_renewable, press, press_new, press_reissue, sweep


def test_a_renewal_becomes_an_issued_order_that_follows_the_old_one(connected: Partner, tmp_path: Path) -> None:
    old = make_renewable(connected, notices_enabled=False)
    AuthorityConnection.objects.filter(partner=connected).update(last_checked_at=None, last_error="Something old")
    request = press(old, purchase_order="PO 4711")

    sweep()

    request, new = fresh(request), Order.objects.get(predecessor=old)
    connection = AuthorityConnection.objects.get(partner=connected)
    assert (connection.last_checked_at is not None, connection.last_error) == (True, "")
    old.refresh_from_db()
    assert (request.state, request.result, request.last_error) == (RequestState.ISSUED, new, "")
    assert (new.status, new.number) == (OrderStatus.ISSUED, request.authority_number)
    assert (new.customer_reference, new.notices_enabled) == ("PO 4711", False)
    assert new.ends_on == (old.ends_on and old.ends_on.replace(year=2027))
    assert (old.renewal_mark, old.successor_number) == (RenewalMark.RENEWED, new.number)
    assert verified_by_openssl(new, tmp_path)


def verified_by_openssl(order: Order, folder: Path) -> bool:
    certificate = order.certificates.get(is_current=True)
    issuing, root = chain_of(certificate)
    files = {"leaf.pem": certificate.pem, "issuing.pem": issuing, "root.pem": root}
    for name, text in files.items():
        (folder / name).write_text(text)
    command = ["openssl", "verify", "-attime", str(int(TEN.timestamp()) + 60), "-CAfile", "root.pem"]
    command += ["-untrusted", "issuing.pem", "leaf.pem"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stdout == "leaf.pem: OK\n"


def test_asked_twice_nothing_happens_twice(connected: Partner, counter: Counter) -> None:
    request = press(make_renewable(connected))

    sweep(5)
    place_request(request.pk, now=TEN)

    assert counter.orders == 1
    assert Order.objects.count() == 2
    assert Activity.objects.filter(verb="request.issued").count() == 1


def test_a_held_request_is_left_to_its_worker(connected: Partner, counter: Counter) -> None:
    request = press(make_renewable(connected))
    held_until = TEN + timedelta(seconds=30)
    Request.objects.update(state=RequestState.PLACING, claimed_until=held_until)

    place_request(request.pk, now=TEN)

    assert counter.orders == 0
    assert fresh(request).claimed_until == held_until


@pytest.mark.parametrize(
    ("fault", "attempts"),
    [
        (Fault.TIMEOUT_BEFORE, 2),
        (Fault.TIMEOUT_AFTER, 2),
        (Fault.SERVER_ERROR, 2),
        (Fault.RATE_LIMITED, 2),
        (Fault.BROKEN_ANSWER_AFTER, 2),
        (Fault.WRONG_ORDER, 2),
    ],
)
def test_an_answer_that_got_lost_is_looked_up_before_anything_is_placed_again(
    connected: Partner, counter: Counter, at_ten: StandingClock, fault: Fault, attempts: int
) -> None:
    counter.faults.plan("place", fault)
    request = press(make_renewable(connected))

    sweep()
    waiting = fresh(request)
    at_ten.advance(seconds=10)
    sweep()

    assert (waiting.state, bool(waiting.last_error)) == (RequestState.QUEUED, True)
    assert waiting.order is not None
    assert waiting.order.renewal_mark == RenewalMark.IN_HAND
    done = fresh(request)
    assert (done.state, done.attempts, done.last_error) == (RequestState.ISSUED, attempts, "")
    assert counter.orders == 1


def test_a_try_again_later_is_kept_to(connected: Partner, counter: Counter) -> None:
    counter.faults.plan("place", Fault.RATE_LIMITED)
    request = press(make_renewable(connected))

    sweep()

    assert fresh(request).due_at == TEN + timedelta(seconds=5)
    assert fresh(request).last_error == "request_limit_exceeded"


def test_an_empty_search_is_believed_only_after_the_authority_has_settled(
    connected: Partner, counter: Counter, at_ten: StandingClock
) -> None:
    counter.settle_time = timedelta(minutes=2)
    counter.faults.plan("place", Fault.TIMEOUT_AFTER).plan("find", Fault.NOT_YET_VISIBLE)
    request = press(make_renewable(connected))

    sweep()
    at_ten.advance(seconds=10)
    sweep()
    unsettled = fresh(request)
    at_ten.advance(minutes=2)
    sweep()

    assert (unsettled.state, unsettled.due_at) == (RequestState.QUEUED, TEN + timedelta(minutes=2))
    assert fresh(request).state == RequestState.ISSUED
    assert counter.orders == 1


def test_errors_met_while_looking_never_end_a_request_that_may_have_arrived(
    connected: Partner, counter: Counter, at_ten: StandingClock
) -> None:
    counter.faults.plan("place", Fault.TIMEOUT_AFTER)
    counter.faults.plan("find", Fault.ACCESS_DENIED, Fault.REFUSED, Fault.RATE_LIMITED, Fault.WRONG_ORDER)
    request = press(make_renewable(connected))

    states = []
    for _ in range(6):
        sweep()
        states.append(fresh(request).state)
        at_ten.advance(minutes=20)

    assert states == [RequestState.QUEUED] * 5 + [RequestState.ISSUED]
    assert counter.orders == 1


@pytest.mark.parametrize(
    ("fault", "error"),
    [(Fault.REFUSED, "invalid_value:csr"), (Fault.ACCESS_DENIED, "access_denied|access_denied_invalid_key")],
)
def test_a_definite_no_ends_the_request_and_returns_the_order_to_the_lists(
    connected: Partner, counter: Counter, fault: Fault, error: str
) -> None:
    counter.faults.plan("place", fault)
    order = make_renewable(connected)
    request = press(order)

    sweep()

    failed = fresh(request)
    order.refresh_from_db()
    assert (failed.state, failed.last_error, failed.result) == (RequestState.FAILED, error, None)
    assert order.renewal_mark == RenewalMark.NONE
    assert list(Order.objects.issued().unrenewed()) == [order]
    assert press(order).state == RequestState.QUEUED


def test_a_lost_connection_fails_what_was_never_sent_and_keeps_what_may_have_arrived(
    connected: Partner, counter: Counter, at_ten: StandingClock
) -> None:
    unsent, sent = press(make_renewable(connected)), press(make_renewable(connected))
    Request.objects.filter(pk=sent.pk).update(sent_at=TEN)
    AuthorityConnection.objects.for_partner(connected).delete()

    sweep()

    assert (fresh(unsent).state, fresh(sent).state) == (RequestState.FAILED, RequestState.QUEUED)


def test_who_lost_the_claim_records_nothing(connected: Partner, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that slept through its lease comes back after another has taken over."""
    request = press(make_renewable(connected))
    rival = TEN + timedelta(minutes=5)

    class Slow(Sandbox):
        def place(self, spec: OrderSpec) -> OrderState:
            answer = super().place(spec)
            Request.objects.filter(pk=request.pk).update(claimed_until=rival)
            return answer

    monkeypatch.setattr(placing, "authority_for", lambda connection: Slow(f"partner-{connection.partner_id}"))
    place_request(request.pk, now=TEN)

    assert (fresh(request).state, fresh(request).claimed_until) == (RequestState.PLACING, rival)
    assert not Order.objects.filter(predecessor=request.order).exists()


def test_a_request_in_the_middle_is_taken_over_when_its_lease_ends(
    connected: Partner, counter: Counter, at_ten: StandingClock
) -> None:
    request = press(make_renewable(connected))
    Request.objects.update(state=RequestState.PLACING, claimed_until=TEN + timedelta(seconds=60))

    sweep()
    assert counter.orders == 0
    at_ten.advance(seconds=60)
    sweep()

    assert fresh(request).state == RequestState.ISSUED
    assert counter.orders == 1


def test_one_poisoned_request_does_not_stop_the_rest(
    connected: Partner, counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    poisoned, healthy = press(make_renewable(connected)), press(make_renewable(connected))
    real = place_request

    def place(pk: int, *, now: Any) -> None:
        if pk == poisoned.pk:
            raise RuntimeError("a mistake of ours")
        real(pk, now=now)

    monkeypatch.setattr("certificates.tasks.place_request", place)
    sweep()

    assert fresh(healthy).state == RequestState.ISSUED
    assert fresh(poisoned).state == RequestState.QUEUED


def test_nothing_is_placed_for_a_suspended_partner(connected: Partner, counter: Counter) -> None:
    request = press(make_renewable(connected))
    connected.is_active = False
    connected.save(update_fields=["is_active"])

    sweep()
    place_request_task(request.pk)

    assert counter.orders == 0
    assert fresh(request).state == RequestState.QUEUED


def test_each_partner_orders_under_its_own_account(connected: Partner, counter: Counter) -> None:
    other = factories.make_partner()
    factories.make_connection(other)
    own = press(make_renewable(connected))
    with on_behalf_of(other):
        foreign = press(make_renewable(other))

    sweep()

    with scopes_disabled():
        assert {fresh(one).state for one in (own, foreign)} == {RequestState.ISSUED}
        accounts = SandboxOrder.objects.order_by("pk").values_list("account", "reference")
        assert sorted(accounts) == sorted(
            [(f"partner-{connected.pk}", own.reference), (f"partner-{other.pk}", foreign.reference)]
        )


def test_a_new_order_is_placed_and_issued(connected: Partner) -> None:
    request = press_new(connected)

    sweep()

    new = fresh(request).result
    assert new is not None
    assert (new.status, new.predecessor, new.customer) == (OrderStatus.ISSUED, None, request.customer)
    assert new.certificates.get().names == ["shop.granit-phare.example"]


def test_an_order_that_an_import_brought_in_meanwhile_is_taken_as_it_is(connected: Partner, counter: Counter) -> None:
    before = press_new(connected)
    sweep(1)
    counter.issue_after = timedelta(hours=1)
    old = make_renewable(connected)
    request = press(old)
    number = str(int(fresh(before).authority_number) + 1)
    imported = make_renewable(connected, number=number, status=OrderStatus.PENDING)

    sweep(1)

    imported.refresh_from_db()
    assert fresh(request).result == imported
    assert imported.predecessor == old


# Following


def test_what_the_authority_still_waits_for_is_kept_with_the_request(connected: Partner, counter: Counter) -> None:
    counter.issue_after = timedelta(hours=1)
    request = press(make_renewable(connected))

    sweep()

    waiting = fresh(request)
    assert waiting.state == RequestState.PLACED
    assert waiting.result is not None
    assert waiting.result.status == OrderStatus.PENDING
    (step,) = waiting.steps
    assert (step["kind"], step["name"], step["done"]) == ("dns", "www.granit-phare.example", False)
    assert step["where"] == "_dnsauth.www.granit-phare.example"


def test_the_authority_is_asked_often_at_first_and_ever_more_seldom(connected: Partner) -> None:
    request = press(make_renewable(connected))

    waits = [next_look(request, TEN + timedelta(minutes=age)) - TEN - timedelta(minutes=age) for age in (0, 10, 2000)]

    assert waits == [timedelta(seconds=5), timedelta(minutes=1), timedelta(minutes=15)]


def test_pauses_double_and_end_at_a_quarter_of_an_hour() -> None:
    assert [pause(attempts).total_seconds() for attempts in (1, 2, 3, 8, 9, 40)] == [5, 10, 20, 640, 900, 900]


@pytest.mark.parametrize("fault", [Fault.SERVER_ERROR, Fault.RATE_LIMITED, Fault.ACCESS_DENIED, Fault.WRONG_ORDER])
def test_an_error_while_asking_is_kept_and_the_request_asked_after_again(
    connected: Partner, counter: Counter, at_ten: StandingClock, fault: Fault
) -> None:
    counter.faults.plan("status", fault)
    request = press(make_renewable(connected))

    sweep()
    with_error = fresh(request)
    at_ten.advance(seconds=30)
    sweep_requests()

    assert (with_error.state, bool(with_error.last_error)) == (RequestState.PLACED, True)
    assert (fresh(request).state, fresh(request).last_error) == (RequestState.ISSUED, "")


def test_an_order_rejected_by_the_authority_gives_the_old_one_back(connected: Partner, counter: Counter) -> None:
    counter.issue_after = timedelta(hours=1)
    old = make_renewable(connected)
    request = press(old)
    sweep(1)
    SandboxOrder.objects.update(status=SandboxOrder.Status.REJECTED)

    sweep(1)

    old.refresh_from_db()
    rejected = fresh(request)
    assert rejected.result is not None
    assert (rejected.state, rejected.result.status) == (RequestState.REJECTED, OrderStatus.REJECTED)
    assert rejected.result.predecessor is None
    assert old.renewal_mark == RenewalMark.NONE
    assert press(old).state == RequestState.QUEUED


def test_the_authoritys_dates_win_and_a_difference_is_left_for_a_person(connected: Partner) -> None:
    order = make_renewable(connected)
    request = press(order)
    Request.objects.update(promise=request.promise | {"order_ends_on": "2028-01-31"})

    sweep()

    new = fresh(request).result
    assert new is not None
    assert (new.ends_on and new.ends_on.year, new.remarks) == (2027, ["end_differs"])
    activity = Activity.objects.about(new).get(verb="order.end_differs")
    assert activity.facts == {"told": "2028-01-31", "authority_says": "2027-12-12"}


def test_a_reissue_replaces_the_certificate_and_keeps_the_old_one(connected: Partner) -> None:
    first = press_new(connected)
    sweep()
    order = fresh(first).result
    assert order is not None
    before = order.certificates.get()
    reissue = press_reissue(order, names=["shop.granit-phare.example", "www.granit-phare.example"])

    sweep()

    order.refresh_from_db()
    current = order.certificates.get(is_current=True)
    assert (fresh(reissue).state, fresh(reissue).result) == (RequestState.ISSUED, order)
    assert (current.kind, set(order.certificates.all())) == ("reissue", {before, current})
    assert order.names == ["shop.granit-phare.example", "www.granit-phare.example"]
    assert order.status == OrderStatus.ISSUED
    assert order.certificate_ends_at == current.ends_at
    assert Order.objects.count() == 1


@pytest.mark.parametrize("fault", [Fault.TIMEOUT_AFTER, Fault.TIMEOUT_BEFORE])
def test_a_reissue_whose_answer_got_lost_is_asked_for_once(
    connected: Partner, counter: Counter, at_ten: StandingClock, fault: Fault
) -> None:
    first = press_new(connected)
    sweep()
    order = fresh(first).result
    assert order is not None
    counter.faults.plan("reissue", fault)

    reissue = press_reissue(order)
    sweep()
    at_ten.advance(seconds=10)
    sweep()

    assert fresh(reissue).state == RequestState.ISSUED
    assert order.certificates.count() == 2
    assert SandboxOrder.objects.get().certificates.count() == 2


def test_an_imported_order_is_reissued_by_the_embedded_authority(connected: Partner) -> None:
    order = make_renewable(connected, authority="certcentral", number="4711", ends_on=TEN.date() + timedelta(days=300))

    reissue = press_reissue(order)
    sweep()

    order.refresh_from_db()
    assert (fresh(reissue).state, fresh(reissue).result, order.number) == (RequestState.ISSUED, order, "4711")
    assert order.certificates.get().ends_on == TEN.date() + timedelta(days=199)
    assert order.ends_on == TEN.date() + timedelta(days=300)


def test_a_reissue_of_an_order_the_authority_cannot_know_fails_with_its_words(connected: Partner) -> None:
    order = make_renewable(connected, starts_at=None)
    reissue = press_reissue(order)

    sweep()

    order.refresh_from_db()
    assert (fresh(reissue).state, fresh(reissue).last_error) == (RequestState.FAILED, "not_found|order")
    assert order.status == OrderStatus.ISSUED


def test_the_key_of_another_host_is_noticed(connected: Partner) -> None:
    wish = read_wish(
        factories.product("ssl_dv_geotrust_flex"),
        names=["www.granit-phare.example"],
        csr=make_csr("intranet.granit-phare.example"),
    )

    assert wish.strangers == ("intranet.granit-phare.example",)
