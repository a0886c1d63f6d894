"""An issued certificate as a file: for the server, with its chain, in the format it reads; never with a key."""

from __future__ import annotations

from certificates.models import Certificate
from certificates.services.refusals import NothingToDownload
from certificates.x509 import Download, Format, pack

_END = "-----END CERTIFICATE-----"
_WITH_CHAIN = (Format.SERVER, Format.FULL, Format.CHAIN, Format.PKCS7)


def formats_of(certificate: Certificate) -> tuple[Format, ...]:
    """The formats in which this certificate can be handed out: none where only its facts are known."""
    if not certificate.pem:
        return ()
    return tuple(form for form in Format if certificate.chain or form not in _WITH_CHAIN)


def download(certificate: Certificate, form: Format) -> Download:
    """The stored certificate, packed; raises NothingToDownload."""
    if form not in formats_of(certificate):
        raise NothingToDownload
    return pack(leaf=certificate.pem, chain=chain_of(certificate), common_name=certificate.common_name, form=form)


def chain_of(certificate: Certificate) -> tuple[str, ...]:
    """The certificates above it in PEM, the issuing CA's first."""
    return tuple(f"{part.strip()}\n{_END}\n" for part in certificate.chain.split(_END) if part.strip())
