"""What the embedded authority checks before it takes an order, and what it asks for before it issues."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from certificates import rules
from certificates.authorities.base import (
    OrderRefused,
    OrderSpec,
    OrganizationSpec,
    ReissueSpec,
    ValidationKind,
    ValidationStep,
)
from certificates.authorities.sandbox import signing
from certificates.models import SandboxCertificate, SandboxOrder
from certificates.rules import Level
from certificates.x509 import BadRequest, normalise_names, read_csr

MAX_TERM_YEARS = 3
_YEAR_DAYS = 366
_HTTP = "http-token"
_DEFAULT_BUSINESS = "Private Organization"
_ORGANIZATION_FIELDS = (
    "number",
    "name",
    "city",
    "region",
    "country",
    "business_category",
    "registration_number",
    "jurisdiction_region",
    "jurisdiction_country",
)


@dataclass(frozen=True)
class Checked:
    """A request that may be issued: clean PEM, and the names the certificate will carry."""

    csr: str
    names: tuple[str, ...]


def check_order(spec: OrderSpec) -> Checked:
    """The order's request, once all of the order is in order; raises OrderRefused."""
    level = _level(spec)
    checked = _check_request(spec, level)
    if spec.dcv_method == _HTTP and rules.holds_wildcard(checked.names):
        raise OrderRefused("a wildcard is not validated by a file")
    _check_term(spec)
    _check_subject(level, checked.names[0], organization_fields(spec.organization, level))
    return checked


def check_reissue(spec: ReissueSpec, level: Level) -> Checked:
    """The new certificate's request; raises OrderRefused."""
    return _check_request(spec, level)


def organization_fields(organization: OrganizationSpec | None, level: Level) -> dict[str, str]:
    """What is kept of the organisation; an EV subject also says where and as what it is registered."""
    if organization is None:
        return {}
    fields = {name: getattr(organization, name) for name in _ORGANIZATION_FIELDS}
    if level is Level.EV:
        fields["business_category"] = organization.business_category or _DEFAULT_BUSINESS
        fields["jurisdiction_country"] = organization.jurisdiction_country or organization.country
        fields["registration_number"] = organization.registration_number or organization.number
    return fields


def needs_organization(order: SandboxOrder, now: datetime) -> bool:
    """Whether the order waits until its organisation is validated (again)."""
    until = order.organization_validated_until
    return order.level != Level.DV and (until is None or until <= now)


def steps(order: SandboxOrder, certificate: SandboxCertificate, now: datetime) -> Iterator[ValidationStep]:
    """What is still to be proved, and what is proved already."""
    for name in certificate.names:
        host = name.removeprefix("*.")
        kind, where = _proof(order.dcv_method, host)
        token = hashlib.sha256(f"{order.reference} {host}".encode()).hexdigest()[:32]
        yield ValidationStep(kind=kind, name=name, where=where, value=token, done=now >= certificate.issue_after)
    if order.level != Level.DV:
        name = (order.organization or {}).get("name", "")
        yield ValidationStep(kind=ValidationKind.ORGANIZATION, name=name, done=not needs_organization(order, now))


def _level(spec: OrderSpec) -> Level:
    try:
        return Level(spec.level)
    except ValueError:
        raise OrderRefused("no such level of validation") from None


def _check_request(spec: OrderSpec | ReissueSpec, level: Level) -> Checked:
    try:
        checked = Checked(read_csr(spec.csr).pem, normalise_names((spec.common_name, *spec.names)))
    except BadRequest as refused:
        raise OrderRefused(f"{refused.code}: {refused.reason}") from None
    if rules.refuses_wildcard(level) and rules.holds_wildcard(checked.names):
        raise OrderRefused("an EV certificate holds no wildcard")
    return checked


def _check_term(spec: OrderSpec) -> None:
    if (spec.term_years or 0) > MAX_TERM_YEARS or (spec.term_days or 0) > MAX_TERM_YEARS * _YEAR_DAYS:
        raise OrderRefused(f"an order runs {MAX_TERM_YEARS} years at most")
    try:
        rules.Term(years=spec.term_years, days=spec.term_days)
    except rules.InvalidTerm:
        raise OrderRefused("an order runs at least a day") from None


def _check_subject(level: Level, common_name: str, organization: Mapping[str, str]) -> None:
    if level is not Level.DV and not (organization.get("name") and organization.get("country")):
        raise OrderRefused("the organisation's name and country are needed")
    try:
        signing.subject_of(level, common_name, organization)
    except ValueError:
        raise OrderRefused("a field of the organisation does not fit a certificate") from None


def _proof(method: str, host: str) -> tuple[ValidationKind, str]:
    if method == _HTTP:
        return ValidationKind.HTTP, f"http://{host}/.well-known/pki-validation/fileauth.txt"
    if method == "email":
        return ValidationKind.EMAIL, f"admin@{host}"
    return ValidationKind.DNS, f"_dnsauth.{host}"
