"""Keys, requests and certificates that tests make for themselves."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@cache
def ec_key() -> ec.EllipticCurvePrivateKey:
    """One P-256 key for the whole run."""
    return ec.generate_private_key(ec.SECP256R1())


@cache
def rsa_key(bits: int = 2048) -> rsa.RSAPrivateKey:
    """One RSA key of each size for the whole run."""
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def make_csr(
    common_name: str = "www.example.com",
    names: Sequence[str | x509.GeneralName] = (),
    *,
    key: PrivateKey | None = None,
) -> str:
    """A signed request in PEM; an empty `common_name` leaves the subject empty."""
    subject = [x509.NameAttribute(NameOID.COMMON_NAME, common_name)] if common_name else []
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(subject))
    if names:
        alternative = [x509.DNSName(name) if isinstance(name, str) else name for name in names]
        builder = builder.add_extension(x509.SubjectAlternativeName(alternative), critical=False)
    return builder.sign(key or ec_key(), SHA256()).public_bytes(Encoding.PEM).decode()


def make_certificate(
    common_name: str = "www.example.com",
    names: Sequence[str] = ("www.example.com",),
    *,
    policy: str = "",
    is_ca: bool = False,
    serial: int = 0x0A1B2C,
    starts_at: datetime = datetime(2026, 11, 22, tzinfo=UTC),
    last_second: datetime = datetime(2027, 6, 8, 23, 59, 59, tzinfo=UTC),
) -> x509.Certificate:
    """A certificate signed by its own key but naming another issuer; good for reading only."""
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Example Org"),
        ]
    )
    issuer = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, "Other CA 7"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Other Trust"),
        ]
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(ec_key().public_key())
        .serial_number(serial)
        .not_valid_before(starts_at)
        .not_valid_after(last_second)
    )
    if names:
        san = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
        builder = builder.add_extension(san, critical=False)
    if policy:
        information = x509.PolicyInformation(x509.ObjectIdentifier(policy), None)
        builder = builder.add_extension(x509.CertificatePolicies([information]), critical=False)
    if is_ca:
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    return builder.sign(ec_key(), SHA256())


def as_pem(certificate: x509.Certificate) -> bytes:
    """The certificate in PEM."""
    return certificate.public_bytes(Encoding.PEM)


def private_pem(key: PrivateKey, form: PrivateFormat = PrivateFormat.PKCS8) -> str:
    """The private key in PEM, as people paste it by mistake."""
    return key.private_bytes(Encoding.PEM, form, NoEncryption()).decode()
