"""A certificate and its chain, packed for whichever server will read them; never with a private key."""

import re
from dataclasses import dataclass
from enum import StrEnum

from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs7 import serialize_certificates
from cryptography.x509 import Certificate, load_pem_x509_certificate

_PEM_TYPE = "application/x-pem-file"


class Format(StrEnum):
    """What can be downloaded: `SERVER` is leaf and intermediates, as Apache and nginx read them."""

    LEAF = "pem"
    SERVER = "pem_noroot"
    FULL = "pem_all"
    CHAIN = "chain"
    PKCS7 = "p7b"
    DER = "der"


_SUFFIXES = {
    Format.LEAF: ".pem",
    Format.SERVER: "-server.pem",
    Format.FULL: "-full.pem",
    Format.CHAIN: "-chain.pem",
    Format.PKCS7: ".p7b",
    Format.DER: ".der",
}


@dataclass(frozen=True)
class Download:
    """A file to hand out; the name is plain ASCII and safe in a header."""

    filename: str
    media_type: str
    content: bytes


def pack(*, leaf: str, chain: tuple[str, ...], common_name: str, form: Format) -> Download:
    """Pack PEM `leaf` and `chain` (issuing CA first, root last) as `form` asks."""
    name = file_name(common_name, form)
    if form is Format.PKCS7:
        content = serialize_certificates([_load(pem) for pem in (leaf, *chain)], Encoding.PEM)
        return Download(name, "application/x-pkcs7-certificates", content)
    if form is Format.DER:
        return Download(name, "application/pkix-cert", _load(leaf).public_bytes(Encoding.DER))
    return Download(name, _PEM_TYPE, b"".join(_armoured(pem) for pem in _parts(form, leaf, chain)))


def file_name(common_name: str, form: Format) -> str:
    """Under which name it is saved: "www.example.com-server.pem"; "wildcard.example.com.p7b" for a wildcard."""
    return f"{stem(common_name)}{_SUFFIXES[form]}"


def _parts(form: Format, leaf: str, chain: tuple[str, ...]) -> tuple[str, ...]:
    intermediates = tuple(pem for pem in chain if not _is_root(_load(pem)))
    if form is Format.LEAF:
        return (leaf,)
    if form is Format.CHAIN:
        return intermediates
    if form is Format.SERVER:
        return (leaf, *intermediates)
    return (leaf, *chain)


def stem(common_name: str) -> str:
    """What the names of its files begin with, the key's too."""
    readable = common_name.lower().replace("*", "wildcard")
    return re.sub(r"[^a-z0-9.-]+", "-", readable, flags=re.ASCII).strip(".-")[:100] or "certificate"


def _is_root(certificate: Certificate) -> bool:
    return certificate.subject == certificate.issuer


def _load(pem: str) -> Certificate:
    return load_pem_x509_certificate(pem.encode("ascii"))


def _armoured(pem: str) -> bytes:
    return _load(pem).public_bytes(Encoding.PEM)
