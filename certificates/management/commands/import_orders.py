"""Import orders, or a bundle of certificates, from a file: the same service as in the browser, without the preview."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentTypeError
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from certificates.models import Customer
from certificates.services.imports import ColumnsMissing, ImportReport, import_orders, open_orders
from certificates.services.imports.bundle import import_certificates
from certificates.services.imports.columns import FIELDS
from certificates.services.imports.reading import DATE_ORDER, looks_like_certificates
from certificates.services.imports.reasons import file_sentence, line_sentence
from certificates.services.imports.values import DateOrder
from certificates.states import AuthorityKind
from certificates.x509 import MAX_BUNDLE_BYTES, BadRequest
from portal import activities, clock, csvio
from portal.access import on_behalf_of
from portal.models import Partner

SOME_REJECTED, NOTHING_READ = 1, 2


class Command(BaseCommand):
    help = (
        "Import orders from CertCentral's order report, the Orders page's CSV or any CSV whose columns are named, or"
        " certificates from a PEM bundle. Exit status: 0 when every line was taken over, 1 when some were rejected,"
        " 2 when the file could not be read at all."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--partner", required=True, metavar="SLUG", help="whose orders they are")
        parser.add_argument(
            "--authority",
            choices=AuthorityKind.values,
            default=AuthorityKind.CERTCENTRAL.value,
            help="where they were ordered (default: %(default)s)",
        )
        parser.add_argument(
            "--column",
            action="append",
            type=_column,
            default=[],
            metavar="FIELD=COLUMN",
            help=f"which column of another CSV holds what; fields: {', '.join(FIELDS)}",
        )
        parser.add_argument(
            "--dates",
            choices=list(DateOrder),
            default=DateOrder.DAY_FIRST,
            help="how dates with the year last are written in another CSV (default: %(default)s)",
        )
        parser.add_argument("--customer", metavar="KEY", help="for certificates: the key or number of their customer")
        parser.add_argument("--dry-run", action="store_true", help="say what would happen, and change nothing")
        parser.add_argument("--json", action="store_true", help="print the report as JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        partner = _partner(options["partner"])
        with on_behalf_of(partner):
            try:
                report = _import(partner, options)
            except _Refused as refused:
                if options["json"]:
                    self.stdout.write(json.dumps({"error": {"code": refused.code, "sentence": str(refused)}}))
                raise CommandError(str(refused), returncode=NOTHING_READ) from refused
        self._print_json(report, dry_run=options["dry_run"]) if options["json"] else self._print(report, options)
        if report.rejected:
            sys.exit(SOME_REJECTED)

    def _print(self, report: ImportReport, options: dict[str, Any]) -> None:
        for one in report.rejected:
            self.stderr.write(f"line {one.line}: {line_sentence(one.reason)}")
        for warning in report.warnings:
            self.stderr.write(f"line {warning.line}, kept: {line_sentence(warning.reason)}")
        lines = "1 line" if report.total == 1 else f"{report.total} lines"
        written = ", nothing was written" if options["dry_run"] else ""
        self.stdout.write(
            f"{lines}{written}: {report.created} created, {report.updated} updated, {report.unchanged} unchanged,"
            f" {len(report.rejected)} rejected."
        )

    def _print_json(self, report: ImportReport, *, dry_run: bool) -> None:
        words = {
            "dry_run": dry_run,
            "created": report.created,
            "updated": report.updated,
            "unchanged": report.unchanged,
            "brought": report.brought,
            "rejected": [{**asdict(one), "sentence": line_sentence(one.reason)} for one in report.rejected],
            "warnings": [{**asdict(one), "sentence": line_sentence(one.reason)} for one in report.warnings],
        }
        self.stdout.write(json.dumps(words, ensure_ascii=False))


class _Refused(Exception):
    """The file cannot be imported at all."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


def _column(text: str) -> tuple[str, str]:
    name, equals, column = text.partition("=")
    if not equals or name not in FIELDS:
        raise ArgumentTypeError(f"{text!r} is not FIELD=COLUMN with one of the fields below")
    return name, column


def _partner(slug: str) -> Partner:
    found = Partner.objects.filter(slug=slug).first()
    if found is None:
        raise CommandError(f"There is no partner “{slug}”.", returncode=NOTHING_READ)
    return found


def _import(partner: Partner, options: dict[str, Any]) -> ImportReport:
    path: Path = options["file"]
    try:
        report = (_certificates if _holds_certificates(path) else _orders)(partner, options)
    except OSError as error:
        raise _Refused("file_unreadable", f"{path}: {error.strerror}") from error
    except (csvio.FileRefused, ColumnsMissing) as refused:
        raise _Refused(refused.code, file_sentence({"code": refused.code, **refused.facts})) from refused
    except BadRequest as refused:
        raise _Refused(refused.code, file_sentence({"code": refused.code})) from refused
    if not options["dry_run"]:
        _record(partner, path.name, report)
    return report


def _record(partner: Partner, file: str, report: ImportReport) -> None:
    activities.record(
        "partner.orders_imported",
        partner,
        partner=partner,
        file=file,
        created=report.created,
        updated=report.updated,
        unchanged=report.unchanged,
        rejected=len(report.rejected),
    )


def _holds_certificates(path: Path) -> bool:
    with path.open("rb") as file:
        return looks_like_certificates(file.read(4096), path.name)


def _orders(partner: Partner, options: dict[str, Any]) -> ImportReport:
    mapping = dict(options["column"])
    if mapping:
        mapping[DATE_ORDER] = options["dates"]
    with options["file"].open("rb") as file:
        return import_orders(
            open_orders(file, mapping).records(),
            partner=partner,
            authority=options["authority"],
            now=clock.now(),
            dry_run=options["dry_run"],
        )


def _certificates(partner: Partner, options: dict[str, Any]) -> ImportReport:
    customer = _customer(partner, options["customer"])
    with options["file"].open("rb") as file:
        data = file.read(MAX_BUNDLE_BYTES + 1)
    return import_certificates(data, partner=partner, customer=customer, dry_run=options["dry_run"])


def _customer(partner: Partner, name: str | None) -> Customer:
    customers = Customer.objects.for_partner(partner)
    found = customers.filter(key=name).first() or (customers.filter(number=name).first() if name else None)
    if found is None:
        sentence = f"There is no customer “{name}”." if name else "Say with --customer whose certificates these are."
        raise _Refused("customer_unknown", sentence)
    return found
