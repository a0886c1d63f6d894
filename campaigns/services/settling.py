"""What becomes of letters becomes of their notices; and a letter that has become untrue does not leave.

Registered in the slots of the mail: whatever it says is asked again in the claim itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Case, Exists, OuterRef, Q, TextField, Value, When
from django.db.models.functions import Coalesce, Greatest, Lower

from campaigns.models import Notice
from campaigns.querysets import NoticeQuerySet
from campaigns.services import standing
from campaigns.states import NoticeState, Reason
from certificates.models import Customer
from portal.access import across_partners
from portal.mail.settled import Settled, on_settled
from portal.mail.wanted import untrue
from portal.models import OutgoingMail, SuppressedAddress
from portal.models.mail import MailPurpose, MailReason, MailState

_NEVER = (SuppressedAddress.Reason.BOUNCED, SuppressedAddress.Reason.COMPLAINED)


def register() -> None:
    """Hang everything in its slot."""
    untrue.add(speaks_of_the_past)
    on_settled.add(hear)


def speaks_of_the_past(now: datetime) -> Q:
    """Letters of which a notice has fallen silent, or waits: renewed, switched off, moved, put off, promised."""
    gone = reduce(or_, [*standing.falling_silent(now).values(), *standing.paused(now).values()])
    notices = Notice.objects.filter(mail=OuterRef("pk"), state=NoticeState.QUEUED).filter(gone)
    return Q(Exists(notices))


def hear(settled: Sequence[Settled]) -> None:
    """Note on the notices what became of their letters; told once more, nothing changes."""
    by_end: defaultdict[str, list[Settled]] = defaultdict(list)
    replanned = _without_offers(settled)
    for one in settled:
        by_end[_end_of(one, replanned)].append(one)
    with across_partners():
        for end, letters in by_end.items():
            _ENDS[end](letters)


def _end_of(one: Settled, replanned: set[int]) -> str:
    if one.state == MailState.SENT or (one.state == MailState.WITHDRAWN and one.may_have_arrived):
        return "sent"
    if one.letter in replanned:
        return "again"
    if one.state == MailState.WITHDRAWN:
        return "refused" if one.reason == MailReason.REFUSED else "again"
    return "suppressed" if one.state == MailState.SUPPRESSED else "failed"


def _without_offers(settled: Sequence[Settled]) -> set[int]:
    """Letters that stayed home only because their reader wants no offers: what they said is written again without."""
    stopped = [one.letter for one in settled if one.reason == MailReason.SWITCHED_OFF]
    if not stopped:
        return set()
    with across_partners():
        never = SuppressedAddress.objects.annotate(address=Lower("email")).filter(
            partner=OuterRef("partner"), address=Lower(OuterRef("to_email")), reason__in=_NEVER
        )
        offers = OutgoingMail.objects.filter(pk__in=stopped, purpose=MailPurpose.OFFER)
        return set(offers.exclude(Exists(never)).values_list("pk", flat=True))


def _queued(letters: Iterable[Settled]) -> NoticeQuerySet:
    found: NoticeQuerySet = Notice.objects.filter(mail__in=[one.letter for one in letters], state=NoticeState.QUEUED)
    return found


def _sent(letters: Sequence[Settled]) -> None:
    at = max(one.at for one in letters)
    spoken_to = _queued(letters).filter(contact__isnull=False).order_by().values_list("customer", flat=True)
    customers = Customer.objects.filter(pk__in=set(spoken_to))
    customers.update(last_contacted_at=Greatest(Coalesce("last_contacted_at", at), at))
    _queued(letters).update(state=NoticeState.SENT, reason="", decided_at=at, detail=_words(letters))


def _again(letters: Sequence[Settled]) -> None:
    """Planned once more, at once; what has fallen silent meanwhile says so instead."""
    at = max(one.at for one in letters)
    keys = list(_queued(letters).values_list("pk", flat=True))
    rows = Notice.objects.filter(pk__in=keys)
    rows.update(state=NoticeState.PLANNED, decided_at=None, detail="")
    for reason, why in standing.falling_silent(at).items():
        state = NoticeState.SUPPRESSED if reason in standing.SUPPRESSING else NoticeState.SILENT
        rows.filter(why, state=NoticeState.PLANNED).update(state=state, reason=reason, decided_at=at)


def _refused(letters: Sequence[Settled]) -> None:
    _stay(letters, state=NoticeState.SUPPRESSED, reason=Reason.REFUSED_BY_US)


def _suppressed(letters: Sequence[Settled]) -> None:
    _stay(letters, state=NoticeState.SUPPRESSED, reason=Reason.BAD_ADDRESS)


def _failed(letters: Sequence[Settled]) -> None:
    unwritable = [one for one in letters if one.reason == MailReason.UNWRITABLE]
    others = [one for one in letters if one.reason != MailReason.UNWRITABLE]
    _stay(unwritable, state=NoticeState.FAILED, reason=Reason.TEMPLATE)
    _stay(others, state=NoticeState.FAILED, reason=Reason.SERVER)


def _stay(letters: Sequence[Settled], *, state: NoticeState, reason: Reason) -> None:
    if letters:
        at = max(one.at for one in letters)
        _queued(letters).update(state=state, reason=reason, decided_at=at, detail=_words(letters))


def _words(letters: Sequence[Settled]) -> Any:
    """What the server said of each letter."""
    said = [When(mail=one.letter, then=Value(one.detail)) for one in letters if one.detail]
    return Case(*said, default=Value(""), output_field=TextField()) if said else Value("")


_ENDS = {"sent": _sent, "again": _again, "refused": _refused, "suppressed": _suppressed, "failed": _failed}
