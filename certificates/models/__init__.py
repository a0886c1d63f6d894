"""What was sold, to whom, under which limits, and the way to the authority that issues it."""

from certificates.models.authorities import AuthorityConnection, AuthorityRule
from certificates.models.customers import Contact, Customer, Note
from certificates.models.imports import ImportLine, ImportRun
from certificates.models.orders import Certificate, Order
from certificates.models.products import Product
from certificates.models.requests import Renewal, Request
from certificates.models.sandbox import SandboxAuthority, SandboxCertificate, SandboxOrder
from certificates.models.validations import Domain, Organization
from certificates.models.views import SavedView

__all__ = [
    "AuthorityConnection",
    "AuthorityRule",
    "Certificate",
    "Contact",
    "Customer",
    "Domain",
    "ImportLine",
    "ImportRun",
    "Note",
    "Order",
    "Organization",
    "Product",
    "Renewal",
    "Request",
    "SandboxAuthority",
    "SandboxCertificate",
    "SandboxOrder",
    "SavedView",
]
