"""Reading and checking names, certificate requests and certificates; every refusal is a `BadRequest`.

Free of Django and of the database. Nothing read here is ever logged, and no private key is accepted.
"""

from certificates.x509.bundles import MAX_BUNDLE_BYTES, MAX_BUNDLE_CERTIFICATES, BadEntry, read_bundle
from certificates.x509.errors import BadRequest, Code
from certificates.x509.facts import CertificateFacts, read_certificate
from certificates.x509.keys import KeyFacts
from certificates.x509.names import MAX_NAMES, display_name, is_wildcard, normalise_name, normalise_names
from certificates.x509.packing import Download, Format, pack
from certificates.x509.pem import MAX_BYTES
from certificates.x509.requests import CsrFacts, read_csr

__all__ = [
    "MAX_BUNDLE_BYTES",
    "MAX_BUNDLE_CERTIFICATES",
    "MAX_BYTES",
    "MAX_NAMES",
    "BadEntry",
    "BadRequest",
    "CertificateFacts",
    "Code",
    "CsrFacts",
    "Download",
    "Format",
    "KeyFacts",
    "display_name",
    "is_wildcard",
    "normalise_name",
    "normalise_names",
    "pack",
    "read_bundle",
    "read_certificate",
    "read_csr",
]
