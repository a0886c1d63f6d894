"""What tests of the embedded authority put on its counter, and the clock on its wall."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from certificates.authorities.base import IssuedCertificate, OrderSpec, OrderState, OrganizationSpec, ReissueSpec
from certificates.authorities.sandbox import Faults, Sandbox
from tests.certificates.certs import make_csr

NOON = datetime(2026, 11, 22, 12, 34, 56, 789, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@dataclass
class Clock:
    """A clock that moves only when it is told to."""

    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **fields: float) -> None:
        self.now += timedelta(**fields)


def make_sandbox(
    account: str = "partner-1",
    *,
    clock: Clock | None = None,
    issue_after: timedelta = timedelta(0),
    faults: Faults | None = None,
) -> Sandbox:
    return Sandbox(account, now=clock or Clock(), issue_after=issue_after, faults=faults)


def make_organization_spec(**changes: Any) -> OrganizationSpec:
    fields: dict[str, Any] = {
        "number": "112233",
        "name": "Granit Phare SA",
        "city": "Brest",
        "region": "Bretagne",
        "country": "FR",
        "registration_number": "552 100 554",
        "validated_until": NOON + timedelta(days=300),
    }
    return OrganizationSpec(**fields | changes)


def make_spec(**changes: Any) -> OrderSpec:
    """A DV order of one year; names follow the common name, an organisation follows the level."""
    common_name = changes.get("common_name", "www.example.com")
    level = changes.get("level", "dv")
    fields: dict[str, Any] = {
        "reference": "a1b2c3",
        "product_name_id": "ssl_dv_geotrust_flex",
        "level": level,
        "common_name": common_name,
        "names": (common_name,),
        "csr": make_csr(),
        "term_years": None if "term_days" in changes else 1,
        "organization": None if level == "dv" else make_organization_spec(),
    }
    return OrderSpec(**fields | changes)


def make_reissue_spec(order_number: str, **changes: Any) -> ReissueSpec:
    fields: dict[str, Any] = {
        "order_number": order_number,
        "reference": "reissue-1",
        "common_name": "www.example.com",
        "names": ("www.example.com",),
        "csr": make_csr(),
    }
    return ReissueSpec(**fields | changes)


def issue(sandbox: Sandbox, **changes: Any) -> OrderState:
    """An order that was placed and asked for again, so that it is issued where nothing holds it."""
    return sandbox.status(sandbox.place(make_spec(**changes)).order_number)


def certificate_of(state: OrderState) -> IssuedCertificate:
    assert state.certificate is not None
    return state.certificate
