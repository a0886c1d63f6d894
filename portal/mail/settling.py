"""Letters that must not be sent (again) come to their end before a run begins, and the apps above hear of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Case, F, Q, TextField, Value, When

from portal import crashpoints
from portal.mail import settled, wanted
from portal.models import OutgoingMail
from portal.models.mail import SECRET_PURPOSES, MailReason, MailState, OutgoingMailQuerySet, late, switched_off
from portal.models.mail import unanswered_twice as twice

BATCH = 500
ENDS = {
    MailReason.UNANSWERED: MailState.PARKED,
    MailReason.WITHDRAWN: MailState.WITHDRAWN,
    MailReason.REFUSED: MailState.WITHDRAWN,
    MailReason.UNTRUE: MailState.WITHDRAWN,
    MailReason.LATE: MailState.WITHDRAWN,
    MailReason.SWITCHED_OFF: MailState.SUPPRESSED,
}
# What becomes of the words of a letter that will never be sent (again): secrets are of no use to later readers.
FORGOTTEN: dict[str, Any] = {
    words: Case(When(purpose__in=SECRET_PURPOSES, then=Value("")), default=F(words), output_field=TextField())
    for words in ("text", "html")
}


def settle(now: datetime) -> dict[MailState, int]:
    """Close what must not be sent; returns how many letters came to which end."""
    settled.tell_again(now)
    ended: dict[MailState, int] = defaultdict(int)
    while batch := _settle_batch(now):
        for reason, letters in batch.items():
            ended[ENDS[reason]] += letters
    return ended


@transaction.atomic
def _settle_batch(now: datetime) -> dict[MailReason, int]:
    by_reason: dict[MailReason, list[OutgoingMail]] = defaultdict(list)
    ended = to_end(now).select_for_update(skip_locked=True, of=("self",)).order_by("pk")
    for letter in ended[:BATCH]:
        by_reason[reason_of(letter)].append(letter)
    for reason, letters in by_reason.items():
        close(letters, ENDS[reason], reason, now)
    crashpoints.reach("mail.settling")
    return {reason: len(letters) for reason, letters in by_reason.items()}


def to_end(now: datetime) -> OutgoingMailQuerySet:
    """The due letters that must not be sent, each with the reason in `why`; the first one that holds."""
    cases = [
        When(twice(now), then=Value(MailReason.UNANSWERED)),
        When(Q(is_wanted=False, reason=MailReason.REFUSED), then=Value(MailReason.REFUSED)),
        When(is_wanted=False, then=Value(MailReason.WITHDRAWN)),
        When(wanted.has_become_untrue(now), then=Value(MailReason.UNTRUE)),
        When(switched_off(), then=Value(MailReason.SWITCHED_OFF)),
        When(late(now), then=Value(MailReason.LATE)),
    ]
    due: OutgoingMailQuerySet = OutgoingMail.objects.due(now).alias(ends=Case(*cases, default=Value("")))
    return due.filter(~Q(ends="")).annotate(why=F("ends"))


def reason_of(letter: OutgoingMail) -> MailReason:
    """Of a letter found by `to_end`."""
    return MailReason(letter.why)  # type: ignore[attr-defined]


def forgotten(letters: Sequence[OutgoingMail]) -> dict[str, Any]:
    """FORGOTTEN, for these letters; said plainly where all hold secrets, as most do, which costs a third as much."""
    are_secret = all(letter.purpose in SECRET_PURPOSES for letter in letters)
    return dict.fromkeys(FORGOTTEN, "") if are_secret else FORGOTTEN


def close(letters: Sequence[OutgoingMail], state: MailState, reason: MailReason, now: datetime, **fields: Any) -> None:
    """Note the end of letters that will not be sent, in the caller's transaction, and say so."""
    kept = {} if state == MailState.PARKED else forgotten(letters)
    OutgoingMail.objects.filter(pk__in=[letter.pk for letter in letters]).update(
        state=state, reason=reason, claim="", claimed_until=None, waits="", **kept, **fields
    )
    settled.tell(letters, state=state, reason=reason, at=now)
