"""What the embedded authority signs: its own two certificates, leaves and revocation lists.

Both its keys are ECDSA P-384: one signature costs a millisecond where RSA-4096 takes several, every client
that speaks TLS 1.2 verifies it, and an ECDSA issuer may certify RSA and ECDSA subscribers alike.
"""

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import reduce

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.hashes import SHA384
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import (
    AuthorityInformationAccessOID,
    ExtendedKeyUsageOID,
    NameOID,
    ObjectIdentifier,
)

from certificates.rules import Level

SECOND = timedelta(seconds=1)
CRL_LIFE = timedelta(days=7)
_MAX_COMMON_NAME = 64
# The clock of a demonstration or a test can be pinned to any day: the authority itself must span them all.
_CA_STARTS = datetime(2015, 1, 1, tzinfo=UTC)
_CA_LAST_SECOND = datetime(2054, 12, 31, 23, 59, 59, tzinfo=UTC)
_POLICIES = {  # BR 7.1.6.1
    Level.DV: ObjectIdentifier("2.23.140.1.2.1"),
    Level.OV: ObjectIdentifier("2.23.140.1.2.2"),
    Level.EV: ObjectIdentifier("2.23.140.1.1"),
}
_SUBJECT_FIELDS = {
    Level.DV: (),
    Level.OV: (
        (NameOID.COUNTRY_NAME, "country"),
        (NameOID.STATE_OR_PROVINCE_NAME, "region"),
        (NameOID.LOCALITY_NAME, "city"),
        (NameOID.ORGANIZATION_NAME, "name"),
    ),
}
_SUBJECT_FIELDS[Level.EV] = (
    (NameOID.BUSINESS_CATEGORY, "business_category"),
    (NameOID.JURISDICTION_COUNTRY_NAME, "jurisdiction_country"),
    (NameOID.JURISDICTION_STATE_OR_PROVINCE_NAME, "jurisdiction_region"),
    (NameOID.SERIAL_NUMBER, "registration_number"),
    *_SUBJECT_FIELDS[Level.OV],
)
_LONGEST = {  # the upper bounds of RFC 5280, appendix A.1, which the library leaves to its callers
    NameOID.ORGANIZATION_NAME: 64,
    NameOID.SERIAL_NUMBER: 64,
    NameOID.LOCALITY_NAME: 128,
    NameOID.STATE_OR_PROVINCE_NAME: 128,
}
_KEY_USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


@dataclass(frozen=True)
class Signer:
    """One of the authority's certificates with its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(Encoding.PEM).decode("ascii")

    def private_bytes(self) -> bytes:
        """The key as PKCS#8, to be encrypted before it is stored."""
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@dataclass(frozen=True)
class Addresses:
    """Where the authority publishes; plain HTTP is usual here, for everything fetched is signed."""

    base: str

    def of(self, name: str) -> str:
        return f"{self.base.rstrip('/')}/sandbox-ca/{name}"


@dataclass(frozen=True, kw_only=True)
class Leaf:
    """What a subscriber's certificate will say; `ends_at` is exclusive, both times in whole seconds."""

    public_key: CertificatePublicKeyTypes
    common_name: str
    names: tuple[str, ...]
    level: Level
    organization: Mapping[str, str]
    valid_from: datetime
    ends_at: datetime


@dataclass(frozen=True)
class Revoked:
    """One entry of a revocation list; `reason` is one of RevocationReason's words."""

    serial_number: int
    revoked_at: datetime
    reason: str


def load(certificate: str, key: bytes) -> Signer:
    """A signer from its stored certificate and its decrypted key."""
    private = load_pem_private_key(key, None)
    if not isinstance(private, ec.EllipticCurvePrivateKey):
        raise TypeError("the embedded authority signs with ECDSA keys only")
    return Signer(x509.load_pem_x509_certificate(certificate.encode("ascii")), private)


def make_root() -> Signer:
    """A new root; its name carries a random mark, so that two installations are never confused."""
    key = ec.generate_private_key(ec.SECP384R1())
    name = _ca_name(f"Embedded Root CA {secrets.token_hex(4)}")
    builder = _ca_builder(name, name, key.public_key(), path_length=1)
    return Signer(builder.sign(key, SHA384()), key)


def make_issuing(root: Signer, addresses: Addresses) -> Signer:
    """A new issuing CA under the root, for server certificates only."""
    key = ec.generate_private_key(ec.SECP384R1())
    name = _ca_name(f"Embedded Issuing CA {secrets.token_hex(4)}")
    policies = [x509.PolicyInformation(oid, None) for oid in _POLICIES.values()]
    builder = (
        _ca_builder(name, root.certificate.subject, key.public_key(), path_length=0)
        .add_extension(_authority_key(root), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.CertificatePolicies(policies), critical=False)
        .add_extension(_access(issuer=addresses.of("root.cer")), critical=False)
        .add_extension(_crl_address(addresses.of("root.crl")), critical=False)
    )
    return Signer(builder.sign(root.key, SHA384()), key)


def subject_of(level: Level, common_name: str, organization: Mapping[str, str]) -> x509.Name:
    """The subject that the level asks for; raises ValueError for a field X.509 cannot hold.

    A common name over 64 characters does not fit and is left out: the alternative names carry it.
    """
    attributes = [
        _attribute(oid, organization[field]) for oid, field in _SUBJECT_FIELDS[level] if organization.get(field)
    ]
    if len(common_name) <= _MAX_COMMON_NAME:
        attributes.append(x509.NameAttribute(NameOID.COMMON_NAME, common_name))
    return x509.Name(attributes)


def sign_leaf(leaf: Leaf, issuer: Signer, addresses: Addresses) -> x509.Certificate:
    """A server certificate as BR 7.1.2.7 describes it, with 159 random bits of serial number."""
    subject = subject_of(leaf.level, leaf.common_name, leaf.organization)
    alternative = x509.SubjectAlternativeName([x509.DNSName(name) for name in leaf.names])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject)
        .public_key(leaf.public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(leaf.valid_from)
        .not_valid_after(leaf.ends_at - SECOND)
        .add_extension(_authority_key(issuer), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(leaf.public_key), critical=False)
        .add_extension(alternative, critical=not list(subject))
        .add_extension(_leaf_usage(leaf.public_key), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_policies(leaf.level, addresses), critical=False)
        .add_extension(_access(issuer=addresses.of("issuing.cer"), ocsp=addresses.of("ocsp")), critical=False)
        .add_extension(_crl_address(addresses.of("issuing.crl")), critical=False)
    )
    return builder.sign(issuer.key, SHA384())


def sign_crl(issuer: Signer, revoked: Iterable[Revoked], *, now: datetime) -> bytes:
    """The issuer's revocation list in DER, good for seven days; the time in seconds is its number."""
    now = now.replace(microsecond=0)
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.certificate.subject)
        .last_update(now)
        .next_update(now + CRL_LIFE)
        .add_extension(_authority_key(issuer), critical=False)
        .add_extension(x509.CRLNumber(int(now.timestamp())), critical=False)
    )
    builder = reduce(lambda so_far, entry: so_far.add_revoked_certificate(_entry(entry)), revoked, builder)
    return builder.sign(issuer.key, SHA384()).public_bytes(Encoding.DER)


def reason_flag(reason: str) -> x509.ReasonFlags | None:
    """The X.509 word for a RevocationReason; "unspecified" is left out (RFC 5280, 5.3.1)."""
    if reason == "unspecified":
        return None
    return x509.ReasonFlags[reason]


def _attribute(oid: ObjectIdentifier, value: str) -> x509.NameAttribute[str]:
    if len(value) > _LONGEST.get(oid, len(value)):
        raise ValueError("longer than X.509 allows")
    return x509.NameAttribute(oid, value)


def _entry(revoked: Revoked) -> x509.RevokedCertificate:
    builder = (
        x509.RevokedCertificateBuilder()
        .serial_number(revoked.serial_number)
        .revocation_date(revoked.revoked_at.replace(microsecond=0))
    )
    if flag := reason_flag(revoked.reason):
        builder = builder.add_extension(x509.CRLReason(flag), critical=False)
    return builder.build()


def _ca_name(common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Embedded authority, for trials only"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _ca_builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, *, path_length: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(_CA_STARTS)
        .not_valid_after(_CA_LAST_SECOND)
        .add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
        .add_extension(_usage("digital_signature", "key_cert_sign", "crl_sign"), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(*words: str) -> x509.KeyUsage:
    return x509.KeyUsage(**{word: word in words for word in _KEY_USAGES})


def _leaf_usage(key: CertificatePublicKeyTypes) -> x509.KeyUsage:
    if isinstance(key, rsa.RSAPublicKey):
        return _usage("digital_signature", "key_encipherment")
    return _usage("digital_signature")


def _authority_key(issuer: Signer) -> x509.AuthorityKeyIdentifier:
    own = issuer.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own.value)


def _policies(level: Level, addresses: Addresses) -> x509.CertificatePolicies:
    return x509.CertificatePolicies([x509.PolicyInformation(_POLICIES[level], [addresses.of("cps")])])


def _access(*, issuer: str, ocsp: str = "") -> x509.AuthorityInformationAccess:
    places = [(AuthorityInformationAccessOID.OCSP, ocsp), (AuthorityInformationAccessOID.CA_ISSUERS, issuer)]
    return x509.AuthorityInformationAccess(
        [x509.AccessDescription(oid, x509.UniformResourceIdentifier(url)) for oid, url in places if url]
    )


def _crl_address(url: str) -> x509.CRLDistributionPoints:
    names = [x509.UniformResourceIdentifier(url)]
    return x509.CRLDistributionPoints([x509.DistributionPoint(names, None, None, None)])
