"""Which public keys are good enough: the Baseline Requirements' list (BR 6.1.5, 6.1.6 and 4.9.1.1)."""

from dataclasses import dataclass
from math import gcd, isqrt, prod

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes as PublicKey

from certificates.x509.errors import BadRequest, Code

__all__ = ["ECDSA", "OTHER", "RSA", "KeyFacts", "PublicKey", "check", "describe", "rsa_weakness"]

RSA = "RSA"
ECDSA = "ECDSA"
OTHER = "other"
_RSA_BITS = range(2048, 8193)
_EXPONENTS = range(2**16 + 1, 2**256)
_CURVES = {"secp256r1", "secp384r1", "secp521r1"}
_SMALL_PRIMES = [p for p in range(3, 752) if all(p % d for d in range(2, isqrt(p) + 1))]
_SMALL_PRODUCT = prod(_SMALL_PRIMES)
_FERMAT_ROUNDS = 100
# Keys of the faulty Infineon library (CVE-2017-15361) leave only powers of 65537 modulo these primes.
_ROCA_RESIDUES = {p: {pow(65537, power, p) for power in range(p - 1)} for p in _SMALL_PRIMES if p <= 167}


@dataclass(frozen=True)
class KeyFacts:
    """A public key in words: `RSA` 2048, `ECDSA` 256, `other` 0."""

    type: str
    size: int


def describe(key: PublicKey) -> KeyFacts:
    """Type and size in bits of any public key."""
    if isinstance(key, RSAPublicKey):
        return KeyFacts(type=RSA, size=key.key_size)
    if isinstance(key, EllipticCurvePublicKey):
        return KeyFacts(type=ECDSA, size=key.key_size)
    return KeyFacts(type=OTHER, size=0)


def check(key: PublicKey) -> KeyFacts:
    """The key's facts when a certificate may hold it; raises BadRequest(WEAK_KEY)."""
    if weakness := _weakness(key):
        raise BadRequest(Code.WEAK_KEY, weakness)
    return describe(key)


def _weakness(key: PublicKey) -> str:
    if isinstance(key, RSAPublicKey):
        numbers = key.public_numbers()
        return rsa_weakness(numbers.n, numbers.e)
    if isinstance(key, EllipticCurvePublicKey):
        return "" if key.curve.name in _CURVES else f"the curve {key.curve.name} is not accepted"
    return "only RSA and ECDSA keys are accepted"


def rsa_weakness(modulus: int, exponent: int) -> str:
    """Why this RSA key is refused, or an empty string."""
    bits = modulus.bit_length()
    if bits not in _RSA_BITS or bits % 8:
        return f"an RSA key of {bits} bits is not accepted (2048 to 8192, a multiple of 8)"
    if exponent not in _EXPONENTS or exponent % 2 == 0:
        return "the RSA exponent is not accepted (odd, at least 65537)"
    if modulus % 2 == 0 or gcd(modulus, _SMALL_PRODUCT) != 1:
        return "the RSA modulus has a small factor"
    if _is_roca(modulus) or _has_close_primes(modulus):
        return "the RSA modulus can be factored"
    return ""


def _is_roca(modulus: int) -> bool:
    return all(modulus % prime in residues for prime, residues in _ROCA_RESIDUES.items())


def _has_close_primes(modulus: int) -> bool:
    """Fermat's method, as many rounds as BR 6.1.1.3 asks for."""
    middle = isqrt(modulus - 1) + 1
    for step in range(_FERMAT_ROUNDS):
        square = (middle + step) ** 2 - modulus
        if isqrt(square) ** 2 == square:
            return True
    return False
