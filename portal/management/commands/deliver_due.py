"""Send the letters that are due, once, and say what became of them: what the worker does by itself all day."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal import clock
from portal.mail.delivery import Delivered, deliver_due, foresee

LIMIT = 2000
LABELS = {
    "sent": "sent",
    "later": "refused for now, to be tried again",
    "parked": "set aside",
    "bounced": "to addresses that do not exist",
    "unanswered": "never answered, to go once more",
    "withdrawn": "no longer wanted",
    "suppressed": "to addresses switched off",
    "postponed": "over a cap of the day, to leave tomorrow",
    "asked": "waiting for an administrator",
}


class Command(BaseCommand):
    help = "Send the letters that are due, and print what became of them."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--now", type=_moment, metavar="ISO", help="as if it were then (default: this moment)")
        parser.add_argument("--limit", type=int, default=LIMIT, help=f"at most so many letters (default: {LIMIT})")
        parser.add_argument("--dry-run", action="store_true", help="change nothing, and say what would happen first")
        parser.add_argument("--json", action="store_true", help="print the figures as JSON")

    def handle(self, *_: Any, **options: Any) -> None:
        now = options["now"] or clock.now()
        run = foresee if options["dry_run"] else deliver_due
        did = run(now=now, limit=options["limit"])
        if options["json"]:
            self.stdout.write(json.dumps(asdict(did)))
        else:
            self.stdout.write("\n".join(_lines(did)))


def _lines(did: Delivered) -> list[str]:
    figures = asdict(did)
    lines = [f"{figures[name]:>7} {words}" for name, words in LABELS.items() if figures[name] or name == "sent"]
    return [*lines, f"Stopped: {did.stopped}."] if did.stopped else lines


def _moment(written: str) -> datetime:
    try:
        moment = datetime.fromisoformat(written)
    except ValueError as error:
        raise CommandError(f"{written} is no moment: write 2026-11-22T09:00, in UTC, or with an offset.") from error
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
