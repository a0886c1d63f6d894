"""Requests, certificates and bundles are read or refused with a code, whatever is handed in."""

import base64
import ipaddress
import itertools
import math
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509 as library
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
)
from cryptography.hazmat.primitives.serialization.pkcs7 import serialize_certificates
from hypothesis import example, given
from hypothesis import strategies as st

from certificates import x509
from certificates.x509 import BadEntry, BadRequest, CertificateFacts, Code, Format, pem
from certificates.x509.keys import rsa_weakness
from tests.certificates.certs import as_pem, ec_key, make_certificate, make_csr, private_pem, rsa_key

CSR = make_csr("www.example.com", ["www.example.com", "example.com"])
LEAF_DER = make_certificate().public_bytes(Encoding.DER)
CSR_DER = base64.b64decode("".join(CSR.splitlines()[1:-1]))


def code_of(given_text: str | bytes) -> Code:
    with pytest.raises(BadRequest) as refused:
        x509.read_csr(given_text)
    return refused.value.code


# Names --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given_name", "expected"),
    [
        ("WWW.Example.COM", "www.example.com"),
        ("  www.example.com. ", "www.example.com"),
        ("*.Example.com", "*.example.com"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("*.BÜCHER.example", "*.xn--bcher-kva.example"),
        ("straße.example", "xn--strae-oqa.example"),
        ("例え。テスト", "xn--r8jz45g.xn--zckzah"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("1.example.com", "1.example.com"),
        ("a" * 63 + ".example", "a" * 63 + ".example"),
    ],
)
def test_a_name_becomes_what_the_certificate_carries(given_name: str, expected: str) -> None:
    assert x509.normalise_name(given_name) == expected


@pytest.mark.parametrize(
    "given_name",
    [
        "",
        "localhost",
        "192.0.2.1",
        "2001:db8::1",
        "foo_bar.example.com",
        "-a.example.com",
        "a-.example.com",
        "a..example.com",
        ".example.com",
        "www.*.example.com",
        "w*.example.com",
        "*.*.example.com",
        "*",
        "*.",
        "*.com.",
        "user@example.com",
        "https://example.com/",
        "example.com:443",
        "exa mple.com",
        "example.com\nother.com",
        "ab--cd.example",
        "xn--0.example",
        "xn--bücher-.example",
        "a" * 64 + ".example",
        ".".join(["abcdefghi"] * 26) + ".example",
        "٣.example\u202e.com",
    ],
)
def test_a_name_no_public_certificate_may_hold_is_refused(given_name: str) -> None:
    with pytest.raises(BadRequest) as refused:
        x509.normalise_name(given_name)

    assert refused.value.code is Code.BAD_NAME


def test_people_read_the_international_name_back() -> None:
    assert x509.display_name("*.xn--bcher-kva.example") == "*.bücher.example"
    assert x509.display_name("www.example.com") == "www.example.com"
    assert x509.display_name("xn--0.example") == "xn--0.example"


def test_names_are_listed_once_in_their_order() -> None:
    names = x509.normalise_names(["www.example.com", "Example.com", "WWW.example.com"])

    assert names == ("www.example.com", "example.com")


@given(st.text(max_size=300))
def test_any_text_is_a_name_or_refused(text: str) -> None:
    try:
        name = x509.normalise_name(text)
    except BadRequest as refused:
        assert refused.code is Code.BAD_NAME  # noqa: PT017 both ends are allowed
    else:
        assert x509.normalise_name(name) == name
        assert x509.normalise_name(x509.display_name(name)) == name


# Requests --------------------------------------------------------------------------------


def test_a_request_is_read_with_its_names_and_key() -> None:
    facts = x509.read_csr(CSR)

    assert facts.common_name == "www.example.com"
    assert facts.names == ("www.example.com", "example.com")
    assert (facts.key_type, facts.key_size) == ("ECDSA", 256)
    assert facts.pem == CSR
    assert len(facts.fingerprint) == len(facts.spki_sha256) == 64


@pytest.mark.parametrize(
    "wrapped",
    [
        CSR.replace("\n", "\r\n"),
        f"Hello,\nhere it is:\n{CSR}\nRegards\n",
        CSR.replace("BEGIN CERT", "BEGIN NEW CERT").replace("END CERT", "END NEW CERT"),
        "".join(CSR.splitlines()[1:-1]),
        "\r\n".join(CSR.splitlines()[1:-1]) + "\r\n",
        f"\ufeff{CSR}",
        CSR.encode("utf-8-sig"),
        CSR.encode("utf-16"),
        CSR_DER,
    ],
    ids=["crlf", "letter", "new", "bare", "bare-lines", "bom", "utf8-bom", "utf16", "der"],
)
def test_a_request_is_read_however_it_is_wrapped(wrapped: str | bytes) -> None:
    assert x509.read_csr(wrapped) == x509.read_csr(CSR)


def test_an_rsa_wildcard_and_an_international_request_are_read() -> None:
    wildcard = x509.read_csr(make_csr("*.example.com", key=rsa_key()))
    international = x509.read_csr(make_csr("bücher.example"))
    without_subject = x509.read_csr(make_csr("", ["example.com"]))

    assert (wildcard.common_name, wildcard.key_type, wildcard.key_size) == ("*.example.com", "RSA", 2048)
    assert international.names == ("xn--bcher-kva.example",)
    assert without_subject.common_name == "example.com"


@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL, PrivateFormat.OpenSSH])
def test_a_private_key_is_refused_and_not_repeated(form: PrivateFormat) -> None:
    secret = private_pem(ec_key(), form)

    for text in (secret, CSR + secret, secret.lower(), "".join(secret.splitlines(keepends=True)[:2])):
        with pytest.raises(BadRequest) as refused:
            x509.read_csr(text)
        assert refused.value.code is Code.PRIVATE_KEY
        assert secret.splitlines()[1] not in repr(refused.value)
        assert refused.value.__cause__ is None


@pytest.mark.parametrize(
    "armour",
    [
        "BEGIN PRIVATE-KEY",
        "BEGIN  RSA   PRIVATE _ KEY",
        "begin ec-private-key",
        "BEGIN\nOPENSSH\nPRIVATE\n\n\n\n\nKEY",
        "B E G I N  P R I V A T E  K E Y",
        "BEGIN\u00a0PRIVATE\u2013RSA\u2013KEY",
        "BEGIN ENCRYPTED PRIVATE.KEY",
    ],
)
def test_a_private_key_is_refused_in_whatever_way_its_armour_is_spaced(armour: str) -> None:
    body = private_pem(ec_key()).splitlines()[1]

    assert code_of(f"--- {armour} ---\n{body}") is Code.PRIVATE_KEY


def test_words_about_keys_are_no_private_key() -> None:
    pem.refuse_private_key(b"They begin in March, with private hosting; the key account is Ann.")


def test_a_private_key_without_its_armour_or_in_a_false_one_is_refused() -> None:
    body = "".join(private_pem(rsa_key()).splitlines()[1:-1])
    locked = ec_key().private_bytes(Encoding.DER, PrivateFormat.PKCS8, BestAvailableEncryption(b"word"))

    assert code_of(body) is Code.PRIVATE_KEY
    assert code_of(base64.b64decode(body)) is Code.PRIVATE_KEY
    assert code_of(locked) is Code.PRIVATE_KEY
    disguise = f"-----BEGIN CERTIFICATE REQUEST-----\n{body}\n-----END CERTIFICATE REQUEST-----"
    assert code_of(disguise) is Code.PRIVATE_KEY


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "MIIB",
        CSR[:200],
        CSR + CSR,
        CSR.replace("-----END CERTIFICATE REQUEST-----", "-----END CERTIFICATE-----"),
        as_pem(make_certificate()),
        b"\x30\x82\xff\xff",
        "\ud800",
    ],
)
def test_what_is_no_request_is_refused(text: str | bytes) -> None:
    assert code_of(text) is Code.NOT_A_CSR


def test_a_request_over_64_kib_is_refused_unread() -> None:
    assert code_of(CSR + " " * 65_536) is Code.TOO_LARGE


def test_a_request_signed_by_another_key_is_refused() -> None:
    spoilt = bytearray(CSR_DER)
    spoilt[CSR_DER.index(b"www.example.com")] ^= 1

    assert code_of(bytes(spoilt)) is Code.BAD_SIGNATURE


@pytest.mark.parametrize(
    "key",
    [
        rsa.generate_private_key(65537, 1024),  # noqa: S505 the weak key is the point
        rsa.generate_private_key(3, 2048),
        ec.generate_private_key(ec.SECP256K1()),
        ed25519.Ed25519PrivateKey.generate(),
        dsa.generate_private_key(2048),
    ],
    ids=["rsa-1024", "exponent-3", "secp256k1", "ed25519", "dsa"],
)
def test_a_weak_or_foreign_key_is_refused(
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | dsa.DSAPrivateKey,
) -> None:
    name = library.Name([library.NameAttribute(library.NameOID.COMMON_NAME, "www.example.com")])
    digest = None if isinstance(key, ed25519.Ed25519PrivateKey) else SHA256()
    csr = library.CertificateSigningRequestBuilder().subject_name(name).sign(key, digest)

    assert code_of(csr.public_bytes(Encoding.PEM)) is Code.WEAK_KEY


@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()])
def test_the_three_accepted_curves_are_accepted(curve: ec.EllipticCurve) -> None:
    facts = x509.read_csr(make_csr(key=ec.generate_private_key(curve)))

    assert (facts.key_type, facts.key_size) == ("ECDSA", curve.key_size)


def without_small_factors(start: int, step: int) -> int:
    return next(n for n in itertools.count(start, step) if math.gcd(n, math.prod(range(2, 752))) == 1)


def test_an_rsa_modulus_that_can_be_factored_is_refused() -> None:
    key = rsa_key().private_numbers()
    neighbour = without_small_factors(key.p + 2, 2)
    residues = 2 * math.prod(p for p in range(3, 168) if all(p % d for d in range(2, p)))
    infineon = without_small_factors(((1 << 2047) // residues + 1) * residues + pow(65537, 5, residues), residues)

    assert rsa_weakness(key.p * key.q, 65537) == ""
    assert rsa_weakness(key.p * key.q, 65538) == "the RSA exponent is not accepted (odd, at least 65537)"
    small = 751 * (2**2047 // 751 + 2 + (2**2047 // 751 + 1) % 2)
    assert rsa_weakness(small, 65537) == "the RSA modulus has a small factor"
    assert rsa_weakness(key.p * neighbour, 65537) == "the RSA modulus can be factored"
    assert rsa_weakness(infineon, 65537) == "the RSA modulus can be factored"


@pytest.mark.parametrize(
    ("common_name", "names"),
    [
        ("", []),
        ("Example Corp", ["www.example.com"]),
        ("www.example.com", ["foo_bar.example.com"]),
        ("192.0.2.1", []),
        ("www.example.com", [library.IPAddress(ipaddress.ip_address("192.0.2.1"))]),
        ("www.example.com", [library.RFC822Name("someone@example.com")]),
        ("www.*.example.com", []),
    ],
)
def test_a_request_with_a_bad_name_is_refused(common_name: str, names: list[str | library.GeneralName]) -> None:
    assert code_of(make_csr(common_name, names)) is Code.BAD_NAME


def test_a_request_may_hold_250_names_and_not_one_more() -> None:
    names = [f"host{number}.example.com" for number in range(251)]

    assert len(x509.read_csr(make_csr(names[0], names[:250])).names) == 250
    assert code_of(make_csr(names[0], names)) is Code.TOO_MANY_NAMES


@given(st.binary(max_size=400))
@example(b"0\x00")
@example(b"-----BEGIN CERTIFICATE REQUEST-----\n-----END CERTIFICATE REQUEST-----")
def test_any_bytes_raise_only_our_error(data: bytes) -> None:
    for reader in (x509.read_csr, x509.read_certificate):
        with pytest.raises(BadRequest):
            reader(data)


@given(st.integers(0, len(CSR_DER) - 1), st.integers(0, 255))
def test_a_request_with_any_byte_changed_is_read_or_refused_by_our_error(place: int, value: int) -> None:
    changed = CSR_DER[:place] + bytes([value]) + CSR_DER[place + 1 :]

    if changed == CSR_DER:
        return
    with pytest.raises(BadRequest):
        x509.read_csr(changed)


# Certificates --------------------------------------------------------------------------------


def test_a_certificate_is_read_with_its_exclusive_end() -> None:
    certificate = make_certificate(names=["www.example.com", "*.example.com"], policy="2.23.140.1.2.2")

    facts = x509.read_certificate(as_pem(certificate))

    assert facts.common_name == "www.example.com"
    assert facts.names == ("www.example.com", "*.example.com")
    assert (facts.organization, facts.issuer, facts.issuer_organization) == (
        "Example Org",
        "Other CA 7",
        "Other Trust",
    )
    assert facts.serial_number == "A1B2C"
    assert facts.valid_from == datetime(2026, 11, 22, tzinfo=UTC)
    assert facts.ends_at == datetime(2027, 6, 9, tzinfo=UTC)
    assert (facts.ends_at - facts.valid_from).days == 199
    assert (facts.key_type, facts.key_size, facts.level, facts.is_ca) == ("ECDSA", 256, "ov", False)


def test_fingerprints_are_those_openssl_prints(tmp_path: Path) -> None:
    path = tmp_path / "leaf.pem"
    path.write_bytes(as_pem(make_certificate()))

    facts = x509.read_certificate(path.read_bytes())

    for digest, expected in (("-sha1", facts.thumbprint), ("-sha256", facts.sha256.upper())):
        printed = subprocess.check_output(["openssl", "x509", "-in", path, "-noout", "-fingerprint", digest], text=True)
        assert printed.strip().split("=")[1].replace(":", "") == expected
    serial = subprocess.check_output(["openssl", "x509", "-in", path, "-noout", "-serial"], text=True)
    assert serial.strip() == f"serial=0{facts.serial_number}"


@pytest.mark.parametrize(
    ("policy", "level"),
    [("2.23.140.1.2.1", "dv"), ("2.23.140.1.2.2", "ov"), ("2.23.140.1.1", "ev"), ("1.2.3.4", ""), ("", "")],
)
def test_the_level_is_read_from_the_policy(policy: str, level: str) -> None:
    assert x509.read_certificate(as_pem(make_certificate(policy=policy))).level == level


def test_a_certificate_is_read_from_der_and_from_bare_base64() -> None:
    certificate = make_certificate()
    der = certificate.public_bytes(Encoding.DER)

    assert x509.read_certificate(der) == x509.read_certificate(as_pem(certificate))
    assert x509.read_certificate(base64.b64encode(der)) == x509.read_certificate(der)


def test_a_certificate_without_alternative_names_or_end_is_still_read() -> None:
    endless = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)

    facts = x509.read_certificate(as_pem(make_certificate("Old.Example.com", [], last_second=endless)))

    assert (facts.names, facts.ends_at) == (("old.example.com",), endless)


def test_control_characters_never_leave_a_certificate() -> None:
    facts = x509.read_certificate(as_pem(make_certificate("evil\x00\u202ename")))

    assert facts.common_name == "evilname"


@given(st.data())
def test_a_certificate_with_any_byte_changed_is_read_or_refused_by_our_error(data: st.DataObject) -> None:
    der = bytearray(LEAF_DER)
    der[data.draw(st.integers(0, len(der) - 1))] = data.draw(st.integers(0, 255))

    try:
        x509.read_certificate(bytes(der))
    except BadRequest:
        return


# Bundles --------------------------------------------------------------------------------


def test_a_bundle_is_read_one_by_one_and_its_bad_entries_are_placed() -> None:
    leaf, authority = make_certificate(), make_certificate("Some CA", [], is_ca=True)
    broken = b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
    request = CSR.encode()
    text = b"# exported\n" + as_pem(leaf) + broken + request + as_pem(authority) + b"-----BEGIN CERTIFICATE-----"

    first, second, third, fourth, fifth = x509.read_bundle(text)

    lines = text.count(b"\n", 0, text.index(broken)) + 1
    assert isinstance(first, CertificateFacts)
    assert (first.common_name, first.is_ca) == ("www.example.com", False)
    assert isinstance(second, BadEntry)
    assert (second.position, second.line, second.code) == (2, lines, Code.NOT_A_CERTIFICATE)
    assert isinstance(third, BadEntry)
    assert (third.position, third.line) == (3, lines + 3)
    assert isinstance(fourth, CertificateFacts)
    assert fourth.is_ca
    assert isinstance(fifth, BadEntry)
    assert fifth.position == 5


def test_a_pkcs7_file_is_a_bundle_too() -> None:
    certificates = [make_certificate(), make_certificate("Some CA", [], is_ca=True)]
    expected = [x509.read_certificate(as_pem(certificate)) for certificate in certificates]

    for encoding in (Encoding.PEM, Encoding.DER):
        found = list(x509.read_bundle(serialize_certificates(certificates, encoding)))
        assert sorted(found, key=str) == sorted(expected, key=str)


def test_one_der_certificate_is_a_bundle_too() -> None:
    certificate = make_certificate()

    found = list(x509.read_bundle(certificate.public_bytes(Encoding.DER)))

    assert found == [x509.read_certificate(as_pem(certificate))]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", Code.NOT_A_CERTIFICATE),
        (b"order_id,common_name\n1,www.example.com\n", Code.NOT_A_CERTIFICATE),
        (as_pem(make_certificate()) + private_pem(ec_key()).encode(), Code.PRIVATE_KEY),
        (b" " * (x509.MAX_BUNDLE_BYTES + 1), Code.TOO_LARGE),
    ],
)
def test_a_bundle_that_cannot_be_taken_is_refused_at_once(data: bytes, code: Code) -> None:
    with pytest.raises(BadRequest) as refused:
        x509.read_bundle(data)

    assert refused.value.code is code


def test_a_bundle_ends_loudly_after_5000_certificates() -> None:
    found = list(x509.read_bundle(as_pem(make_certificate()) * 5_001))

    assert len(found) == 5_001
    last = found[-1]
    assert isinstance(last, BadEntry)
    assert (last.position, last.code) == (5_001, Code.TOO_MANY_CERTIFICATES)


def test_a_bundle_of_nothing_but_openings_is_met_calmly() -> None:
    data = b"-----BEGIN CERTIFICATE-----\n" * 200_000

    assert sum(1 for _ in x509.read_bundle(data)) == 5_001


@given(st.binary(max_size=400))
def test_any_bytes_are_a_bundle_or_refused_by_our_error(data: bytes) -> None:
    try:
        entries = list(x509.read_bundle(data))
    except BadRequest:
        return
    assert all(isinstance(entry, BadEntry) for entry in entries)


# Downloads --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("common_name", "expected"),
    [
        ("www.example.com", "www.example.com.pem"),
        ("*.example.com", "wildcard.example.com.pem"),
        ('../../"\r\nx', "x.pem"),
        ("é", "certificate.pem"),
    ],
)
def test_a_download_has_a_safe_name(common_name: str, expected: str) -> None:
    leaf = as_pem(make_certificate()).decode()

    download = x509.pack(leaf=leaf, chain=(), common_name=common_name, form=Format.LEAF)

    assert download.filename == expected
