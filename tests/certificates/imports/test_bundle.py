"""Certificates from a bundle: known ones are completed, others wait to be brought over, nothing secret is kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache

import pytest
from django_scopes import scope, scopes_disabled

from certificates.models import Certificate, Customer, ImportLine, ImportRun, Order
from certificates.services.imports import ImportReport
from certificates.services.imports.bundle import import_certificates
from certificates.services.imports.reasons import Caution
from certificates.x509 import BadRequest, Code
from portal.models import Partner
from tests.certificates import certs
from tests.certificates.imports.files import counts
from tests.factories import TODAY, make_certificate, make_customer, make_order, make_partner, midnight

STARTS_AT, ENDS_AT = datetime(2026, 11, 22, tzinfo=UTC), datetime(2027, 6, 9, tzinfo=UTC)


def bundle(*certificates: bytes) -> bytes:
    return b"".join(certificates)


@cache
def pem(common_name: str = "www.example.com", *, is_ca: bool = False, serial: int = 0x0A1B2C) -> bytes:
    return certs.as_pem(certs.make_certificate(common_name, [common_name], is_ca=is_ca, serial=serial))


@pytest.fixture
def holder(partner: Partner) -> Customer:
    return make_customer(partner)


def bring(holder: Customer, data: bytes, *, dry_run: bool = False, run: ImportRun | None = None) -> ImportReport:
    return import_certificates(data, partner=holder.partner, customer=holder, dry_run=dry_run, run=run)


def order_with_certificate(partner: Partner) -> tuple[Order, Certificate]:
    """An order whose certificate only a list has told of."""
    order = make_order(partner, ends_on=(ENDS_AT - timedelta(days=1)).date())
    facts = {"serial_number": "A1B2C", "starts_at": STARTS_AT, "ends_at": ENDS_AT, "common_name": "www.example.com"}
    return order, make_certificate(order, **facts)


def test_unknown_certificate_becomes_a_candidate_of_the_customer(holder: Customer) -> None:
    report = bring(holder, pem())

    certificate = Certificate.objects.get()
    assert counts(report) == (1, 0, 0, 0)
    assert (certificate.customer, certificate.order, certificate.is_current) == (holder, None, False)
    assert list(Certificate.objects.unattached()) == [certificate]
    assert (certificate.issuer_name, certificate.key_type) == ("Other CA 7", "ECDSA 256")
    assert (certificate.starts_at, certificate.ends_at) == (STARTS_AT, ENDS_AT)
    assert certificate.pem.encode() == pem()


def test_same_bundle_again_changes_nothing(holder: Customer) -> None:
    data = bundle(pem(), pem("b.example", serial=2))
    bring(holder, data)
    before = list(Certificate.objects.order_by("pk").values())

    report = bring(holder, data)

    assert counts(report) == (0, 0, 2, 0)
    assert list(Certificate.objects.order_by("pk").values()) == before


def test_certificate_known_by_its_serial_gets_its_text_and_stays_with_its_order(
    partner: Partner, holder: Customer
) -> None:
    order, known = order_with_certificate(partner)

    report = bring(holder, pem())

    known.refresh_from_db()
    order.refresh_from_db()
    assert counts(report) == (0, 1, 0, 0)
    assert (known.order, known.customer, known.is_current) == (order, order.customer, True)
    assert known.pem
    assert known.sha256
    assert (order.certificate_starts_at, order.certificate_ends_at) == (STARTS_AT, ENDS_AT)


def test_serial_alone_is_not_enough(partner: Partner, holder: Customer) -> None:
    _order, known = order_with_certificate(partner)
    Certificate.objects.filter(pk=known.pk).update(ends_at=ENDS_AT + timedelta(days=1))

    report = bring(holder, pem())

    assert counts(report) == (1, 0, 0, 0)


def test_order_that_lacks_its_certificate_gets_it(partner: Partner, holder: Customer) -> None:
    order = make_order(partner, common_name="www.example.com", certificate_ends_on=ENDS_AT.date() - timedelta(days=1))

    report = bring(holder, bundle(pem(), pem(serial=0xFF)))

    assert counts(report) == (2, 0, 0, 0)
    assert [one.order for one in Certificate.objects.order_by("pk")] == [order, None]
    assert order.certificates.get().customer == order.customer


def test_authorities_and_repetitions_are_passed_over_with_a_note(holder: Customer) -> None:
    report = bring(holder, bundle(pem(), pem("Root CA", is_ca=True, serial=1), pem()))

    assert counts(report) == (1, 0, 2, 0)
    assert [(one.line, one.code) for one in report.warnings] == [(2, Caution.CA_CERTIFICATE), (3, Caution.REPEATED)]
    assert [one.common_name for one in Certificate.objects.all()] == ["www.example.com"]


def test_damaged_certificate_is_named_by_its_place_and_stops_no_other(holder: Customer) -> None:
    damaged = b"-----BEGIN CERTIFICATE-----\nMIIB!\n-----END CERTIFICATE-----\n"

    report = bring(holder, bundle(pem(), damaged, pem("b.example", serial=2)))

    assert counts(report) == (2, 0, 0, 1)
    assert (report.rejected[0].line, report.rejected[0].code) == (2, Code.NOT_A_CERTIFICATE)


def test_private_key_anywhere_refuses_the_whole_file(holder: Customer) -> None:
    data = bundle(pem(), certs.private_pem(certs.ec_key()).encode())

    with pytest.raises(BadRequest) as refused:
        bring(holder, data)

    assert refused.value.code is Code.PRIVATE_KEY
    assert not Certificate.objects.exists()


def test_dry_run_foresees_and_writes_nothing_but_its_lines(partner: Partner, holder: Customer) -> None:
    order, _known = order_with_certificate(partner)
    run = ImportRun.objects.create(
        partner=partner, format="pem", file_name="bundle.pem", created_at=midnight(TODAY), customer=holder
    )

    report = bring(holder, bundle(pem(), pem("b.example", serial=2)), dry_run=True, run=run)

    assert counts(report) == (1, 1, 0, 0)
    assert Certificate.objects.filter(sha256="").count() == Certificate.objects.count() == 1
    assert list(ImportLine.objects.values_list("line", "number", "common_name", "outcome")) == [
        (1, order.number, "www.example.com", "updated"),
        (2, "", "b.example", "created"),
    ]


def test_certificates_of_other_partners_are_neither_found_nor_touched(holder: Customer) -> None:
    stranger = make_partner()
    with scopes_disabled():
        _order, theirs = order_with_certificate(stranger)

    report = bring(holder, pem())

    assert counts(report) == (1, 0, 0, 0)
    assert Certificate.objects.get().customer == holder
    with scope(partner=stranger):
        theirs.refresh_from_db()
        assert (theirs.pem, theirs.sha256) == ("", "")
