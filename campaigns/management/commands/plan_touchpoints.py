"""Plan the touchpoints of the coming week, as the schedule does; asked twice, the second time changes nothing."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentTypeError
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from campaigns.services.planning import Planned, plan_touchpoints
from portal import clock
from portal.models import Partner

SOME_FAILED = 1


class Command(BaseCommand):
    help = (
        "Plan every touchpoint that is due within a week, or was missed while nothing ran. Exit status: 0 when every"
        " partner was planned for, 1 when the plan of one could not be made."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--now", type=_moment, metavar="ISO", help="the moment to plan at, such as 2026-11-22T06:00:00Z; UTC"
        )
        parser.add_argument("--partner", metavar="SLUG", help="for one partner; without it, for all that are active")
        parser.add_argument("--dry-run", action="store_true", help="say what would happen, and change nothing")
        parser.add_argument("--json", action="store_true", help="print the report as JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        now, partner = options["now"] or clock.now(), _partner(options["partner"])
        report = plan_touchpoints(now=now, partner=partner, dry_run=options["dry_run"])
        self.stdout.write(_as_json(report, now, options) if options["json"] else _as_text(report, options))
        if report.failed:
            sys.exit(SOME_FAILED)


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as unknown:
        raise ArgumentTypeError(f"“{text}” is not a moment such as 2026-11-22T06:00:00Z.") from unknown
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _partner(slug: str | None) -> Partner | None:
    if slug is None:
        return None
    try:
        return Partner.objects.get(slug=slug)
    except Partner.DoesNotExist as unknown:
        raise CommandError(f"There is no partner “{slug}”.") from unknown


def _as_json(report: Planned, now: datetime, options: dict[str, Any]) -> str:
    return json.dumps({"now": now.isoformat(), "dry_run": options["dry_run"], **asdict(report)})


def _as_text(report: Planned, options: dict[str, Any]) -> str:
    counted = ", ".join(f"{number} {name}" for name, number in asdict(report).items() if number)
    said = counted or "nothing to change"
    return f"Would be: {said}" if options["dry_run"] else said.capitalize()
