"""Finding PEM blocks in whatever people paste, in time linear in its length, and refusing private keys."""

import base64
import binascii
import codecs
import re
import string
from collections.abc import Iterator
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_der_private_key

from certificates.x509.errors import BadRequest, Code

MAX_BYTES = 64 * 1024
_MAX_KEY_BYTES = 16 * 1024
_MARKER = re.compile(rb"-----(BEGIN|END) ([A-Z0-9 ]{1,40})-----")
_KEY_WORDS = re.compile(rb"PRIVATE\s{1,4}KEY|PUTTY-USER-KEY-FILE", re.IGNORECASE)
# The same words once only letters are left, in capitals: dashes, spaces and line breaks may stand anywhere.
_KEY_ARMOUR = re.compile(rb"BEGIN[A-Z]{0,24}PRIVATE[A-Z]{0,4}KEY")
_CAPITALS = bytes.maketrans(string.ascii_lowercase.encode(), string.ascii_uppercase.encode())
_NO_LETTERS = bytes(set(range(256)) - set(string.ascii_letters.encode()))
# What the library raises on malformed input, early or only when a field is read.
PARSING_ERRORS = (
    ValueError,
    TypeError,
    OverflowError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)


@dataclass(frozen=True)
class Block:
    """One armoured block; `der` is None when it is unfinished or no base64. `line` counts from 1."""

    label: str
    der: bytes | None
    line: int


def as_bytes(given: str | bytes) -> bytes:
    """The input as bytes; text files that Windows wrote as UTF-16 become UTF-8."""
    if isinstance(given, str):
        return given.encode("utf-8", errors="replace")
    if given.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return given.decode("utf-16", errors="replace").encode("utf-8", errors="replace")
    return given.removeprefix(codecs.BOM_UTF8)


def refuse_large(data: bytes, limit: int = MAX_BYTES) -> None:
    """Raise BadRequest(TOO_LARGE) above `limit` bytes."""
    if len(data) > limit:
        raise BadRequest(Code.TOO_LARGE, f"more than {limit} bytes")


def refuse_private_key(data: bytes) -> None:
    """Raise BadRequest(PRIVATE_KEY) where the words of a key file stand anywhere, however they are spaced."""
    if _KEY_WORDS.search(data) or _KEY_ARMOUR.search(data.translate(_CAPITALS, _NO_LETTERS)):
        raise _private_key()


def refuse_private_der(der: bytes) -> None:
    """Raise BadRequest(PRIVATE_KEY) for a key without its armour, or in the armour of something else."""
    if len(der) > _MAX_KEY_BYTES:
        return
    try:
        load_der_private_key(der, None, unsafe_skip_rsa_key_validation=True)
    except TypeError:  # the library's word for a key under a passphrase
        raise _private_key() from None
    except (ValueError, UnsupportedAlgorithm):
        return
    raise _private_key()


def blocks(data: bytes) -> Iterator[Block]:
    """Every armoured block in order; text between them is passed over."""
    opened: re.Match[bytes] | None = None
    line, counted = 1, 0
    for marker in _MARKER.finditer(data):
        begins = marker[1] == b"BEGIN"
        if opened:
            closes = not begins and marker[2] == opened[2]
            yield _block(opened, data[opened.end() : marker.start()] if closes else None, line)
        opened = marker if begins else None
        line += data.count(b"\n", counted, marker.start())
        counted = marker.start()
    if opened:
        yield _block(opened, None, line)


def unwrapped(data: bytes) -> bytes | None:
    """The DER of input without armour: bare base64, or DER itself; None for anything else."""
    if data[:1] == b"\x30":
        return data
    return _decode(data)


def _block(opened: re.Match[bytes], body: bytes | None, line: int) -> Block:
    return Block(label=opened[2].decode("ascii"), der=None if body is None else _decode(body), line=line)


def _decode(body: bytes) -> bytes | None:
    try:
        return base64.b64decode(b"".join(body.split()), validate=True) or None
    except binascii.Error:
        return None


def _private_key() -> BadRequest:
    return BadRequest(Code.PRIVATE_KEY, "this is a private key; it was neither read nor kept")
