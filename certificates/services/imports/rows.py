"""An order record as a row of the stage: with its product looked up, its remarks, and the words it is found by."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from certificates import rules
from certificates.models import Product
from certificates.remarks import IMPORTED, Remark
from certificates.search.text import index_text
from certificates.services.imports import values
from certificates.services.imports.records import Holder, Issued, LineWarning, OrderRecord
from certificates.states import OrderStatus, ValidationLevel
from certificates.x509 import display_name

_KEY_LENGTH = 190
_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class KnownProduct:
    pk: int
    name: str
    level: str


class Catalogue:
    """The products an order may be of, by the authority's name id and by name."""

    def __init__(self) -> None:
        self._by_name_id: dict[str, KnownProduct] = {}
        self._by_name: dict[str, KnownProduct] = {}
        for pk, name_id, name, level in Product.objects.values_list("pk", "name_id", "name", "level"):
            self._by_name_id[name_id] = self._by_name[name.casefold()] = KnownProduct(pk, name, level)

    def find(self, record: OrderRecord) -> KnownProduct | None:
        """The record's product, or None: not said, or not in the catalogue."""
        named = self._by_name_id.get(record.product_name_id or "")
        return named or self._by_name.get((record.product_name or "").casefold())


@dataclass(frozen=True, slots=True)
class Staged:
    """One line on its way into the stage."""

    row: tuple[Any, ...]
    domains: tuple[str, ...]
    warnings: tuple[LineWarning, ...]


def staged(record: OrderRecord, catalogue: Catalogue) -> Staged:
    """The record as a row, in the order of `sql.STAGED`; moments as text in UTC, which both databases read."""
    names = record.names or (record.common_name,)
    product = catalogue.find(record)
    warnings = (*record.warnings, *_remarks(record, names, product))
    domains = values.registrables(names)
    certificate = record.certificate
    holder = record.holder or _SILENT
    contact = record.contact
    row = (
        record.line,
        record.number,
        record.common_name,
        json.dumps(names),
        record.names is not None,
        record.status.value if record.status else None,
        record.authority_status,
        _text(record.placed_at),
        _text(_placed(record)),
        record.term_years,
        _text(record.starts_at),
        _text(_start(record)),
        _text(record.ends_at),
        _last_day(record.ends_at),
        None if record.end_source is None else record.end_source.value,
        _text(certificate.starts_at) if certificate else None,
        _text(certificate.ends_at) if certificate else None,
        _last_day(certificate.ends_at) if certificate else None,
        certificate.number if certificate else "",
        certificate.serial_number if certificate else "",
        certificate.thumbprint if certificate else "",
        None if record.holder is None else holder.number,
        None if record.holder is None else holder.name,
        f"name:{holder.name.casefold()[:_KEY_LENGTH]}" if holder.name else None,
        holder.address,
        holder.city,
        holder.state,
        holder.country,
        values.registrable(record.common_name) or next(iter(domains), ""),
        contact.email if contact else None,
        contact.name if contact else "",
        contact.title if contact else "",
        contact.phone if contact else "",
        product.pk if product else None,
        product.name if product else record.product_name or record.product_name_id or None,
        record.customer_reference,
        record.is_renewed,
        record.successor_number,
        record.notices_enabled,
        record.auto_renew,
        None if record.additional_emails is None else json.dumps(record.additional_emails),
        record.csr,
        record.server_platform,
        record.dcv_method,
        record.division,
        _codes(record, warnings),
        _words(record, names, certificate),
        json.dumps(warnings[0].reason) if warnings else "{}",
    )
    return Staged(row, domains, warnings)


_SILENT = Holder()


def _remarks(record: OrderRecord, names: Sequence[str], product: KnownProduct | None) -> list[LineWarning]:
    """What is kept on the order although it needs a look."""
    found = []
    sold_as = record.product_name or record.product_name_id
    if product is None and sold_as:
        found.append(LineWarning(record.line, Remark.UNKNOWN_PRODUCT, value=values.shown(sold_as)))
    if product and product.level == ValidationLevel.EV and rules.holds_wildcard(names):
        found.append(LineWarning(record.line, Remark.EV_WILDCARD, value=record.common_name))
    if record.status is OrderStatus.UNKNOWN:
        found.append(LineWarning(record.line, Remark.UNKNOWN_STATUS, value=values.shown(record.authority_status or "")))
    return found


def _codes(record: OrderRecord, warnings: Sequence[LineWarning]) -> str | None:
    """The remarks that the order keeps; None where the source says too little to judge."""
    if not (record.product_name or record.product_name_id):
        return None
    return json.dumps([one.code for one in warnings if one.code in IMPORTED]) if warnings else "[]"


def _placed(record: OrderRecord) -> datetime | None:
    """When a new order was placed where the source only allows to guess it."""
    certificate = record.certificate
    begun = record.starts_at or (certificate.starts_at if certificate else None)
    if begun or record.placed_at:
        return begun
    return rules.add_years(record.ends_at, -(record.term_years or 1)) if record.ends_at else None


def _start(record: OrderRecord) -> datetime | None:
    """When the order started where the source does not say: when it was placed, or first issued."""
    if record.ends_at is None:
        return None
    issued = record.certificate.starts_at if record.certificate else None
    return min(filter(None, (record.placed_at, issued)), default=None)


def _text(when: datetime | None) -> str | None:
    return str(when)[:-6] if when else None


def _last_day(ends_at: datetime | None) -> str | None:
    return str(ends_at - _INSTANT)[:10] if ends_at else None


def _words(record: OrderRecord, names: Sequence[str], certificate: Issued | None) -> str:
    serial = certificate.serial_number if certificate else ""
    read = [display_name(name) for name in names if "xn--" in name]
    return index_text(record.number, *names, *read, record.customer_reference or "", serial)
