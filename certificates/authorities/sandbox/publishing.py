"""What the embedded authority publishes about itself: certificates, revocation lists and OCSP answers."""

from collections.abc import Iterator
from datetime import datetime

from cryptography.hazmat.primitives.hashes import SHA384
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import Certificate, ExtensionNotFound, OCSPNonce, load_pem_x509_certificate, ocsp

from certificates.authorities.sandbox import signing
from certificates.authorities.sandbox.keyring import Keyring, open_keyring
from certificates.authorities.sandbox.signing import CRL_LIFE, Revoked
from certificates.models import SandboxCertificate
from certificates.x509.pem import PARSING_ERRORS

MAX_OCSP_REQUEST = 4096


def issuing_certificate(*, now: datetime) -> bytes:
    """The issuing CA in DER."""
    return open_keyring(now=now).issuing.certificate.public_bytes(Encoding.DER)


def root_certificate(*, now: datetime) -> bytes:
    """The root in DER."""
    return open_keyring(now=now).root.certificate.public_bytes(Encoding.DER)


def crl(*, now: datetime) -> bytes:
    """The issuing CA's revocation list in DER: every revoked certificate that has not ended yet."""
    return signing.sign_crl(open_keyring(now=now).issuing, _revoked(now), now=now)


def root_crl(*, now: datetime) -> bytes:
    """The root's revocation list in DER; the issuing CA is never on it."""
    return signing.sign_crl(open_keyring(now=now).root, (), now=now)


def answer_ocsp(der_request: bytes, *, now: datetime) -> bytes:
    """The OCSP response in DER, signed by the issuing CA itself; a request it cannot read is answered so."""
    try:
        request = ocsp.load_der_ocsp_request(der_request[:MAX_OCSP_REQUEST])
        return _answer(request, open_keyring(now=now), now)
    # the library's word for a request about none or several certificates
    except (*PARSING_ERRORS, NotImplementedError):
        return _unsuccessful(ocsp.OCSPResponseStatus.MALFORMED_REQUEST)


def _revoked(now: datetime) -> Iterator[Revoked]:
    rows = SandboxCertificate.objects.filter(status=SandboxCertificate.Status.REVOKED, ends_at__gt=now)
    for serial, revoked_at, reason in rows.order_by("pk").values_list(
        "serial_number", "revoked_at", "revocation_reason"
    ):
        if serial and revoked_at:
            yield Revoked(int(serial, 16), revoked_at, reason)


def _answer(request: ocsp.OCSPRequest, keyring: Keyring, now: datetime) -> bytes:
    row = SandboxCertificate.objects.filter(serial_number=f"{request.serial_number:X}").first()
    if row is None:
        return _unsuccessful(ocsp.OCSPResponseStatus.UNAUTHORIZED)
    issuer = keyring.issuing
    leaf = load_pem_x509_certificate(row.pem.encode("ascii"))
    if not _names_issuer(request, leaf, issuer.certificate):
        return _unsuccessful(ocsp.OCSPResponseStatus.UNAUTHORIZED)
    builder = _single(row, request, leaf, issuer.certificate, now).responder_id(
        ocsp.OCSPResponderEncoding.HASH, issuer.certificate
    )
    if nonce := _nonce(request):
        builder = builder.add_extension(nonce, critical=False)
    return builder.sign(issuer.key, SHA384()).public_bytes(Encoding.DER)


def _single(
    row: SandboxCertificate, request: ocsp.OCSPRequest, leaf: Certificate, issuer: Certificate, now: datetime
) -> ocsp.OCSPResponseBuilder:
    revoked = row.status == SandboxCertificate.Status.REVOKED
    this_update = now.replace(microsecond=0)
    return ocsp.OCSPResponseBuilder().add_response(
        cert=leaf,
        issuer=issuer,
        algorithm=request.hash_algorithm,
        cert_status=ocsp.OCSPCertStatus.REVOKED if revoked else ocsp.OCSPCertStatus.GOOD,
        this_update=this_update,
        next_update=this_update + CRL_LIFE,
        revocation_time=row.revoked_at.replace(microsecond=0) if revoked and row.revoked_at else None,
        revocation_reason=signing.reason_flag(row.revocation_reason) if revoked else None,
    )


def _names_issuer(request: ocsp.OCSPRequest, leaf: Certificate, issuer: Certificate) -> bool:
    own = ocsp.OCSPRequestBuilder().add_certificate(leaf, issuer, request.hash_algorithm).build()
    return own.issuer_key_hash == request.issuer_key_hash and own.issuer_name_hash == request.issuer_name_hash


def _nonce(request: ocsp.OCSPRequest) -> OCSPNonce | None:
    try:
        return request.extensions.get_extension_for_class(OCSPNonce).value
    except ExtensionNotFound:
        return None


def _unsuccessful(status: ocsp.OCSPResponseStatus) -> bytes:
    return ocsp.OCSPResponseBuilder.build_unsuccessful(status).public_bytes(Encoding.DER)
