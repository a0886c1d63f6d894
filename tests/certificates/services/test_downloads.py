"""An issued certificate is handed out in every format servers read; a key never."""

from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization.pkcs7 import load_pem_pkcs7_certificates

from certificates.models import Certificate
from certificates.services.downloads import chain_of, download, formats_of
from certificates.services.refusals import NothingToDownload
from certificates.x509 import Format
from portal.models import Partner
from tests.certificates.certs import as_pem, make_certificate
from tests.certificates.services.work import press_new, sweep
from tests.factories import make_certificate as make_row
from tests.factories import make_order


@pytest.fixture
def issued(connected: Partner) -> Certificate:
    press_new(connected)
    sweep()
    return Certificate.objects.get()


def subjects(pem: bytes) -> list[str]:
    return [one.subject.rfc4514_string() for one in x509.load_pem_x509_certificates(pem)]


def test_every_format_holds_what_its_name_says(issued: Certificate) -> None:
    leaf, issuing, root = subjects(issued.pem.encode()) + subjects(issued.chain.encode())

    assert subjects(download(issued, Format.LEAF).content) == [leaf]
    assert subjects(download(issued, Format.SERVER).content) == [leaf, issuing]
    assert subjects(download(issued, Format.FULL).content) == [leaf, issuing, root]
    assert subjects(download(issued, Format.CHAIN).content) == [issuing]
    assert len(load_pem_pkcs7_certificates(download(issued, Format.PKCS7).content)) == 3
    assert x509.load_der_x509_certificate(download(issued, Format.DER).content).subject.rfc4514_string() == leaf


@pytest.mark.parametrize("form", Format)
def test_no_format_holds_a_key(issued: Certificate, form: Format) -> None:
    file = download(issued, form)

    assert b"PRIVATE" not in file.content
    assert file.filename.startswith("shop.granit-phare.example")


def test_the_chain_is_taken_apart_and_put_together_again(issued: Certificate) -> None:
    assert "".join(chain_of(issued)) == issued.chain


def test_an_imported_certificate_comes_without_chain_and_one_without_pem_not_at_all(partner: Partner) -> None:
    bare = make_row(make_order(partner))
    imported = make_row(make_order(partner), pem=as_pem(make_certificate()).decode())

    assert formats_of(bare) == ()
    assert formats_of(imported) == (Format.LEAF, Format.DER)
    with pytest.raises(NothingToDownload):
        download(imported, Format.FULL)
