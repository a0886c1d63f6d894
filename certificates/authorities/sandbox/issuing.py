"""When the embedded authority issues, and how long the order and its certificate then run."""

from collections.abc import Sequence
from datetime import datetime

from cryptography import x509
from django.db import transaction

from certificates import rules
from certificates.authorities.sandbox import intake, signing
from certificates.authorities.sandbox.keyring import addresses, open_keyring
from certificates.models import SandboxCertificate, SandboxOrder
from certificates.rules import Level, Rule, Term, WindowState
from certificates.x509.facts import facts_of

_Status = SandboxCertificate.Status


def issue_if_due(order: SandboxOrder, *, limits: Sequence[Rule], now: datetime) -> bool:
    """Issue what waits under the order once its validation is done; whether anything may have changed."""
    pending = order.certificates.filter(status=_Status.PENDING).order_by("pk").first()
    if pending is None or not _is_due(order, pending, now):
        return False
    _issue(order, pending, limits, now.replace(microsecond=0))
    return True


def order_end(order: SandboxOrder, start: datetime, limits: Sequence[Rule]) -> datetime:
    """Old end + term for a renewal placed in its window and issued before that end, else start + term."""
    term = Term(years=order.term_years, days=order.term_days)
    old_end = order.renewal_of_ends_at
    if old_end and start < old_end and _carries_over(order, old_end, limits):
        return term.end(old_end)
    return term.end(start)


def _is_due(order: SandboxOrder, pending: SandboxCertificate, now: datetime) -> bool:
    held = not pending.is_reissue and intake.needs_organization(order, now)
    return now >= pending.issue_after and not held


def _issue(order: SandboxOrder, pending: SandboxCertificate, limits: Sequence[Rule], start: datetime) -> None:
    limit = rules.certificate_limit(limits, family=order.family, level=Level(order.level))
    runs_until = order.ends_at or order_end(order, start, limits)
    ends_at = min(runs_until, start + limit(start))
    if ends_at <= start:  # the order ended while its reissue was waiting
        _settle(order, pending, {"status": _Status.CANCELED}, {})
        return
    facts = facts_of(_sign(order, pending, start, ends_at))
    signed = {
        "status": _Status.ISSUED,
        "serial_number": facts.serial_number,
        "thumbprint": facts.thumbprint,
        "pem": facts.pem,
        "valid_from": start,
        "ends_at": ends_at,
    }
    _settle(order, pending, signed, {"starts_at": order.starts_at or start, "ends_at": runs_until})


def _settle(
    order: SandboxOrder,
    pending: SandboxCertificate,
    of_certificate: dict[str, object],
    of_order: dict[str, object],
) -> None:
    """Write the outcome once: of two callers at the same time, one finds the row still pending and wins."""
    with transaction.atomic():
        mine = SandboxCertificate.objects.filter(pk=pending.pk, status=_Status.PENDING)
        if mine.update(**of_certificate):
            SandboxOrder.objects.filter(pk=order.pk).update(status=SandboxOrder.Status.ISSUED, **of_order)


def _sign(order: SandboxOrder, pending: SandboxCertificate, start: datetime, ends_at: datetime) -> x509.Certificate:
    leaf = signing.Leaf(
        public_key=x509.load_pem_x509_csr(pending.csr.encode("ascii")).public_key(),
        common_name=pending.common_name,
        names=tuple(pending.names),
        level=Level(order.level),
        organization=order.organization or {},
        valid_from=start,
        ends_at=ends_at,
    )
    return signing.sign_leaf(leaf, open_keyring(now=start).issuing, addresses())


def _carries_over(order: SandboxOrder, old_end: datetime, limits: Sequence[Rule]) -> bool:
    placed_on = rules.utc_date(order.placed_at)
    rule = rules.rule_for(limits, placed_on, family=order.family, level=Level(order.level))
    return rule.carry_over and rules.window(old_end, rule).state(order.placed_at) is WindowState.OPEN
