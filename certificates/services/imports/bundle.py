"""Certificates from a bundle: known ones get their text, others become candidates to consolidate."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeVar

from django.db import transaction

from certificates import rules
from certificates.models import Certificate, Customer, ImportLine, ImportRun, Order
from certificates.querysets import CertificateQuerySet
from certificates.services.imports.apply import ImportReport, Watch, report_rejected
from certificates.services.imports.reasons import Caution
from certificates.services.imports.records import LineWarning, Rejection
from certificates.x509 import BadEntry, CertificateFacts, read_bundle
from portal.models import Partner

T = TypeVar("T")
_BATCH = 200
Outcome = ImportLine.Outcome


@dataclass(frozen=True)
class _Entry:
    """A certificate of the bundle that counts, by its place in it, from 1."""

    place: int
    facts: CertificateFacts


@dataclass
class _Judged:
    """What becomes of one entry, and the row that is made or changed for it."""

    entry: _Entry
    outcome: Outcome
    row: Certificate | None = None
    changes: dict[str, Any] = field(default_factory=dict)


def import_certificates(
    data: bytes,
    *,
    partner: Partner,
    customer: Customer,
    dry_run: bool = False,
    run: ImportRun | None = None,
    watch: Watch | None = None,
) -> ImportReport:
    """Take over every certificate of a PEM, PKCS#7 or DER file; a `line` of the report is its place in the bundle.

    One that is known, by fingerprint or by serial number and end, gets what it lacks. One that fits an order without
    a certificate becomes that order's. Any other becomes a certificate without order of the customer given. Those of
    authorities are passed over. The same bundle again changes nothing. Raises BadRequest: too large, a private key,
    no certificate.
    """
    watch = watch or Watch()
    report = ImportReport(brought={"certificates": 0})
    entries = list(_entries(read_bundle(data), report))
    watch.staged(len(entries))
    applied = [one for one in entries if run and not dry_run and one.place <= run.applied_through]
    done = len(applied)
    for batch in _batches(entries[done:], _BATCH):
        with transaction.atomic():
            judged = _judge(partner, customer, batch)
            if not dry_run:
                _write(judged)
            if run:
                _report(run, judged, fresh=dry_run)
            done += len(batch)
            watch.applied(done=done, total=len(entries), through=batch[-1].place)
        _count(report, judged)
    if run and dry_run:
        report_rejected(run, report.rejected)
        _report_warnings(run, report.warnings)
    return report


def _entries(found: Iterable[CertificateFacts | BadEntry], report: ImportReport) -> Iterator[_Entry]:
    """The certificates that count; the others go to the report."""
    seen: set[str] = set()
    for place, one in enumerate(found, start=1):
        if isinstance(one, BadEntry):
            report.rejected.append(Rejection(place, one.code, value=str(one.line)))
        elif one.is_ca or one.sha256 in seen:
            code = Caution.CA_CERTIFICATE if one.is_ca else Caution.REPEATED
            report.warnings.append(LineWarning(place, code, value=one.common_name[:80]))
            report.unchanged += 1
        else:
            seen.add(one.sha256)
            yield _Entry(place, one)


def _judge(partner: Partner, customer: Customer, batch: list[_Entry]) -> list[_Judged]:
    known = Certificate.objects.for_partner(partner).select_related("order")
    by_print = {row.sha256: row for row in known.filter(sha256__in=[one.facts.sha256 for one in batch])}
    by_serial = _by_serial(known, batch)
    waiting = _orders_without(partner, batch)
    judged = []
    for entry in batch:
        facts = entry.facts
        row = by_print.get(facts.sha256) or by_serial.get((facts.serial_number, facts.ends_at))
        order = None if row else waiting.pop((facts.common_name, facts.ends_at), None)
        judged.append(_known(entry, row) if row else _Judged(entry, Outcome.CREATED, _new(customer, order, facts)))
    return judged


def _by_serial(known: CertificateQuerySet, batch: list[_Entry]) -> dict[tuple[str, Any], Certificate]:
    """Certificates of which only a list has told so far."""
    rows = known.filter(sha256="", serial_number__in=[one.facts.serial_number for one in batch])
    return {(row.serial_number, row.ends_at): row for row in rows}


def _orders_without(partner: Partner, batch: list[_Entry]) -> dict[tuple[str, Any], Order]:
    """Orders whose certificate is known by name and end only."""
    orders = Order.objects.for_partner(partner).filter(
        certificates__isnull=True, common_name__in=[one.facts.common_name for one in batch]
    )
    return {(order.common_name, order.certificate_ends_at): order for order in orders}


def _facts(facts: CertificateFacts) -> dict[str, Any]:
    return {
        "serial_number": facts.serial_number,
        "thumbprint": facts.thumbprint,
        "sha256": facts.sha256,
        "common_name": (facts.common_name or facts.serial_number)[:253],
        "names": list(facts.names),
        "issuer_name": facts.issuer[:200],
        "key_type": f"{facts.key_type} {facts.key_size}",
        "starts_at": facts.valid_from,
        "ends_at": facts.ends_at,
        "ends_on": rules.last_day(facts.ends_at),
        "pem": facts.pem,
    }


def _new(customer: Customer, order: Order | None, facts: CertificateFacts) -> Certificate:
    holder = order.customer_id if order else customer.pk
    return Certificate(
        partner_id=customer.partner_id, customer_id=holder, order=order, is_current=order is not None, **_facts(facts)
    )


def _known(entry: _Entry, row: Certificate) -> _Judged:
    changes = {name: value for name, value in _facts(entry.facts).items() if getattr(row, name) != value}
    return _Judged(entry, Outcome.UPDATED if changes else Outcome.UNCHANGED, row, changes)


def _write(judged: list[_Judged]) -> None:
    Certificate.objects.bulk_create([one.row for one in judged if one.row and one.outcome == Outcome.CREATED])
    for one in judged:
        if one.row and one.changes:
            Certificate.objects.filter(pk=one.row.pk).update(**one.changes)
        if one.row and one.row.order and one.row.is_current:
            _mirror(one.row.order, one.entry.facts)


def _mirror(order: Order, facts: CertificateFacts) -> None:
    """The order's own copy of its certificate's dates."""
    dates = {
        "certificate_starts_at": facts.valid_from,
        "certificate_ends_at": facts.ends_at,
        "certificate_ends_on": rules.last_day(facts.ends_at),
    }
    if any(getattr(order, name) != value for name, value in dates.items()):
        Order.objects.filter(pk=order.pk).update(**dates)


def _count(report: ImportReport, judged: list[_Judged]) -> None:
    made = sum(one.outcome == Outcome.CREATED for one in judged)
    changed = sum(one.outcome == Outcome.UPDATED for one in judged)
    report.created += made
    report.updated += changed
    report.unchanged += len(judged) - made - changed
    report.brought["certificates"] += made


def _report(run: ImportRun, judged: list[_Judged], *, fresh: bool) -> None:
    if fresh:
        ImportLine.objects.bulk_create(
            ImportLine(
                run=run,
                line=one.entry.place,
                number=one.row.order.number if one.row and one.row.order else "",
                common_name=one.entry.facts.common_name[:253],
                outcome=one.outcome,
            )
            for one in judged
        )
        return
    for one in judged:
        ImportLine.objects.filter(run=run, line=one.entry.place).exclude(outcome=one.outcome).update(
            outcome=one.outcome
        )


def _report_warnings(run: ImportRun, warnings: list[LineWarning]) -> None:
    ImportLine.objects.bulk_create(
        ImportLine(run=run, line=one.line, common_name=one.value, outcome=Outcome.UNCHANGED, reason=one.reason)
        for one in warnings
    )


def _batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch
