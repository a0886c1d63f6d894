"""A certificate request is read, its signature, key and names checked, or refused with a code."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from certificates.x509 import keys, pem
from certificates.x509.errors import BadRequest, Code
from certificates.x509.names import normalise_names

_LABELS = {"CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"}


@dataclass(frozen=True)
class CsrFacts:
    """A request that passed every check: clean PEM, A-label names with the common name first, its key.

    `fingerprint` is the SHA-256 of the request, `spki_sha256` that of its public key (lower-case hex).
    """

    pem: str
    common_name: str
    names: tuple[str, ...]
    key_type: str
    key_size: int
    fingerprint: str
    spki_sha256: str


def read_csr(given: str | bytes) -> CsrFacts:
    """Read PEM (text around it allowed), bare base64 or DER; raises BadRequest."""
    csr = _parse(_der(given))
    try:
        return _facts(csr)
    except pem.PARSING_ERRORS:
        raise _not_a_csr("a field of the request cannot be read") from None


def _facts(csr: x509.CertificateSigningRequest) -> CsrFacts:
    public_key = _public_key(csr)
    key = keys.check(public_key)
    if not csr.is_signature_valid:
        raise BadRequest(Code.BAD_SIGNATURE, "the request is not signed by its own key")
    names = normalise_names(_names(csr))
    if not names:
        raise BadRequest(Code.BAD_NAME, "the request names no host")
    spki = public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return CsrFacts(
        pem=csr.public_bytes(Encoding.PEM).decode("ascii"),
        common_name=names[0],
        names=names,
        key_type=key.type,
        key_size=key.size,
        fingerprint=hashlib.sha256(csr.public_bytes(Encoding.DER)).hexdigest(),
        spki_sha256=hashlib.sha256(spki).hexdigest(),
    )


def _der(given: str | bytes) -> bytes:
    data = pem.as_bytes(given)
    pem.refuse_large(data)
    pem.refuse_private_key(data)
    found = list(pem.blocks(data))
    requests = [block.der for block in found if block.label in _LABELS]
    if len(requests) > 1:
        raise _not_a_csr("more than one request")
    der = requests[0] if requests else None if found else pem.unwrapped(data)
    if der is None:
        raise _not_a_csr("no certificate request was found")
    return der


def _parse(der: bytes) -> x509.CertificateSigningRequest:
    try:
        return x509.load_der_x509_csr(der)
    except pem.PARSING_ERRORS:
        pem.refuse_private_der(der)
        raise _not_a_csr("this is no certificate request") from None


def _public_key(csr: x509.CertificateSigningRequest) -> keys.PublicKey:
    try:
        return csr.public_key()
    except pem.PARSING_ERRORS:
        raise BadRequest(Code.WEAK_KEY, "this kind of key is not accepted") from None


def _names(csr: x509.CertificateSigningRequest) -> Iterator[str]:
    for attribute in csr.subject.get_attributes_for_oid(NameOID.COMMON_NAME):
        if common_name := str(attribute.value).strip():
            yield common_name
    try:
        alternative = csr.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return
    for name in alternative:
        if not isinstance(name, x509.DNSName):
            raise BadRequest(Code.BAD_NAME, "the request names something that is no host name")
        yield name.value


def _not_a_csr(reason: str) -> BadRequest:
    return BadRequest(Code.NOT_A_CSR, reason)
