"""The embedded authority as its customers meet it: orders wait for validation, then are really issued."""

import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import ClassVar, TypeVar

from cryptography import x509
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from certificates import rules
from certificates.authorities.base import (
    Authority,
    AuthorityIdentity,
    AuthorityStatus,
    Capability,
    Download,
    Format,
    IssuedCertificate,
    OrderNotFound,
    OrderRefused,
    OrderSpec,
    OrderState,
    ReissueSpec,
    Revocation,
    RevocationReason,
)
from certificates.authorities.sandbox import intake
from certificates.authorities.sandbox.faults import Faults, meets_faults
from certificates.authorities.sandbox.intake import Checked
from certificates.authorities.sandbox.issuing import issue_if_due
from certificates.authorities.sandbox.keyring import open_keyring
from certificates.models import SandboxCertificate, SandboxOrder
from certificates.rules import Level, Rule
from certificates.x509 import pack
from certificates.x509.facts import facts_of
from portal import clock

_ORDERS_FROM = 900_000_000
_CERTIFICATES_FROM = 800_000_000
_NUMBER = re.compile(r"[0-9]{1,12}", re.ASCII)
_Status = SandboxCertificate.Status
_Row = TypeVar("_Row", SandboxOrder, SandboxCertificate)


class Sandbox(Authority):
    """One account at the embedded authority; another account's orders do not exist for it.

    `rules` limit a certificate by the day of its issuance, `now` is the authority's clock and
    `issue_after` how long it takes to validate. Nothing is idempotent here, on purpose: a reference that
    is placed twice makes two orders.
    """

    capabilities: ClassVar[frozenset[Capability]] = frozenset(Capability)
    settle_time: ClassVar[timedelta] = timedelta(0)

    def __init__(
        self,
        account: str = "",
        *,
        now: Callable[[], datetime] = clock.now,
        limits: Sequence[Rule] = rules.DIGICERT,
        issue_after: timedelta | None = None,
        faults: Faults | None = None,
    ) -> None:
        self.account = account
        self.faults = faults or Faults()
        self._now = now
        self._limits = limits
        if issue_after is None:
            issue_after = timedelta(seconds=settings.SANDBOX_ISSUE_SECONDS)
        self._issue_after = issue_after

    # The contract

    @meets_faults
    def check(self) -> AuthorityIdentity:
        keyring = open_keyring(now=self._now())
        return AuthorityIdentity(name=facts_of(keyring.issuing.certificate).common_name, account=self.account)

    @meets_faults
    def place(self, spec: OrderSpec) -> OrderState:
        checked = intake.check_order(spec)
        old_end = self._old_end(spec)
        with transaction.atomic():
            order = self._take(spec, old_end)
            self._request(order, spec.reference, checked, is_reissue=False)
        return self._state(order)

    @meets_faults
    def find(self, spec: OrderSpec, *, since: datetime) -> OrderState | None:
        order = self._orders().filter(reference=spec.reference).order_by("pk").first()
        return self._settled(order) if order else None

    @meets_faults
    def status(self, order_number: str) -> OrderState:
        return self._settled(self._order(order_number))

    @meets_faults
    def recheck(self, order_number: str) -> OrderState:
        """It reads no DNS: whoever asks it to look again is believed to have put the proofs of the names in place."""
        order, now = self._order(order_number), self._now()
        order.certificates.filter(status=_Status.PENDING, issue_after__gt=now).update(issue_after=now)
        return self._settled(order)

    @meets_faults
    def reissue(self, spec: ReissueSpec) -> OrderState:
        order = self._known_or_adopted(spec)
        checked = intake.check_reissue(spec, Level(order.level))
        with transaction.atomic():
            self._begin_reissue(order)
            self._request(order, spec.reference, checked, is_reissue=True)
        return self._state(order)

    @meets_faults
    def find_reissue(self, spec: ReissueSpec, *, since: datetime) -> OrderState | None:
        order = self._order(spec.order_number)
        taken = order.certificates.filter(is_reissue=True, reference=spec.reference).exists()
        return self._settled(order) if taken else None

    @meets_faults
    def revoke(self, certificate: str, *, reason: RevocationReason, comment: str = "") -> Revocation:
        row = self._certificate(certificate)
        SandboxCertificate.objects.filter(pk=row.pk, status=_Status.ISSUED).update(
            status=_Status.REVOKED, revoked_at=self._now(), revocation_reason=reason.value
        )
        return Revocation.DONE

    @meets_faults
    def cancel(self, order_number: str, *, note: str = "") -> None:
        order = self._order(order_number)
        with transaction.atomic():
            dropped = order.certificates.filter(status=_Status.PENDING).update(status=_Status.CANCELED)
            if not dropped and order.status != SandboxOrder.Status.CANCELED:
                raise OrderRefused("nothing is pending under this order")
            left = SandboxOrder.Status.CANCELED if order.starts_at is None else SandboxOrder.Status.ISSUED
            self._orders().filter(pk=order.pk).update(status=left, note=note)

    @meets_faults
    def download(self, certificate: str, form: Format) -> Download:
        row = self._certificate(certificate)
        chain = open_keyring(now=self._now()).chain
        return pack(leaf=row.pem, chain=chain, common_name=row.common_name, form=form)

    # The authority's own side of the counter

    def validate_organization(self, number: str, *, until: datetime) -> int:
        """The authority's staff validated the organisation; returns how many pending orders it releases."""
        waiting = self._orders().filter(status=SandboxOrder.Status.PENDING, organization__number=number)
        return waiting.update(organization_validated_until=until)

    # Taking orders

    def _take(self, spec: OrderSpec, old_end: datetime | None) -> SandboxOrder:
        organization = spec.organization
        return SandboxOrder.objects.create(
            account=self.account,
            reference=spec.reference,
            product_name_id=spec.product_name_id,
            family=spec.family,
            level=spec.level,
            organization=intake.organization_fields(organization, Level(spec.level)) or None,
            organization_validated_until=organization.validated_until if organization else None,
            term_years=spec.term_years,
            term_days=spec.term_days,
            renewal_of=spec.renewal_of or "",
            renewal_of_ends_at=old_end,
            dcv_method=spec.dcv_method,
            auto_renew=spec.auto_renew,
            locale=spec.locale,
            placed_at=self._now(),
        )

    def _request(self, order: SandboxOrder, reference: str, checked: Checked, *, is_reissue: bool) -> None:
        now = self._now()
        order.certificates.create(
            reference=reference,
            is_reissue=is_reissue,
            csr=checked.csr,
            common_name=checked.names[0],
            names=list(checked.names),
            requested_at=now,
            issue_after=now + self._issue_after,
        )

    def _known_or_adopted(self, spec: ReissueSpec) -> SandboxOrder:
        """The order to reissue; one sold elsewhere is taken over with the dates its owner tells."""
        try:
            return self._order(spec.order_number)
        except OrderNotFound:
            if spec.order is None:
                raise
        level = Level(spec.order.level)
        adopted, _ = SandboxOrder.objects.get_or_create(
            account=self.account,
            adopted_number=spec.order_number,
            defaults={
                "status": SandboxOrder.Status.ISSUED,
                "product_name_id": spec.order.product_name_id,
                "family": spec.order.family,
                "level": spec.order.level,
                "organization": intake.organization_fields(spec.order.organization, level) or None,
                "term_days": rules.whole_days(spec.order.starts_at, spec.order.ends_at) or 1,
                "starts_at": spec.order.starts_at,
                "ends_at": spec.order.ends_at,
                "placed_at": self._now(),
            },
        )
        return adopted

    def _begin_reissue(self, order: SandboxOrder) -> None:
        if order.ends_at is not None and order.ends_at <= self._now():
            raise OrderRefused("the order has ended")
        begun = self._orders().filter(pk=order.pk, status=SandboxOrder.Status.ISSUED)
        if not begun.update(status=SandboxOrder.Status.REISSUE_PENDING):
            raise OrderRefused(f"an order that is {order.get_status_display()} is not reissued")
        order.status = SandboxOrder.Status.REISSUE_PENDING

    def _old_end(self, spec: OrderSpec) -> datetime | None:
        if not spec.renewal_of:
            return None
        known = _by_number(self._orders(), spec.renewal_of, _ORDERS_FROM).first()
        old_end = known.ends_at if known and known.ends_at else spec.renewal_of_ends_at
        if old_end is None:
            raise OrderRefused("the renewed order is unknown here, and nobody says when it ends")
        return old_end

    def _settled(self, order: SandboxOrder) -> OrderState:
        """The order's state, after issuing what has waited long enough."""
        if issue_if_due(order, limits=self._limits, now=self._now()):
            order.refresh_from_db()
        return self._state(order)

    # Answering

    def _state(self, order: SandboxOrder) -> OrderState:
        rows = list(order.certificates.order_by("-pk"))
        issued = next((row for row in rows if row.serial_number), None)
        pending = next((row for row in rows if row.status == _Status.PENDING), None)
        now = self._now()
        held = pending is not None and not pending.is_reissue and intake.needs_organization(order, now)
        return OrderState(
            order_number=order.adopted_number or str(_ORDERS_FROM + order.pk),
            reference=order.reference,
            status=AuthorityStatus(order.status),
            raw_status=order.status,
            common_name=rows[0].common_name,
            renewal_of=order.renewal_of or None,
            starts_at=order.starts_at,
            ends_at=order.ends_at,
            certificate=self._handed_out(issued) if issued else None,
            hold_reason="the organisation must be validated" if held else "",
            steps=tuple(intake.steps(order, pending, now)) if pending else (),
        )

    def _handed_out(self, row: SandboxCertificate) -> IssuedCertificate:
        facts = facts_of(x509.load_pem_x509_certificate(row.pem.encode("ascii")))
        return IssuedCertificate(
            certificate_number=str(_CERTIFICATES_FROM + row.pk),
            common_name=facts.common_name,
            names=facts.names,
            serial_number=facts.serial_number,
            thumbprint=facts.thumbprint,
            sha256=facts.sha256,
            valid_from=facts.valid_from,
            ends_at=facts.ends_at,
            pem=row.pem,
            chain=open_keyring(now=self._now()).chain,
            revoked_at=row.revoked_at,
        )

    # Finding

    def _orders(self) -> QuerySet[SandboxOrder]:
        return SandboxOrder.objects.filter(account=self.account)

    def _order(self, order_number: str) -> SandboxOrder:
        order = self._orders().filter(adopted_number=order_number).first() if order_number else None
        order = order or _by_number(self._orders(), order_number, _ORDERS_FROM).first()
        if order is None:
            raise OrderNotFound("not_found|order")
        return order

    def _certificate(self, name: str) -> SandboxCertificate:
        issued = SandboxCertificate.objects.filter(order__account=self.account, serial_number__isnull=False)
        row = issued.filter(serial_number=name.strip().upper().lstrip("0")).first()
        row = row or _by_number(issued, name, _CERTIFICATES_FROM).first()
        if row is None:
            raise OrderNotFound("not_found|certificate")
        return row


def _by_number(rows: QuerySet[_Row], number: str, first: int) -> QuerySet[_Row]:
    if not _NUMBER.fullmatch(number):
        return rows.none()
    return rows.filter(pk=int(number) - first)
