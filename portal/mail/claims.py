"""Letters are taken by one worker at a time, and only while all that must be true of them still is."""

from __future__ import annotations

import secrets
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Case, F, Q, Value, When

from portal import crashpoints
from portal.mail import caps, wanted
from portal.models import OutgoingMail
from portal.models.mail import MailState, OutgoingMailQuerySet

# What was handed over and never answered has been handed over once more when it is taken again.
_UNANSWERED = Case(When(Q(state=MailState.CLAIMED, is_handing=True), then=Value(1)), default=Value(0))
# One whose worker died before it came to it has not been tried.
_TRIED = Case(When(Q(state=MailState.CLAIMED, is_handing=False), then=Value(0)), default=Value(1))


def due_letters(now: datetime) -> OutgoingMailQuerySet:
    """Every letter that may leave now."""
    due: OutgoingMailQuerySet = OutgoingMail.objects.claimable(now)
    return due.exclude(wanted.has_become_untrue(now)) if wanted.untrue.items else due


def claim(now: datetime, *, size: int) -> tuple[list[OutgoingMail], int]:
    """Take up to so many due letters, urgent ones first, for this worker alone until the lease is over.

    Returns those that may leave, and how many were looked at: some wait for another day, or for an answer.
    """
    with transaction.atomic():
        taken = _take(now, size)
        admission = caps.admit(taken, now) if taken else caps.Admission()
    crashpoints.reach("mail.claimed")
    return admission.admitted, len(taken)


def _take(now: datetime, size: int) -> list[OutgoingMail]:
    ids = _free(now, size)
    if not ids:
        return []
    name = secrets.token_hex(16)
    # locked since the question was asked: what it asked of them still holds
    OutgoingMail.objects.filter(pk__in=ids).update(
        # the old state still stands in the row while this is computed
        unanswered=F("unanswered") + _UNANSWERED,
        state=MailState.CLAIMED,
        is_handing=False,
        claim=name,
        claimed_until=now + settings.MAIL_LEASE,
        attempts=F("attempts") + _TRIED,
    )
    # one partner for all its letters, instead of one beside each
    mine = OutgoingMail.objects.filter(claim=name).prefetch_related("partner")
    return list(mine.order_by("due_at", "pk"))


def _free(now: datetime, size: int) -> list[int]:
    """The keys of so many due letters, locked: urgent ones, or where there are none of the others."""
    due = due_letters(now).order_by("due_at", "pk")
    # hardly ever is one urgent, and the whole question costs a hundred times as much as this one
    is_urgent = OutgoingMail.objects.due(now).urgent().exists()
    return (_locked(due.urgent(), size) if is_urgent else []) or _locked(due, size)


def _locked(due: OutgoingMailQuerySet, size: int) -> list[int]:
    # rows that another worker is about to take are passed over, not waited for
    return list(due.select_for_update(skip_locked=True, of=("self",)).values_list("pk", flat=True)[:size])
