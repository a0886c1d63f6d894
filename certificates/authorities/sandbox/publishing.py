"""What the embedded authority publishes about itself: certificates, revocation lists and OCSP answers.

Reading never makes its keys: before there are any, everything but an unreadable OCSP question raises NoAuthorityYet.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.hashes import SHA384
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import (
    Certificate,
    ExtensionNotFound,
    OCSPNonce,
    load_der_x509_crl,
    load_pem_x509_certificate,
    ocsp,
)
from django.core.cache import cache

from certificates.authorities.sandbox import signing
from certificates.authorities.sandbox.keyring import Keyring, made_at, present_keyring
from certificates.authorities.sandbox.signing import CRL_LIFE, Revoked
from certificates.models import SandboxCertificate
from certificates.x509.pem import PARSING_ERRORS

MAX_OCSP_REQUEST = 4096
# For how long others may keep an answer; a list is made anew as long before the next one is due.
KEPT_BY_READERS = timedelta(hours=1)


def issuing_certificate() -> bytes:
    """The issuing CA in DER."""
    return present_keyring().issuing.certificate.public_bytes(Encoding.DER)


def root_certificate() -> bytes:
    """The root in DER."""
    return present_keyring().root.certificate.public_bytes(Encoding.DER)


def current_crl(*, now: datetime) -> bytes:
    """The revocation list as published: the same one until its next update is near, or one more is revoked."""
    return _kept("issuing", lambda: crl(now=now), now=now)


def current_root_crl(*, now: datetime) -> bytes:
    """The root's revocation list as published: the same one until its next update is near."""
    return _kept("root", lambda: root_crl(now=now), now=now)


def _kept(name: str, make: Callable[[], bytes], *, now: datetime) -> bytes:
    revoked = SandboxCertificate.objects.filter(status=SandboxCertificate.Status.REVOKED).count()
    key = f"sandbox-crl:{name}:{made_at().timestamp()}:{revoked}"
    kept: bytes | None = cache.get(key)
    if kept is None or not _is_current(kept, now):
        kept = make()
        cache.set(key, kept, timeout=int(CRL_LIFE.total_seconds()))
    return kept


def _is_current(crl: bytes, now: datetime) -> bool:
    """Asked of the list itself, because a pinned clock may stand anywhere."""
    listed = load_der_x509_crl(crl)
    next_update = listed.next_update_utc
    return next_update is not None and listed.last_update_utc <= now < next_update - KEPT_BY_READERS


def crl(*, now: datetime) -> bytes:
    """The issuing CA's revocation list in DER: every revoked certificate that has not ended yet."""
    return signing.sign_crl(present_keyring().issuing, _revoked(now), now=now)


def root_crl(*, now: datetime) -> bytes:
    """The root's revocation list in DER; the issuing CA is never on it."""
    return signing.sign_crl(present_keyring().root, (), now=now)


def answer_ocsp(der_request: bytes, *, now: datetime) -> bytes:
    """The OCSP response in DER, signed by the issuing CA itself; a request it cannot read is answered so."""
    try:
        request = ocsp.load_der_ocsp_request(der_request[:MAX_OCSP_REQUEST])
        return _answer(request, present_keyring(), now)
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
