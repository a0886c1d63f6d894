"""What a certificate says about itself, whoever issued it; names are taken as they stand."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID, ObjectIdentifier

from certificates.x509 import keys, pem
from certificates.x509.errors import BadRequest, Code

DV, OV, EV = "dv", "ov", "ev"
# The CA/B Forum's reserved policies (BR 7.1.6.1), and DigiCert's own from before they were required.
_LEVELS = {
    "2.23.140.1.2.1": DV,
    "2.23.140.1.2.2": OV,
    "2.23.140.1.1": EV,
    "2.16.840.1.114412.1.2": DV,
    "2.16.840.1.114412.1.1": OV,
    "2.16.840.1.114412.2.1": EV,
}
_MAX_SERIAL_DIGITS = 40
LABELS = {"CERTIFICATE", "X509 CERTIFICATE"}
_Extension = TypeVar("_Extension", bound=x509.ExtensionType)


@dataclass(frozen=True)
class CertificateFacts:
    """A certificate in words; `ends_at` is exclusive (notAfter + 1 s), both times in UTC.

    `serial_number` and `thumbprint` (SHA-1) are upper-case hex, `sha256` and `spki_sha256` lower-case.
    `level` is dv, ov, ev or, where no known policy says so, empty.
    """

    common_name: str
    names: tuple[str, ...]
    organization: str
    issuer: str
    issuer_organization: str
    serial_number: str
    thumbprint: str
    sha256: str
    spki_sha256: str
    valid_from: datetime
    ends_at: datetime
    key_type: str
    key_size: int
    level: str
    is_ca: bool
    pem: str


def read_certificate(given: str | bytes) -> CertificateFacts:
    """Read one certificate in PEM, bare base64 or DER, at most 64 KiB; raises BadRequest."""
    data = pem.as_bytes(given)
    pem.refuse_large(data)
    pem.refuse_private_key(data)
    found = list(pem.blocks(data))
    ders = [block.der for block in found if block.label in LABELS] if found else [pem.unwrapped(data)]
    if len(ders) != 1 or ders[0] is None:
        raise not_a_certificate("not exactly one certificate")
    return read_der(ders[0])


def read_der(der: bytes) -> CertificateFacts:
    """Read one certificate in DER, at most 64 KiB; raises BadRequest."""
    pem.refuse_large(der)
    try:
        return facts_of(x509.load_der_x509_certificate(der))
    except pem.PARSING_ERRORS:
        pem.refuse_private_der(der)
        raise not_a_certificate("this is no readable certificate") from None


def facts_of(certificate: x509.Certificate) -> CertificateFacts:
    """The facts of a parsed certificate; the library's own errors pass through."""
    names = tuple(dict.fromkeys(_names(certificate)))
    key = _key(certificate)
    return CertificateFacts(
        common_name=_first(certificate.subject, NameOID.COMMON_NAME) or (names[0] if names else ""),
        names=names,
        organization=_first(certificate.subject, NameOID.ORGANIZATION_NAME),
        issuer=_issuer(certificate.issuer),
        issuer_organization=_first(certificate.issuer, NameOID.ORGANIZATION_NAME),
        serial_number=_serial(certificate.serial_number),
        thumbprint=certificate.fingerprint(SHA1()).hex().upper(),  # noqa: S303 a thumbprint is SHA-1 by name
        sha256=certificate.fingerprint(SHA256()).hex(),
        spki_sha256=_spki_sha256(certificate),
        valid_from=certificate.not_valid_before_utc,
        ends_at=_exclusive(certificate.not_valid_after_utc),
        key_type=key.type,
        key_size=key.size,
        level=_level(certificate),
        is_ca=_is_ca(certificate),
        pem=certificate.public_bytes(Encoding.PEM).decode("ascii"),
    )


def not_a_certificate(reason: str) -> BadRequest:
    """The refusal of something that is no certificate."""
    return BadRequest(Code.NOT_A_CERTIFICATE, reason)


def _extension(certificate: x509.Certificate, kind: type[_Extension]) -> _Extension | None:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _names(certificate: x509.Certificate) -> Iterator[str]:
    alternative = _extension(certificate, x509.SubjectAlternativeName)
    if alternative is None:
        common_name = _first(certificate.subject, NameOID.COMMON_NAME)
        yield from [common_name.lower()] if "." in common_name and " " not in common_name else []
        return
    for name in alternative:
        if isinstance(name, x509.DNSName | x509.IPAddress):
            yield _clean(str(name.value)).lower()


def _first(name: x509.Name, oid: ObjectIdentifier) -> str:
    values = name.get_attributes_for_oid(oid)
    return _clean(str(values[0].value)) if values else ""


def _issuer(name: x509.Name) -> str:
    return _first(name, NameOID.COMMON_NAME) or _first(name, NameOID.ORGANIZATION_NAME)


def _clean(text: str) -> str:
    return "".join(character for character in text if character.isprintable()).strip()


def _serial(number: int) -> str:
    digits = f"{number:X}"
    if len(digits) > _MAX_SERIAL_DIGITS:
        raise not_a_certificate("its serial number is longer than 20 octets")
    return digits


def _exclusive(last_second: datetime) -> datetime:
    try:
        return last_second + timedelta(seconds=1)
    except OverflowError:  # 9999-12-31T23:59:59Z stands for "no end" (RFC 5280, 4.1.2.5)
        return last_second


def _key(certificate: x509.Certificate) -> keys.KeyFacts:
    try:
        return keys.describe(certificate.public_key())
    except pem.PARSING_ERRORS:
        return keys.KeyFacts(type=keys.OTHER, size=0)


def _spki_sha256(certificate: x509.Certificate) -> str:
    try:
        spki = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    except pem.PARSING_ERRORS:
        return ""
    return hashlib.sha256(spki).hexdigest()


def _level(certificate: x509.Certificate) -> str:
    policies = _extension(certificate, x509.CertificatePolicies)
    oids = [policy.policy_identifier.dotted_string for policy in policies or []]
    return next((_LEVELS[oid] for oid in oids if oid in _LEVELS), "")


def _is_ca(certificate: x509.Certificate) -> bool:
    constraints = _extension(certificate, x509.BasicConstraints)
    return constraints is not None and constraints.ca
