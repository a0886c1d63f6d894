"""Draw the PDF of a sent quote from its snapshot, with the figures it was sent with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from offers.documents.drawing import TooManyLines
from offers.documents.snapshot import SnapshotUnreadable
from offers.models import Quote
from offers.services.quotes.papers import pdf_of
from portal import clock, pdf
from portal.access import across_partners
from portal.models import Partner


class Command(BaseCommand):
    help = (
        "Write the PDF of a quote to a file, drawn from what was kept when it was sent; the newest version unless told."
    )

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        # Django's own --version gives way to that of the quote.
        return super().create_parser(prog_name, subcommand, conflict_handler="resolve", **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("number", help="of the quote, such as Q-2026-00042")
        parser.add_argument("--output", required=True, type=Path, metavar="FILE")
        parser.add_argument(
            "--partner", metavar="SLUG", help="whose quote it is, where several partners have the number"
        )
        parser.add_argument(
            "--version", type=int, metavar="N", help="which version (default: the newest that was sent)"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        with across_partners():
            quote = _quote(options)
            content = _drawn(quote)
        try:
            options["output"].write_bytes(content)
        except OSError as error:
            raise CommandError(f"{options['output']} could not be written: {error.strerror}.") from error
        self.stdout.write(f"{options['output']}: quote {quote}, version {quote.version}, {len(content)} bytes.")


def _drawn(quote: Quote) -> bytes:
    try:
        return pdf_of(quote, now=clock.now())
    except SnapshotUnreadable as error:
        raise CommandError(f"Quote {quote} could not be drawn: what was kept of it is broken at {error}.") from error
    except (TooManyLines, pdf.RenderFailed) as error:
        raise CommandError(f"Quote {quote} could not be drawn: {error}.") from error


def _quote(options: dict[str, Any]) -> Quote:
    number, version = options["number"], options["version"]
    if not number or not number.isprintable():
        raise CommandError("A quote's number is like Q-2026-00042.")
    rows = Quote.objects.sent().filter(number=number).select_related("partner", "customer")
    found = list(rows.filter(**_of_partner(options["partner"])).order_by("-version"))
    if not found:
        raise CommandError(f"No quote {number} was sent.")
    slugs = sorted({quote.partner.slug for quote in found})
    if len(slugs) > 1:
        raise CommandError(
            f"Several partners have sent a quote of this number: say --partner, one of {', '.join(slugs)}."
        )
    if version is None:
        return found[0]
    chosen = [quote for quote in found if quote.version == version]
    if not chosen:
        raise CommandError(f"Quote {number} was not sent in version {version}; the newest is {found[0].version}.")
    return chosen[0]


def _of_partner(slug: str | None) -> dict[str, str]:
    if slug is None:
        return {}
    if not (slug.isprintable() and Partner.objects.filter(slug=slug).exists()):
        raise CommandError(f"There is no partner {slug!a}.")
    return {"partner__slug": slug}
