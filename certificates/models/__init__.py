"""What was sold, to whom, under which limits, and the way to the authority that issues it."""

from certificates.models.authorities import AuthorityConnection, AuthorityRule
from certificates.models.customers import Contact, Customer, Note
from certificates.models.imports import ImportLine, ImportRun
from certificates.models.installations import Installation
from certificates.models.orders import Certificate, Order
from certificates.models.products import Product
from certificates.models.requests import Renewal, Request
from certificates.models.sandbox import SandboxAuthority, SandboxCertificate, SandboxOrder
from certificates.models.validations import Domain, Organization
from certificates.models.views import SavedView
from certificates.models.wishes import BenefitUse, Consent, OptOut, Reply

__all__ = [
    "AuthorityConnection",
    "AuthorityRule",
    "BenefitUse",
    "Certificate",
    "Consent",
    "Contact",
    "Customer",
    "Domain",
    "ImportLine",
    "ImportRun",
    "Installation",
    "Note",
    "OptOut",
    "Order",
    "Organization",
    "Product",
    "Renewal",
    "Reply",
    "Request",
    "SandboxAuthority",
    "SandboxCertificate",
    "SandboxOrder",
    "SavedView",
]
