"""Take in what came back of letters: one message from a mail server's pipe, or a mailbox over IMAP."""

from __future__ import annotations

import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal import clock
from portal.mail import imap, judging, reports


class Command(BaseCommand):
    help = "Read one returned message from standard input, or with --imap those in the mailbox of the settings."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--imap", action="store_true", help="read the mailbox named in PORTAL_MAIL_RETURN_IMAP")
        parser.add_argument("--recipient", default="", metavar="ADDRESS", help="where the message was delivered to")

    def handle(self, *_: Any, recipient: str, **options: Any) -> None:
        now = clock.now()
        if not options["imap"]:
            report = reports.read(sys.stdin.buffer.read(reports.MAX_BYTES + 1), to=recipient)
            noted = report is not None and judging.take(report, now=now) is not None
            self.stdout.write("Noted." if noted else "Nothing new.")
            return
        if not settings.MAIL_RETURN_IMAP:
            raise CommandError("Name the mailbox in PORTAL_MAIL_RETURN_IMAP first.")
        taken = imap.take_returns(now=now)
        self.stdout.write(f"{taken.read} messages read, {taken.noted} noted.")
