"""Fill an empty installation with the demo: asked twice, it changes nothing."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from certificates.services import demo
from portal import clock
from portal.demo import PARTNER_SLUG
from portal.models import Partner


class Command(BaseCommand):
    help = "Make the demo partner with people, customers and certificates, dated from today."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--if-empty", action="store_true", help="do nothing where a partner exists already")

    def handle(self, *_: Any, if_empty: bool, **__: Any) -> None:
        if Partner.objects.filter(slug=PARTNER_SLUG).exists() or (if_empty and Partner.objects.exists()):
            if if_empty:
                return
            raise CommandError("The demo partner exists already; nothing was changed.")
        with transaction.atomic():
            made = demo.seed(now=clock.now())
        self.stdout.write(f"Demo: {made.customers} customers, {made.orders} orders, {made.certificates} certificates.")
