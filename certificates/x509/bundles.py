"""A bundle of certificates is read one by one; what cannot be read is named by its place, never lost."""

from collections.abc import Iterator
from dataclasses import dataclass

from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs7 import load_der_pkcs7_certificates

from certificates.x509 import facts, pem
from certificates.x509.errors import BadRequest, Code
from certificates.x509.facts import CertificateFacts

MAX_BUNDLE_BYTES = 16 * 1024 * 1024
MAX_BUNDLE_CERTIFICATES = 5_000
_PKCS7_LABELS = {"PKCS7", "CMS"}


@dataclass(frozen=True)
class BadEntry:
    """What could not be read: the certificate's number in the bundle and its line, both from 1."""

    position: int
    line: int
    code: Code
    reason: str


@dataclass(frozen=True)
class _Entry:
    line: int
    found: bytes | BadRequest


def read_bundle(data: bytes) -> Iterator[CertificateFacts | BadEntry]:
    """Every certificate of a PEM bundle, a PKCS#7 file or one DER certificate, in its order.

    Raises BadRequest at once (TOO_LARGE, PRIVATE_KEY, NOT_A_CERTIFICATE for a file without any) and stops
    with a BadEntry(TOO_MANY_CERTIFICATES) after the 5,000th.
    """
    pem.refuse_large(data, MAX_BUNDLE_BYTES)
    text = pem.as_bytes(data)
    pem.refuse_private_key(text)
    entries = _entries(text)
    first = next(entries, None)
    if first is None:
        raise facts.not_a_certificate("no certificate was found")
    return _read(first, entries)


def _read(first: _Entry, rest: Iterator[_Entry]) -> Iterator[CertificateFacts | BadEntry]:
    yield _outcome(1, first)
    for position, entry in enumerate(rest, start=2):
        if position > MAX_BUNDLE_CERTIFICATES:
            reason = f"more than {MAX_BUNDLE_CERTIFICATES} certificates"
            yield BadEntry(position, entry.line, Code.TOO_MANY_CERTIFICATES, reason)
            return
        yield _outcome(position, entry)


def _outcome(position: int, entry: _Entry) -> CertificateFacts | BadEntry:
    refused = entry.found
    if isinstance(refused, bytes):
        try:
            return facts.read_der(refused)
        except BadRequest as error:
            refused = error
    return BadEntry(position, entry.line, refused.code, refused.reason)


def _entries(text: bytes) -> Iterator[_Entry]:
    armoured = False
    for block in pem.blocks(text):
        armoured = True
        yield from _of_block(block)
    if not armoured and (der := pem.unwrapped(text)):
        yield from _of_der(der)


def _of_block(block: pem.Block) -> Iterator[_Entry]:
    if block.der is None:
        yield _Entry(block.line, facts.not_a_certificate("the block is unfinished or damaged"))
    elif block.label in _PKCS7_LABELS:
        yield from _of_pkcs7(block.der, block.line)
    elif block.label in facts.LABELS:
        yield _Entry(block.line, block.der)
    else:
        yield _Entry(block.line, facts.not_a_certificate("the block holds something else"))


def _of_der(der: bytes) -> Iterator[_Entry]:
    try:
        found = load_der_pkcs7_certificates(der)
    except pem.PARSING_ERRORS:
        yield _Entry(1, der)
        return
    yield from (_Entry(1, certificate.public_bytes(Encoding.DER)) for certificate in found)


def _of_pkcs7(der: bytes, line: int) -> Iterator[_Entry]:
    try:
        found = load_der_pkcs7_certificates(der)
    except pem.PARSING_ERRORS:
        yield _Entry(line, facts.not_a_certificate("the PKCS#7 block cannot be read"))
        return
    yield from (_Entry(line, certificate.public_bytes(Encoding.DER)) for certificate in found)
