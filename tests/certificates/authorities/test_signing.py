"""What the embedded authority signs is X.509 that openssl accepts, to the second."""

from __future__ import annotations

import re
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from certificates import rules
from certificates.authorities.base import Format, OrderState, RevocationReason
from certificates.authorities.sandbox import Sandbox, publishing
from certificates.x509 import read_certificate
from tests.certificates.authorities.desk import (
    NOON,
    SECOND,
    Clock,
    certificate_of,
    issue,
    make_organization_spec,
    make_reissue_spec,
    make_sandbox,
)
from tests.certificates.certs import make_csr, rsa_key

pytestmark = pytest.mark.django_db


def openssl(*arguments: object, check: bool = True) -> str:
    run = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, check=False, timeout=30)
    assert not check or run.returncode == 0, run.stderr
    return run.stdout + run.stderr


def write_chain(folder: Path, state: OrderState) -> tuple[Path, Path, Path]:
    certificate = certificate_of(state)
    paths = (folder / "leaf.pem", folder / "issuing.pem", folder / "root.pem")
    for path, pem in zip(paths, (certificate.pem, *certificate.chain), strict=True):
        path.write_text(pem)
    return paths


def verify(folder: Path, state: OrderState, at: datetime, *more: object, check: bool = True) -> str:
    leaf, issuing, root = write_chain(folder, state)
    moment = ["-attime", int(at.timestamp())]
    trust = ["-CAfile", root, "-untrusted", issuing]
    return openssl("verify", "-x509_strict", "-purpose", "sslserver", *moment, *trust, *more, leaf, check=check)


def text_of(state: OrderState, folder: Path) -> str:
    leaf, _, _ = write_chain(folder, state)
    printed = openssl("x509", "-in", leaf, "-noout", "-text", "-nameopt", "RFC2253,-esc_msb,utf8,sep_comma_plus")
    return re.sub(r"\s+", " ", printed)


@pytest.mark.parametrize("csr", [make_csr(), make_csr(key=rsa_key())], ids=["ecdsa", "rsa"])
@pytest.mark.parametrize("level", ["dv", "ov", "ev"])
def test_openssl_verifies_the_chain_from_the_first_second_to_the_last(tmp_path: Path, csr: str, level: str) -> None:
    state = issue(make_sandbox(), csr=csr, level=level)
    certificate = certificate_of(state)
    named = ("-verify_hostname", "www.example.com")

    assert "OK" in verify(tmp_path, state, certificate.valid_from, *named)
    # openssl takes notAfter itself for expired, one second before RFC 5280 does
    assert "OK" in verify(tmp_path, state, certificate.ends_at - 2 * SECOND, *named)
    assert "expired" in verify(tmp_path, state, certificate.ends_at, *named, check=False)
    assert "not yet valid" in verify(tmp_path, state, certificate.valid_from - SECOND, *named, check=False)
    assert "mismatch" in verify(tmp_path, state, NOON, "-verify_hostname", "www.example.org", check=False)


def test_a_certificate_runs_exactly_199_days_to_the_second(tmp_path: Path) -> None:
    state = issue(make_sandbox(clock=Clock(datetime(2026, 11, 22, tzinfo=UTC))))

    leaf, _, _ = write_chain(tmp_path, state)

    assert openssl("x509", "-in", leaf, "-noout", "-dates") == (
        "notBefore=Nov 22 00:00:00 2026 GMT\nnotAfter=Jun  8 23:59:59 2027 GMT\n"
    )
    certificate = certificate_of(state)
    assert rules.length_in_days(certificate.valid_from, certificate.ends_at) == 199


def test_fractions_of_a_second_never_lengthen_a_certificate() -> None:
    certificate = certificate_of(issue(make_sandbox(clock=Clock(NOON))))
    parsed = x509.load_pem_x509_certificate(certificate.pem.encode())

    assert parsed.not_valid_before_utc == NOON.replace(microsecond=0)
    assert parsed.not_valid_after_utc + SECOND == certificate.ends_at
    assert certificate.ends_at - certificate.valid_from == timedelta(days=199)


@pytest.mark.parametrize(
    ("csr", "usage"),
    [
        (make_csr(), "X509v3 Key Usage: critical Digital Signature X509v3"),
        (make_csr(key=rsa_key()), "X509v3 Key Usage: critical Digital Signature, Key Encipherment X509v3"),
    ],
    ids=["ecdsa", "rsa"],
)
def test_openssl_reads_every_extension(tmp_path: Path, csr: str, usage: str) -> None:
    text = text_of(issue(make_sandbox(), csr=csr), tmp_path)

    for expected in (
        usage,
        "X509v3 Extended Key Usage: TLS Web Server Authentication X509v3",
        "X509v3 Basic Constraints: critical CA:FALSE",
        "X509v3 Subject Key Identifier:",
        "X509v3 Authority Key Identifier:",
        "X509v3 Subject Alternative Name: DNS:www.example.com X509v3",
        "Policy: 2.23.140.1.2.1 CPS: http://localhost:8000/sandbox-ca/cps",
        "OCSP - URI:http://localhost:8000/sandbox-ca/ocsp",
        "CA Issuers - URI:http://localhost:8000/sandbox-ca/issuing.cer",
        "URI:http://localhost:8000/sandbox-ca/issuing.crl",
        "Signature Algorithm: ecdsa-with-SHA384",
    ):
        assert expected in text


@pytest.mark.parametrize(
    ("level", "policy", "subject"),
    [
        ("dv", "2.23.140.1.2.1", "CN=www.example.com"),
        ("ov", "2.23.140.1.2.2", "CN=www.example.com,O=Granit Phare SA,L=Brest,ST=Bretagne,C=FR"),
        (
            "ev",
            "2.23.140.1.1",
            "CN=www.example.com,O=Granit Phare SA,L=Brest,ST=Bretagne,C=FR,serialNumber=552 100 554,"
            "jurisdictionC=FR,businessCategory=Private Organization",
        ),
    ],
)
def test_the_level_decides_the_policy_and_the_subject(tmp_path: Path, level: str, policy: str, subject: str) -> None:
    state = issue(make_sandbox(), level=level)

    text = text_of(state, tmp_path)

    assert f"Policy: {policy} " in text
    assert f"Subject: {subject} Subject Public Key" in text
    assert read_certificate(certificate_of(state).pem).level == level


def test_wildcards_and_international_names_are_carried_as_a_labels(tmp_path: Path) -> None:
    state = issue(make_sandbox(), common_name="*.bücher.example", names=("bücher.example", "www.example.com"))

    assert certificate_of(state).names == (
        "*.xn--bcher-kva.example",
        "xn--bcher-kva.example",
        "www.example.com",
    )
    assert "OK" in verify(tmp_path, state, NOON, "-verify_hostname", "shop.xn--bcher-kva.example")


def test_a_name_too_long_for_a_subject_stands_in_the_alternative_names_only(tmp_path: Path) -> None:
    long_name = f"{'a' * 60}.example.com"

    state = issue(make_sandbox(), common_name=long_name)

    assert "Subject: Subject Public Key" in text_of(state, tmp_path)
    assert "X509v3 Subject Alternative Name: critical DNS:" in text_of(state, tmp_path)
    assert "OK" in verify(tmp_path, state, NOON, "-verify_hostname", long_name)


def test_names_in_other_scripts_fit_an_organisation(tmp_path: Path) -> None:
    organization = make_organization_spec(name="Ægir & Søn – 株式会社", city="Kraków")

    state = issue(make_sandbox(), level="ov", organization=organization)

    assert "O=Ægir & Søn – 株式会社,L=Kraków" in text_of(state, tmp_path)


def test_serial_numbers_are_random_and_long() -> None:
    sandbox = make_sandbox()

    serials = {int(certificate_of(issue(sandbox)).serial_number, 16) for _ in range(20)}

    assert len(serials) == 20
    assert max(serial.bit_length() for serial in serials) > 150
    assert all(120 < serial.bit_length() < 160 for serial in serials)


# Downloads


@pytest.fixture
def ordered() -> tuple[Sandbox, str, OrderState]:
    sandbox = make_sandbox()
    state = issue(sandbox, common_name="*.example.com")
    return sandbox, certificate_of(state).certificate_number, state


def test_full_pem_is_leaf_intermediate_root_and_nothing_else(ordered: tuple[Sandbox, str, OrderState]) -> None:
    sandbox, number, state = ordered
    certificate = certificate_of(state)

    download = sandbox.download(number, Format.FULL)

    assert download.content.decode() == certificate.pem + "".join(certificate.chain)
    assert (download.filename, download.media_type) == (
        "wildcard.example.com-full.pem",
        "application/x-pem-file",
    )


def test_each_pem_download_holds_what_its_name_says(ordered: tuple[Sandbox, str, OrderState]) -> None:
    sandbox, number, state = ordered
    certificate = certificate_of(state)
    issuing, _ = certificate.chain

    assert sandbox.download(number, Format.LEAF).content.decode() == certificate.pem
    assert sandbox.download(number, Format.CHAIN).content.decode() == issuing
    assert sandbox.download(number, Format.SERVER).content.decode() == certificate.pem + issuing


def test_openssl_parses_the_pkcs7_and_der_downloads(tmp_path: Path, ordered: tuple[Sandbox, str, OrderState]) -> None:
    sandbox, number, state = ordered
    pkcs7, der = tmp_path / "chain.p7b", tmp_path / "leaf.der"
    pkcs7.write_bytes(sandbox.download(number, Format.PKCS7).content)
    der.write_bytes(sandbox.download(number, Format.DER).content)

    printed = openssl("pkcs7", "-in", pkcs7, "-print_certs")
    leaf = openssl("x509", "-in", der, "-inform", "DER")

    assert printed.count("BEGIN CERTIFICATE") == 3
    assert certificate_of(state).pem.strip() in printed
    assert leaf == certificate_of(state).pem


@pytest.mark.parametrize("form", list(Format))
def test_no_download_ever_holds_a_private_key(ordered: tuple[Sandbox, str, OrderState], form: Format) -> None:
    sandbox, number, _ = ordered

    assert b"PRIVATE" not in sandbox.download(number, form).content


# Revocation


def write_crls(folder: Path, now: datetime) -> Path:
    path = folder / "crls.pem"
    path.unlink(missing_ok=True)
    with path.open("a") as file:
        for der in (publishing.crl(now=now), publishing.root_crl(now=now)):
            (folder / "one.crl").write_bytes(der)
            file.write(openssl("crl", "-in", folder / "one.crl", "-inform", "DER"))
    return path


def test_openssl_refuses_a_revoked_certificate_by_the_list_and_accepts_its_reissue(tmp_path: Path) -> None:
    sandbox = make_sandbox()
    first = issue(sandbox)
    sandbox.reissue(make_reissue_spec(first.order_number))
    second = sandbox.status(first.order_number)
    checked: list[Any] = ["-crl_check_all", "-CRLfile"]

    before = verify(tmp_path, first, NOON, *checked, write_crls(tmp_path, NOON))
    sandbox.revoke(certificate_of(first).serial_number, reason=RevocationReason.KEY_COMPROMISE)
    crls = write_crls(tmp_path, NOON)

    assert "OK" in before
    assert "certificate revoked" in verify(tmp_path, first, NOON, *checked, crls, check=False)
    assert "OK" in verify(tmp_path, second, NOON, *checked, crls)


def test_openssl_reads_the_list_with_its_number_and_reason(tmp_path: Path) -> None:
    sandbox = make_sandbox()
    certificate = certificate_of(issue(sandbox))
    sandbox.revoke(certificate.serial_number, reason=RevocationReason.KEY_COMPROMISE)
    (tmp_path / "issuing.crl").write_bytes(publishing.crl(now=NOON))
    (tmp_path / "issuing.cer").write_bytes(publishing.issuing_certificate())
    openssl("x509", "-inform", "DER", "-in", tmp_path / "issuing.cer", "-out", tmp_path / "issuing.pem")

    printed = openssl(
        "crl", "-in", tmp_path / "issuing.crl", "-inform", "DER", "-text", "-CAfile", tmp_path / "issuing.pem"
    )

    assert "verify OK" in printed
    assert "Key Compromise" in printed
    assert certificate.serial_number in printed
    assert "Next Update: Nov 29 12:34:56 2026 GMT" in printed


def test_a_revoked_certificate_leaves_the_list_when_it_has_ended() -> None:
    sandbox = make_sandbox()
    certificate = certificate_of(issue(sandbox))
    sandbox.revoke(certificate.serial_number, reason=RevocationReason.UNSPECIFIED)

    on_its_last_day = x509.load_der_x509_crl(publishing.crl(now=certificate.ends_at - SECOND))
    afterwards = x509.load_der_x509_crl(publishing.crl(now=certificate.ends_at))

    assert [f"{entry.serial_number:X}" for entry in on_its_last_day] == [certificate.serial_number]
    assert list(afterwards) == []


def test_the_published_list_stays_until_its_next_update_is_near_or_one_more_is_revoked() -> None:
    sandbox = make_sandbox()
    certificate = certificate_of(issue(sandbox))
    published = publishing.current_crl(now=NOON)

    assert publishing.current_crl(now=NOON + timedelta(days=6)) == published
    sandbox.revoke(certificate.serial_number, reason=RevocationReason.SUPERSEDED)
    revoked = publishing.current_crl(now=NOON)
    assert [f"{one.serial_number:X}" for one in x509.load_der_x509_crl(revoked)] == [certificate.serial_number]
    assert publishing.current_crl(now=NOON + timedelta(days=7, hours=-1)) != revoked


def test_openssl_believes_the_ocsp_answers(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    sandbox = make_sandbox(clock=Clock(now))
    state = issue(sandbox)
    leaf, issuing, root = write_chain(tmp_path, state)
    request, response = tmp_path / "request.der", tmp_path / "response.der"
    question = ["-issuer", issuing, "-cert", leaf]
    openssl("ocsp", *question, "-reqout", request)

    def answer() -> str:
        response.write_bytes(publishing.answer_ocsp(request.read_bytes(), now=now))
        trust = ["-CAfile", root, "-verify_other", issuing]
        return openssl("ocsp", *question, "-no_nonce", "-respin", response, *trust)

    before = answer()
    sandbox.revoke(certificate_of(state).serial_number, reason=RevocationReason.SUPERSEDED)
    after = answer()

    assert "Response verify OK" in before
    assert f"{leaf}: good" in before
    assert f"{leaf}: revoked" in after
    assert "Reason: superseded" in after


def test_an_ocsp_answer_repeats_the_nonce_of_its_request() -> None:
    certificate = certificate_of(issue(make_sandbox()))
    leaf, issuing = (x509.load_pem_x509_certificate(pem.encode()) for pem in (certificate.pem, certificate.chain[0]))
    question = ocsp.OCSPRequestBuilder().add_certificate(leaf, issuing, SHA1())  # noqa: S303 as most clients ask
    request = question.add_extension(x509.OCSPNonce(b"once"), critical=False).build()

    answer = ocsp.load_der_ocsp_response(publishing.answer_ocsp(request.public_bytes(Encoding.DER), now=NOON))

    assert answer.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce == b"once"
    assert answer.certificate_status is ocsp.OCSPCertStatus.GOOD


def test_an_ocsp_request_for_something_else_gets_no_answer() -> None:
    certificate = certificate_of(issue(make_sandbox()))
    leaf, issuing, root = (
        x509.load_pem_x509_certificate(pem.encode()) for pem in (certificate.pem, *certificate.chain)
    )
    of_the_issuer = ocsp.OCSPRequestBuilder().add_certificate(issuing, root, SHA256()).build()
    of_another_issuer = ocsp.OCSPRequestBuilder().add_certificate(leaf, root, SHA256()).build()
    requests = [request.public_bytes(Encoding.DER) for request in (of_the_issuer, of_another_issuer)]

    statuses = [
        ocsp.load_der_ocsp_response(publishing.answer_ocsp(data, now=NOON)).response_status
        for data in (b"", b"nonsense", b"0" * 100_000, *requests)
    ]

    assert statuses == [
        *[ocsp.OCSPResponseStatus.MALFORMED_REQUEST] * 3,
        *[ocsp.OCSPResponseStatus.UNAUTHORIZED] * 2,
    ]


@pytest.mark.parametrize("count", [0, 2])
def test_an_ocsp_request_for_none_or_several_certificates_is_malformed(count: int) -> None:
    question = ocsp.OCSPRequestBuilder().add_certificate(*_leaf_and_issuer(), SHA1()).build()  # noqa: S303
    single = question.public_bytes(Encoding.DER)[6:]  # without the three sequences around it
    singles = _sequence(single * count)

    answer = ocsp.load_der_ocsp_response(publishing.answer_ocsp(_sequence(_sequence(singles)), now=NOON))

    assert answer.response_status is ocsp.OCSPResponseStatus.MALFORMED_REQUEST


def _leaf_and_issuer() -> tuple[x509.Certificate, x509.Certificate]:
    certificate = certificate_of(issue(make_sandbox()))
    return (
        x509.load_pem_x509_certificate(certificate.pem.encode()),
        x509.load_pem_x509_certificate(certificate.chain[0].encode()),
    )


def _sequence(content: bytes) -> bytes:
    """The content in a DER sequence of less than 256 bytes."""
    length = bytes([len(content)]) if len(content) < 128 else bytes([0x81, len(content)])
    return b"\x30" + length + content
