"""The narrow contract that every certificate authority fulfils, and the errors it may answer with.

Everything here can be said to CertCentral's Services API v2 and heard from it; nothing else is promised.
All times are UTC, all ends exclusive. No method may be called inside a database transaction.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar

from certificates.x509 import Download, Format

__all__ = [
    "AccessDenied",
    "Authority",
    "AuthorityError",
    "AuthorityIdentity",
    "AuthorityStatus",
    "AuthorityUnavailable",
    "BrokenAnswer",
    "Capability",
    "ContactSpec",
    "Download",
    "Format",
    "IssuedCertificate",
    "KnownOrder",
    "NotConnected",
    "OrderNotFound",
    "OrderRefused",
    "OrderSpec",
    "OrderState",
    "OrganizationSpec",
    "RateLimited",
    "ReissueSpec",
    "Revocation",
    "RevocationReason",
    "ValidationKind",
    "ValidationStep",
]


class AuthorityError(Exception):
    """The authority did not do what was asked.

    `retry` says whether the same question may succeed later; `outcome_unknown` that it may have been
    accepted, so that it must be looked up before it is asked again.
    """

    retry: ClassVar[bool] = False
    outcome_unknown: ClassVar[bool] = False

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class AuthorityUnavailable(AuthorityError):
    """No answer, or a server error: it may or may not have been accepted."""

    retry = True
    outcome_unknown = True


class BrokenAnswer(AuthorityUnavailable):
    """An answer that cannot be read, or that speaks of another order: look it up."""


class RateLimited(AuthorityError):
    """Asked too often; nothing was placed. `retry_after` is None where the authority did not say."""

    retry = True

    def __init__(self, message: str, retry_after: timedelta | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class OrderRefused(AuthorityError):
    """A definite no: nothing was placed, and the same order will be refused again."""


class OrderNotFound(AuthorityError):
    """The authority knows no such order or certificate under this account."""


class AccessDenied(AuthorityError):
    """The key is wrong, or its role does not allow this; a person must mend the connection."""


class NotConnected(AuthorityError):
    """This kind of connection leads nowhere yet."""


class AuthorityStatus(StrEnum):
    """What an order is at the authority; words never heard before are UNKNOWN and kept in `raw_status`."""

    PENDING = "pending"
    NEEDS_APPROVAL = "needs_approval"
    WAITING_PICKUP = "waiting_pickup"
    ISSUED = "issued"
    REISSUE_PENDING = "reissue_pending"
    REJECTED = "rejected"
    REVOKED = "revoked"
    CANCELED = "canceled"
    UNKNOWN = "unknown"


class Capability(StrEnum):
    """What an authority can do beyond selling an order."""

    REISSUE = "reissue"
    REVOKE = "revoke"
    CANCEL = "cancel"


class ValidationKind(StrEnum):
    """How a step towards the certificate is proved."""

    DNS = "dns"
    HTTP = "http"
    EMAIL = "email"
    ORGANIZATION = "organization"


class RevocationReason(StrEnum):
    """The reasons a subscriber may give (BR 4.9.1.1)."""

    UNSPECIFIED = "unspecified"
    KEY_COMPROMISE = "key_compromise"
    AFFILIATION_CHANGED = "affiliation_changed"
    SUPERSEDED = "superseded"
    CESSATION_OF_OPERATION = "cessation_of_operation"


class Revocation(StrEnum):
    """How far a revocation came: done, or waiting for an approval at the authority."""

    DONE = "done"
    NEEDS_APPROVAL = "needs_approval"


@dataclass(frozen=True, kw_only=True)
class ContactSpec:
    """A person of the organisation; `kind` is organization_contact, technical_contact or ev_approver."""

    kind: str
    first_name: str
    last_name: str
    email: str
    telephone: str = ""
    job_title: str = ""


@dataclass(frozen=True, kw_only=True)
class OrganizationSpec:
    """The validated organisation an OV or EV order names; `number` is the authority's own id for it."""

    number: str = ""
    name: str
    street: str = ""
    postal_code: str = ""
    city: str = ""
    region: str = ""
    country: str = ""
    telephone: str = ""
    business_category: str = ""
    registration_number: str = ""
    jurisdiction_region: str = ""
    jurisdiction_country: str = ""
    validated_until: datetime | None = None
    contacts: tuple[ContactSpec, ...] = ()


@dataclass(frozen=True, kw_only=True)
class OrderSpec:
    """A new order or a renewal; exactly one of `term_years` and `term_days`.

    `reference` is our own id of this attempt (CertCentral: alternative_order_id), `level` dv, ov or ev.
    `names` holds every host name, the common name first. `renewal_of` is the authority's number of the
    old order, and `renewal_of_ends_at` its end, needed where the authority has never seen that order.
    """

    reference: str
    product_name_id: str
    family: str = ""
    level: str
    common_name: str
    names: tuple[str, ...]
    csr: str
    term_years: int | None = None
    term_days: int | None = None
    renewal_of: str | None = None
    renewal_of_ends_at: datetime | None = None
    organization: OrganizationSpec | None = None
    dcv_method: str = "dns-txt-token"
    auto_renew: bool = False
    additional_emails: tuple[str, ...] = ()
    comments: str = ""
    locale: str = "en"

    def __post_init__(self) -> None:
        if (self.term_years is None) == (self.term_days is None):
            raise ValueError("an order has a term in years or in days")


@dataclass(frozen=True, kw_only=True)
class KnownOrder:
    """An order as the caller knows it, for an authority that may never have seen it: it was imported."""

    product_name_id: str
    family: str = ""
    level: str
    starts_at: datetime
    ends_at: datetime
    organization: OrganizationSpec | None = None


@dataclass(frozen=True, kw_only=True)
class ReissueSpec:
    """A new certificate under an old order: same end of the order, nothing to pay."""

    order_number: str
    reference: str
    common_name: str
    names: tuple[str, ...]
    csr: str
    order: KnownOrder | None = None


@dataclass(frozen=True, kw_only=True)
class ValidationStep:
    """What somebody must prove before the certificate is issued, about one host name or organisation.

    `value` is to be copied `where` the kind says: a record's name, a file's address, a mailbox.
    """

    kind: ValidationKind
    name: str
    where: str = ""
    value: str = ""
    done: bool = False


@dataclass(frozen=True, kw_only=True)
class IssuedCertificate:
    """A certificate as the authority handed it out; `chain` is PEM, issuing CA first, root last."""

    certificate_number: str
    common_name: str
    names: tuple[str, ...]
    serial_number: str
    thumbprint: str
    sha256: str
    valid_from: datetime
    ends_at: datetime
    pem: str
    chain: tuple[str, ...]
    revoked_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class OrderState:
    """What the authority says of an order now; dates are None until it has said them.

    `certificate` is the newest one issued, so while a reissue is pending it is still the old one.
    """

    order_number: str
    reference: str
    status: AuthorityStatus
    raw_status: str
    common_name: str
    renewal_of: str | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    certificate: IssuedCertificate | None = None
    hold_reason: str = ""
    steps: tuple[ValidationStep, ...] = field(default=())


@dataclass(frozen=True, kw_only=True)
class AuthorityIdentity:
    """Who answered, and as what: the proof that a connection works."""

    name: str
    account: str


class Authority(ABC):
    """One account at one authority.

    Any method may raise AuthorityUnavailable, RateLimited or AccessDenied. Nothing here is idempotent at
    the authority: a caller whose `place` or `reissue` ended with `outcome_unknown` asks `find` or
    `find_reissue` first, and trusts an empty answer only `settle_time` after the attempt.
    """

    capabilities: ClassVar[frozenset[Capability]]
    settle_time: ClassVar[timedelta]

    @abstractmethod
    def check(self) -> AuthorityIdentity:
        """Prove the connection without changing anything."""

    @abstractmethod
    def place(self, spec: OrderSpec) -> OrderState:
        """Place the order, every time it is called; raises OrderRefused."""

    @abstractmethod
    def find(self, spec: OrderSpec, *, since: datetime) -> OrderState | None:
        """The first order that was taken under `spec.reference`, or None.

        Spec and `since` are asked for because CertCentral cannot search by reference: it lists by common
        name and date, and each candidate's reference is read from its details.
        """

    @abstractmethod
    def status(self, order_number: str) -> OrderState:
        """The order as it stands; raises OrderNotFound."""

    @abstractmethod
    def recheck(self, order_number: str) -> OrderState:
        """Look for the proofs again at once, and tell the order as it stands then; raises OrderNotFound."""

    @abstractmethod
    def reissue(self, spec: ReissueSpec) -> OrderState:
        """Ask for a new certificate under the order; raises OrderRefused, OrderNotFound."""

    @abstractmethod
    def find_reissue(self, spec: ReissueSpec, *, since: datetime) -> OrderState | None:
        """The order's state if it took this reissue, or None; raises OrderNotFound.

        CertCentral keeps no reference with a reissue: there the CSR and `since` recognise it.
        """

    @abstractmethod
    def revoke(self, certificate: str, *, reason: RevocationReason, comment: str = "") -> Revocation:
        """Revoke one certificate by its number or serial, in either letter case; raises OrderNotFound."""

    @abstractmethod
    def cancel(self, order_number: str, *, note: str = "") -> None:
        """Drop an unissued order, or its pending reissue; raises OrderRefused, OrderNotFound."""

    @abstractmethod
    def download(self, certificate: str, form: Format) -> Download:
        """The issued certificate, by number or serial, packed as asked; raises OrderNotFound."""
