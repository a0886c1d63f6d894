"""Connect a partner to the embedded authority, and prove that a connection works."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction

from certificates.authorities import authority_for
from certificates.authorities.base import AuthorityError
from certificates.models import AuthorityConnection
from certificates.states import AuthorityKind
from portal import activities
from portal.models import Partner, User


class AlreadyConnected(Exception):
    """The partner has a connection of this kind."""


def connect(partner: Partner, *, actor: User, now: datetime) -> AuthorityConnection:
    """Connect the partner to the embedded authority; its first connection takes new orders. Raises AlreadyConnected."""
    kind = AuthorityKind.SANDBOX
    others = AuthorityConnection.objects.for_partner(partner)
    try:
        with transaction.atomic():
            connection = AuthorityConnection.objects.create(
                partner=partner, kind=kind, name=str(kind.label), is_default=not others.exists()
            )
            activities.record("connection.made", connection, partner=partner, actor=actor, at=now)
    except IntegrityError as clash:
        raise AlreadyConnected from clash
    return connection


def check_connection(connection: AuthorityConnection, *, actor: User, now: datetime) -> bool:
    """Ask the authority who we are, and keep its answer on the connection; whether it answered."""
    try:
        identity = authority_for(connection).check()
    except AuthorityError as refusal:
        _keep(connection, actor, now, last_error=refusal.message)
        return False
    _keep(connection, actor, now, last_error="", account_number=identity.account)
    return True


def _keep(connection: AuthorityConnection, actor: User, now: datetime, *, last_error: str, **changes: str) -> None:
    rows = AuthorityConnection.objects.for_partner(connection.partner).filter(pk=connection.pk)
    with transaction.atomic():
        rows.update(last_checked_at=now, last_error=last_error, **changes)
        activities.record(
            "connection.checked", connection, partner=connection.partner, actor=actor, at=now, error=last_error
        )
