"""The embedded authority behaves as the real ones do: it waits, holds, refuses, and repeats what it is told twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from certificates.authorities.base import (
    AuthorityStatus,
    Format,
    KnownOrder,
    OrderNotFound,
    OrderRefused,
    OrderSpec,
    OrderState,
    Revocation,
    RevocationReason,
    ValidationKind,
)
from certificates.authorities.sandbox import issuing
from certificates.models import SandboxCertificate, SandboxOrder
from certificates.rules import DIGICERT
from tests.certificates.authorities.desk import (
    NOON,
    SECOND,
    Clock,
    certificate_of,
    issue,
    make_organization_spec,
    make_reissue_spec,
    make_sandbox,
    make_spec,
)
from tests.certificates.certs import make_csr, private_pem, rsa_key

pytestmark = pytest.mark.django_db


def at(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, tzinfo=UTC)


def lengths(state: OrderState) -> tuple[int, int]:
    """Days of the order and of its certificate."""
    certificate = certificate_of(state)
    assert state.starts_at is not None
    assert state.ends_at is not None
    return (state.ends_at - state.starts_at).days, (certificate.ends_at - certificate.valid_from).days


# Waiting for the authority


def test_an_order_waits_for_validation_and_is_then_issued() -> None:
    clock = Clock()
    sandbox = make_sandbox(clock=clock, issue_after=timedelta(seconds=3))

    placed = sandbox.place(make_spec())
    clock.advance(seconds=2)
    waiting = sandbox.status(placed.order_number)
    clock.advance(seconds=1)
    issued = sandbox.status(placed.order_number)

    assert [placed.status, waiting.status, issued.status] == [
        AuthorityStatus.PENDING,
        AuthorityStatus.PENDING,
        AuthorityStatus.ISSUED,
    ]
    (step,) = waiting.steps
    assert (step.kind, step.name, step.where, step.done) == (
        ValidationKind.DNS,
        "www.example.com",
        "_dnsauth.www.example.com",
        False,
    )
    assert len(step.value) == 32
    assert (placed.certificate, placed.starts_at, placed.ends_at) == (None, None, None)
    assert (issued.reference, issued.common_name, issued.steps) == ("a1b2c3", "www.example.com", ())
    assert issued.starts_at == clock.now.replace(microsecond=0)


@pytest.mark.parametrize(
    ("method", "kind", "where"),
    [
        ("dns-cname-token", ValidationKind.DNS, "_dnsauth.www.example.com"),
        (
            "http-token",
            ValidationKind.HTTP,
            "http://www.example.com/.well-known/pki-validation/fileauth.txt",
        ),
        ("email", ValidationKind.EMAIL, "admin@www.example.com"),
    ],
)
def test_each_way_of_validation_says_where_its_token_goes(method: str, kind: ValidationKind, where: str) -> None:
    (step,) = make_sandbox().place(make_spec(dcv_method=method)).steps

    assert (step.kind, step.where) == (kind, where)


@pytest.mark.parametrize("level", ["ov", "ev"])
@pytest.mark.parametrize("validated_until", [None, NOON - SECOND, NOON])
def test_an_order_is_held_until_its_organisation_is_validated(level: str, validated_until: datetime | None) -> None:
    sandbox = make_sandbox()
    organization = make_organization_spec(validated_until=validated_until)

    held = issue(sandbox, level=level, organization=organization)
    released = sandbox.validate_organization("112233", until=NOON + timedelta(days=398))
    issued = sandbox.status(held.order_number)

    assert (held.status, held.hold_reason) == (
        AuthorityStatus.PENDING,
        "the organisation must be validated",
    )
    step = held.steps[-1]
    assert (step.kind, step.name, step.done) == (ValidationKind.ORGANIZATION, "Granit Phare SA", False)
    assert released == 1
    assert (issued.status, issued.hold_reason) == (AuthorityStatus.ISSUED, "")


def test_validating_one_organisation_releases_no_other() -> None:
    sandbox = make_sandbox()
    other = make_organization_spec(number="445566", validated_until=None)
    held = issue(sandbox, level="ov", organization=other)

    released = sandbox.validate_organization("112233", until=NOON + timedelta(days=398))

    assert released == 0
    assert sandbox.status(held.order_number).status is AuthorityStatus.PENDING


def test_two_callers_who_meet_at_the_same_time_get_one_certificate() -> None:
    sandbox = make_sandbox()
    sandbox.place(make_spec())
    order = SandboxOrder.objects.get()
    rival = SandboxOrder.objects.get()
    pending = order.certificates.get()

    issuing.issue_if_due(rival, limits=DIGICERT, now=NOON)
    signed = SandboxCertificate.objects.get().pem
    issuing._issue(order, pending, DIGICERT, NOON + timedelta(hours=1))

    assert SandboxCertificate.objects.get().pem == signed
    assert SandboxOrder.objects.get().starts_at == NOON.replace(microsecond=0)


# Refusals


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        (make_spec(level="ev", common_name="*.example.com"), "an EV certificate holds no wildcard"),
        (make_spec(level="ov", organization=None), "the organisation's name and country are needed"),
        (
            make_spec(level="ov", organization=make_organization_spec(country="France")),
            "a field of the organisation does not fit a certificate",
        ),
        (
            make_spec(level="ov", organization=make_organization_spec(name="G" * 65)),
            "a field of the organisation does not fit a certificate",
        ),
        (make_spec(level="xx"), "no such level of validation"),
        (make_spec(term_years=4), "an order runs 3 years at most"),
        (make_spec(term_days=0), "an order runs at least a day"),
        (make_spec(common_name="192.0.2.1"), "bad_name: “192.0.2.1” is an address, not a host name"),
        (make_spec(csr="What is this?"), "not_a_csr: no certificate request was found"),
        (
            make_spec(csr=make_csr(key=rsa_key(1024))),
            "weak_key: an RSA key of 1024 bits is not accepted (2048 to 8192, a multiple of 8)",
        ),
        (
            make_spec(csr=private_pem(rsa_key())),
            "private_key: this is a private key; it was neither read nor kept",
        ),
        (
            make_spec(common_name="*.example.com", dcv_method="http-token"),
            "a wildcard is not validated by a file",
        ),
        (
            make_spec(renewal_of="12345"),
            "the renewed order is unknown here, and nobody says when it ends",
        ),
    ],
)
def test_an_order_that_cannot_be_issued_is_refused_and_leaves_nothing(spec: OrderSpec, reason: str) -> None:
    with pytest.raises(OrderRefused) as refused:
        make_sandbox().place(spec)

    assert refused.value.message == reason
    assert (refused.value.retry, refused.value.outcome_unknown) == (False, False)
    assert not SandboxOrder.objects.exists()


# Asked twice


def test_the_same_reference_placed_twice_makes_two_orders_and_look_up_finds_the_first() -> None:
    sandbox = make_sandbox()

    first = sandbox.place(make_spec())
    second = sandbox.place(make_spec())

    assert first.order_number != second.order_number
    found = sandbox.find(make_spec(), since=NOON)
    assert found is not None
    assert found.order_number == first.order_number
    assert sandbox.find(make_spec(reference="never placed"), since=NOON) is None


def test_another_account_meets_nothing_of_this_one() -> None:
    own, stranger = make_sandbox("partner-1"), make_sandbox("partner-2")
    state = issue(own)
    serial = certificate_of(state).serial_number

    assert stranger.find(make_spec(), since=NOON) is None
    assert stranger.validate_organization("112233", until=NOON) == 0
    with pytest.raises(OrderNotFound):
        stranger.status(state.order_number)
    with pytest.raises(OrderNotFound):
        stranger.reissue(make_reissue_spec(state.order_number))
    with pytest.raises(OrderNotFound):
        stranger.revoke(serial, reason=RevocationReason.SUPERSEDED)
    with pytest.raises(OrderNotFound):
        stranger.cancel(state.order_number)
    with pytest.raises(OrderNotFound):
        stranger.download(serial, Format.FULL)
    assert certificate_of(own.status(state.order_number)).revoked_at is None


@pytest.mark.parametrize("number", ["", "0", "-1", "900000000", "９０", "9" * 40, "DEADBEEF", "1; --"])
def test_a_number_that_names_nothing_is_not_found(number: str) -> None:
    sandbox = make_sandbox()
    issue(sandbox)

    with pytest.raises(OrderNotFound):
        sandbox.status(number)
    with pytest.raises(OrderNotFound):
        sandbox.download(number, Format.LEAF)


# How long an order runs


def renewed(on: datetime, old_end: datetime, **term: int) -> OrderState:
    sandbox = make_sandbox(clock=Clock(on))
    return issue(sandbox, renewal_of="7100001", renewal_of_ends_at=old_end, **term)


def test_renewing_a_month_early_keeps_the_month_as_the_seed_example_says() -> None:
    early = renewed(at(2020, 12, 1), at(2021, 1, 1), term_days=365)
    on_the_day = renewed(at(2021, 1, 1), at(2021, 1, 1), term_days=365)

    assert lengths(early) == (396, 396)
    assert lengths(on_the_day) == (365, 365)
    assert early.renewal_of == "7100001"


def test_under_todays_limit_the_order_keeps_what_the_certificate_cannot_carry() -> None:
    state = renewed(at(2026, 11, 22), at(2026, 12, 23), term_days=365)

    assert lengths(state) == (396, 199)


def test_on_every_day_of_the_window_the_new_order_ends_on_the_same_date() -> None:
    old_end = at(2027, 2, 20)

    ends = {renewed(old_end - timedelta(days=days), old_end).ends_at for days in range(1, 92, 10)}

    assert ends == {at(2028, 2, 20)}


@pytest.mark.parametrize("days", [92, 0, -20])
def test_outside_the_window_the_term_counts_from_the_start(days: int) -> None:
    old_end = at(2027, 2, 20)
    start = old_end - timedelta(days=days)

    assert renewed(start, old_end).ends_at == start.replace(year=start.year + 1)


def test_an_order_the_authority_knows_is_renewed_by_its_own_dates() -> None:
    clock = Clock(at(2026, 1, 10))
    sandbox = make_sandbox(clock=clock)
    old = issue(sandbox)
    clock.now = at(2027, 1, 1)

    new = issue(sandbox, renewal_of=old.order_number, renewal_of_ends_at=at(2030, 1, 1))

    assert (old.ends_at, new.ends_at) == (at(2027, 1, 10), at(2028, 1, 10))


def test_a_renewal_held_beyond_the_old_end_loses_no_day_either() -> None:
    clock = Clock(at(2026, 12, 1))
    sandbox = make_sandbox(clock=clock)
    held = issue(
        sandbox,
        level="ov",
        organization=make_organization_spec(validated_until=None),
        renewal_of="7100001",
        renewal_of_ends_at=at(2026, 12, 20),
    )
    clock.now = at(2026, 12, 30)
    sandbox.validate_organization("112233", until=at(2027, 12, 30))

    assert sandbox.status(held.order_number).ends_at == at(2027, 12, 30)


@pytest.mark.parametrize(
    ("issued_on", "days"),
    [
        (at(2019, 6, 1), 825),
        (at(2026, 2, 23), 397),
        (at(2026, 2, 24), 199),
        (at(2027, 3, 14), 199),
        (at(2027, 3, 15), 99),
        (at(2029, 3, 15), 46),
    ],
)
def test_a_certificate_is_capped_by_the_day_of_its_issuance(issued_on: datetime, days: int) -> None:
    state = issue(make_sandbox(clock=Clock(issued_on)), term_years=3)

    assert lengths(state)[1] == days


# Reissues


def test_a_reissue_collects_the_days_of_its_order_and_leaves_the_old_certificate_valid() -> None:
    clock = Clock(at(2026, 11, 22))
    sandbox = make_sandbox(clock=clock)
    first = issue(sandbox)
    clock.now = at(2027, 5, 10)

    asked = sandbox.reissue(make_reissue_spec(first.order_number))
    second = sandbox.status(first.order_number)
    clock.now = at(2027, 8, 16)
    sandbox.reissue(make_reissue_spec(first.order_number, reference="reissue-2"))
    third = sandbox.status(first.order_number)

    assert asked.status is AuthorityStatus.REISSUE_PENDING
    assert certificate_of(asked) == certificate_of(first)
    assert (second.status, second.ends_at) == (AuthorityStatus.ISSUED, first.ends_at)
    assert certificate_of(second).ends_at == at(2027, 5, 10) + timedelta(days=99)
    assert certificate_of(third).ends_at == third.ends_at == at(2027, 11, 22)
    assert SandboxCertificate.objects.filter(status="issued").count() == 3
    assert not SandboxCertificate.objects.filter(revoked_at__isnull=False).exists()


def test_a_reissue_may_change_names_and_key() -> None:
    sandbox = make_sandbox()
    first = issue(sandbox)

    spec = make_reissue_spec(
        first.order_number, names=("www.example.com", "api.example.com"), csr=make_csr(key=rsa_key())
    )
    sandbox.reissue(spec)

    assert certificate_of(sandbox.status(first.order_number)).names == ("www.example.com", "api.example.com")


def test_a_reissue_is_found_again_by_its_reference() -> None:
    sandbox = make_sandbox()
    first = issue(sandbox)
    spec = make_reissue_spec(first.order_number)

    before = sandbox.find_reissue(spec, since=NOON)
    sandbox.reissue(spec)
    after = sandbox.find_reissue(spec, since=NOON)

    assert before is None
    assert after is not None
    assert after.status is AuthorityStatus.ISSUED
    assert certificate_of(after) != certificate_of(first)


def test_a_reissue_asked_twice_is_made_twice_once_the_first_is_done() -> None:
    sandbox = make_sandbox()
    first = issue(sandbox)
    spec = make_reissue_spec(first.order_number)

    sandbox.reissue(spec)
    with pytest.raises(OrderRefused):
        sandbox.reissue(spec)
    sandbox.status(first.order_number)
    sandbox.reissue(spec)
    sandbox.status(first.order_number)

    assert SandboxCertificate.objects.filter(is_reissue=True, status="issued").count() == 2


def test_a_pending_or_ended_order_is_not_reissued() -> None:
    clock = Clock()
    sandbox = make_sandbox(clock=clock)
    pending = sandbox.place(make_spec())

    with pytest.raises(OrderRefused, match="pending"):
        sandbox.reissue(make_reissue_spec(pending.order_number))
    sandbox.status(pending.order_number)
    clock.advance(days=366)
    with pytest.raises(OrderRefused, match="the order has ended"):
        sandbox.reissue(make_reissue_spec(pending.order_number))


def test_an_ev_order_is_not_reissued_with_a_wildcard() -> None:
    sandbox = make_sandbox()
    order = issue(sandbox, level="ev")

    with pytest.raises(OrderRefused, match="no wildcard"):
        sandbox.reissue(make_reissue_spec(order.order_number, names=("*.example.com",)))
    assert sandbox.status(order.order_number).status is AuthorityStatus.ISSUED


def test_a_reissue_whose_order_ends_while_it_waits_is_dropped() -> None:
    clock = Clock()
    sandbox = make_sandbox(clock=clock, issue_after=timedelta(hours=1))
    order = sandbox.place(make_spec(term_days=2)).order_number
    clock.advance(hours=1)
    issued = sandbox.status(order)
    clock.advance(days=1, hours=23, minutes=30)
    sandbox.reissue(make_reissue_spec(order))
    clock.advance(days=1)

    state = sandbox.status(order)

    assert state.status is AuthorityStatus.ISSUED
    assert certificate_of(state) == certificate_of(issued)


# Cancelling and revoking


def test_a_pending_order_is_cancelled_and_never_issued() -> None:
    sandbox = make_sandbox()
    order = sandbox.place(make_spec()).order_number

    sandbox.cancel(order, note="ordered by mistake")
    sandbox.cancel(order, note="again")

    state = sandbox.status(order)
    assert (state.status, state.certificate) == (AuthorityStatus.CANCELED, None)


def test_cancelling_a_pending_reissue_leaves_the_order_issued() -> None:
    sandbox = make_sandbox()
    first = issue(sandbox)
    sandbox.reissue(make_reissue_spec(first.order_number))

    sandbox.cancel(first.order_number)

    state = sandbox.status(first.order_number)
    assert (state.status, certificate_of(state)) == (AuthorityStatus.ISSUED, certificate_of(first))


def test_an_issued_order_is_not_cancelled() -> None:
    sandbox = make_sandbox()
    order = issue(sandbox).order_number

    with pytest.raises(OrderRefused):
        sandbox.cancel(order)
    assert sandbox.status(order).status is AuthorityStatus.ISSUED


@pytest.mark.parametrize("named_by", ["number", "serial", "lower-case", "leading zero"])
def test_a_certificate_is_revoked_by_number_or_serial_and_its_order_goes_on(named_by: str) -> None:
    sandbox = make_sandbox()
    certificate = certificate_of(issue(sandbox))
    name = {
        "number": certificate.certificate_number,
        "serial": certificate.serial_number,
        "lower-case": certificate.serial_number.lower(),
        "leading zero": f"0{certificate.serial_number}",
    }[named_by]

    first = sandbox.revoke(name, reason=RevocationReason.KEY_COMPROMISE)
    second = sandbox.revoke(name, reason=RevocationReason.SUPERSEDED)

    assert first is second is Revocation.DONE
    state = sandbox.find(make_spec(), since=NOON)
    assert state is not None
    assert state.status is AuthorityStatus.ISSUED
    assert certificate_of(state).revoked_at == NOON
    assert SandboxCertificate.objects.get().revocation_reason == "key_compromise"


def test_order_sold_elsewhere_is_reissued_under_its_own_number_until_its_own_end() -> None:
    sandbox = make_sandbox()
    known = KnownOrder(
        product_name_id="ssl_dv_geotrust_flex", level="dv", starts_at=at(2026, 6, 1), ends_at=at(2027, 6, 1)
    )
    spec = replace(make_reissue_spec("7101007"), order=known)

    sandbox.reissue(spec)
    state = sandbox.status("7101007")

    assert (state.order_number, state.ends_at) == ("7101007", at(2027, 6, 1))
    assert certificate_of(state).ends_at <= at(2027, 6, 1)


def test_unknown_order_without_dates_is_not_reissued() -> None:
    with pytest.raises(OrderNotFound):
        make_sandbox().reissue(make_reissue_spec("7101007"))


def test_whoever_asks_to_look_again_is_believed_about_names_but_not_about_the_organization() -> None:
    sandbox = make_sandbox(issue_after=timedelta(days=1))
    unvalidated = make_organization_spec(validated_until=None)
    dv = sandbox.place(make_spec()).order_number
    ov = sandbox.place(make_spec(reference="ov", level="ov", organization=unvalidated)).order_number

    assert sandbox.status(dv).status is AuthorityStatus.PENDING
    assert sandbox.recheck(dv).status is AuthorityStatus.ISSUED
    held = sandbox.recheck(ov)
    assert (held.status, [step.done for step in held.steps]) == (AuthorityStatus.PENDING, [True, False])
    with pytest.raises(OrderNotFound):
        sandbox.recheck("7101007")
