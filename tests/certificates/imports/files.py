"""Small exports for tests: only the columns a test cares about, in any of the layouts."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

from certificates.services.imports import ImportReport, OrderRecord, Rejection, import_orders, open_orders
from certificates.states import AuthorityKind
from portal.models import Partner
from tests.factories import TODAY, midnight

NOW = midnight(TODAY)
REPORT: Mapping[str, str] = {
    "order_id": "7100001",
    "customer_order_id": "",
    "date_created": "2026-01-10 08:00:00",
    "status": "issued",
    "organization_id": "200001",
    "organization_name": "Granit Phare SA",
    "tech_first_name": "Søren",
    "tech_last_name": "O'Neil",
    "tech_email": "it@granit-phare.example",
    "tech_telephone": "+33 4 00 27 53 64",
    "validity_years": "1",
    "common_name": "www.granit-phare.example",
    "dns_names": "www.granit-phare.example,granit-phare.example",
    "product_name_id": "ssl_securesite_flex",
    "product_name": "Secure Site OV",
    "valid_from": "2026-06-01 00:00:00",
    "valid_till": "2026-12-16 23:59:59",
    "is_renewed": "0",
    "renewed_order_id": "0",
    "disable_renewal_notifications": "0",
    "auto_renew": "0",
    "thumbprint": "10B8FE223C11654988534206FC4A447EC49872C6",
    "serial_number": "0A06B39515AD9A9D0A57AF35B9B81635",
}
# The same order as the Orders page tells of it, with its end
PAGE: Mapping[str, str] = {
    "id": "7100001",
    "status": "issued",
    "certificate.common_name": "www.granit-phare.example",
    "certificate.valid_till": "2026-12-16",
    "order_valid_till": "2027-01-31",
    "organization.name": "Granit Phare SA",
    "product.name_id": "ssl_securesite_flex",
}


def report_line(**cells: str) -> dict[str, str]:
    """A line of the order report; "" empties a cell."""
    return {**REPORT, **cells}


def dv_line(**cells: str) -> dict[str, str]:
    """A line of the order report for a domain-validated order: it names no organisation."""
    dv = {"organization_id": "", "organization_name": "", "product_name_id": "ssl_dv_geotrust_flex"}
    return report_line(**{**dv, "product_name": "GeoTrust DV SSL", **cells})


def table(*lines: Mapping[str, str], delimiter: str = ",", encoding: str = "utf-8") -> bytes:
    """A CSV file of lines with the same columns, every cell quoted."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(lines[0]), delimiter=delimiter, quoting=csv.QUOTE_ALL)
    writer.writeheader()
    writer.writerows(lines)
    return text.getvalue().encode(encoding)


def records(data: bytes, mapping: Mapping[str, str] | None = None) -> list[OrderRecord | Rejection]:
    return list(open_orders(io.BytesIO(data), mapping).records())


def record(*cells: Mapping[str, str], mapping: Mapping[str, str] | None = None) -> OrderRecord:
    """The record of a file of one good line."""
    (found,) = records(table(*cells), mapping)
    assert isinstance(found, OrderRecord), found
    return found


def rejection(*cells: Mapping[str, str], mapping: Mapping[str, str] | None = None) -> Rejection:
    (found,) = records(table(*cells), mapping)
    assert isinstance(found, Rejection), found
    return found


def bring(
    partner: Partner,
    *lines: Mapping[str, str],
    mapping: Mapping[str, str] | None = None,
    authority: str = AuthorityKind.CERTCENTRAL,
    **options: Any,
) -> ImportReport:
    """Import lines with the same columns."""
    source: Sequence[OrderRecord | Rejection] = records(table(*lines), mapping)
    return import_orders(source, partner=partner, authority=authority, now=options.pop("now", NOW), **options)


def counts(report: ImportReport) -> tuple[int, int, int, int]:
    return report.created, report.updated, report.unchanged, len(report.rejected)
