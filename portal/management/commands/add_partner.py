"""Open the portal to a partner: its first administrator is invited by letter, and invites all others."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email
from django.db import transaction
from django.utils.text import slugify

from portal import clock
from portal.access import on_behalf_of
from portal.models import Partner, User
from portal.roles import Role
from portal.services import people


class Command(BaseCommand):
    help = "Add a partner and invite its first administrator; for a partner that exists, invite one more."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="the partner's name, as its customers know it")
        parser.add_argument("--administrator", required=True, metavar="EMAIL", help="who is invited")
        parser.add_argument(
            "--slug", default="", help="its short name in commands and addresses (default: from the name)"
        )

    @transaction.atomic
    def handle(self, *_: Any, name: str, administrator: str, slug: str, **__: Any) -> None:
        operator = User.objects.filter(is_superuser=True, is_active=True).order_by("pk").first()
        if operator is None:
            raise CommandError("Somebody has to invite: make yourself an account first, with createsuperuser.")
        _check_email(administrator)
        partner, created = Partner.objects.get_or_create(slug=slug or slugify(name), defaults={"name": name})
        with on_behalf_of(partner):
            _invite(administrator, partner, operator)
        self.stdout.write(f"Partner {partner.slug} {'added' if created else 'known'}; {administrator} is invited.")


def _check_email(email: str) -> None:
    try:
        validate_email(email)
    except ValidationError as error:
        raise CommandError(f"{email} is no e-mail address.") from error


def _invite(email: str, partner: Partner, operator: User) -> None:
    invitation = people.Invitation(email=email, role=Role.ADMINISTRATOR)
    try:
        people.invite(invitation, partner=partner, actor=operator, now=clock.now())
    except people.AlreadyMember as error:
        raise CommandError(f"{email} works for {partner} already.") from error
