"""Time-outs, refusals and broken answers come as the contract names them, before or after the fact."""

from __future__ import annotations

from datetime import timedelta

import pytest

from certificates.authorities import authority_for
from certificates.authorities.base import (
    AccessDenied,
    AuthorityError,
    AuthorityUnavailable,
    BrokenAnswer,
    NotConnected,
    OrderRefused,
    RateLimited,
    RevocationReason,
)
from certificates.authorities.sandbox import Fault, Faults, Sandbox
from certificates.models import AuthorityConnection, SandboxOrder
from certificates.states import AuthorityKind
from portal.models import Partner
from tests.certificates.authorities.desk import NOON, certificate_of, issue, make_sandbox, make_spec

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("fault", "error", "placed", "retry", "outcome_unknown"),
    [
        (Fault.TIMEOUT_BEFORE, AuthorityUnavailable, 0, True, True),
        (Fault.TIMEOUT_AFTER, AuthorityUnavailable, 1, True, True),
        (Fault.SERVER_ERROR, AuthorityUnavailable, 0, True, True),
        (Fault.BROKEN_ANSWER_AFTER, BrokenAnswer, 1, True, True),
        (Fault.RATE_LIMITED, RateLimited, 0, True, False),
        (Fault.REFUSED, OrderRefused, 0, False, False),
        (Fault.ACCESS_DENIED, AccessDenied, 0, False, False),
    ],
)
def test_a_fault_says_whether_to_retry_and_whether_to_look_first(
    fault: Fault, error: type[AuthorityError], placed: int, retry: bool, outcome_unknown: bool
) -> None:
    sandbox = make_sandbox(faults=Faults().plan("place", fault))

    with pytest.raises(error) as raised:
        sandbox.place(make_spec())

    assert (raised.value.retry, raised.value.outcome_unknown) == (retry, outcome_unknown)
    assert SandboxOrder.objects.count() == placed
    found = sandbox.find(make_spec(), since=NOON)
    assert (found is not None) == bool(placed)


def test_a_planned_fault_is_met_once() -> None:
    sandbox = make_sandbox(faults=Faults().plan("place", Fault.RATE_LIMITED))

    with pytest.raises(RateLimited) as limited:
        sandbox.place(make_spec())
    sandbox.place(make_spec())

    assert limited.value.retry_after == timedelta(seconds=5)
    assert SandboxOrder.objects.count() == 1


def test_looking_up_too_early_or_hearing_of_another_order_can_be_rehearsed() -> None:
    faults = Faults().plan("find", Fault.NOT_YET_VISIBLE, Fault.WRONG_ORDER)
    sandbox = make_sandbox(faults=faults)
    placed = sandbox.place(make_spec())

    too_early = sandbox.find(make_spec(), since=NOON)
    wrong = sandbox.find(make_spec(), since=NOON)
    right = sandbox.find(make_spec(), since=NOON)

    assert too_early is None
    assert wrong is not None
    assert (wrong.order_number, wrong.reference) == ("1", "somebody-else")
    assert right is not None
    assert right.order_number == placed.order_number


def test_a_revocation_whose_answer_was_lost_may_be_repeated() -> None:
    sandbox = make_sandbox(faults=Faults().plan("revoke", Fault.TIMEOUT_AFTER))
    serial = certificate_of(issue(sandbox)).serial_number

    with pytest.raises(AuthorityUnavailable):
        sandbox.revoke(serial, reason=RevocationReason.SUPERSEDED)
    sandbox.revoke(serial, reason=RevocationReason.SUPERSEDED)

    state = sandbox.find(make_spec(), since=NOON)
    assert state is not None
    assert certificate_of(state).revoked_at == NOON


def test_a_check_proves_the_connection_or_says_why_not() -> None:
    sandbox = make_sandbox(faults=Faults().plan("check", Fault.ACCESS_DENIED))

    with pytest.raises(AccessDenied):
        sandbox.check()
    identity = sandbox.check()

    assert identity.account == "partner-1"
    assert identity.name.startswith("Embedded Issuing CA ")
    assert not SandboxOrder.objects.exists()


def test_each_partner_has_its_own_account_at_the_embedded_authority(partner: Partner) -> None:
    connection = AuthorityConnection(partner=partner, kind=AuthorityKind.SANDBOX, name="Trials")

    authority = authority_for(connection)

    assert isinstance(authority, Sandbox)
    assert authority.account == f"partner-{partner.pk}"


@pytest.mark.parametrize("kind", [AuthorityKind.CERTCENTRAL, AuthorityKind.OTHER])
def test_a_kind_that_leads_nowhere_says_so(partner: Partner, kind: AuthorityKind) -> None:
    connection = AuthorityConnection(partner=partner, kind=kind, name="Elsewhere")

    with pytest.raises(NotConnected):
        authority_for(connection)
