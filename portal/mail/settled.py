"""What became of letters is told to the apps above, in the transaction that notes it, once for each letter.

A listener that breaks keeps no letter from being noted: it is told again in the next runs, until it has heard.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from django.db import InterfaceError, OperationalError, transaction

from portal.contributions import Slot
from portal.mail import alarms
from portal.models import MailAlarm, OutgoingMail
from portal.models.mail import MailReason, MailState

log = structlog.get_logger(__name__)

# So many letters whose listener broke are told again in one run.
RETOLD = 100


@dataclass(frozen=True, slots=True)
class Settled:
    """The end of one letter. One that is withdrawn may be asked for anew, unless it `may_have_arrived`.

    `state` is SENT, PARKED, SUPPRESSED or WITHDRAWN, and `reason` says why; `detail` holds the server's words, if any.
    """

    letter: int
    key: str
    partner: int | None
    state: MailState
    reason: MailReason
    detail: str
    at: datetime
    may_have_arrived: bool


# Apps above add hear(settled), called with up to some hundred letters of all partners: few queries, not one for each.
on_settled: Slot[Callable[[Sequence[Settled]], None]] = Slot()


def tell(letters: Iterable[OutgoingMail], *, state: MailState, reason: MailReason, at: datetime) -> None:
    """Say what became of letters just noted so, in the caller's transaction; what is not heard is told later."""
    settled = [_settled(letter, state, reason, letter.last_error, at) for letter in letters]
    if settled and not _heard(settled):
        OutgoingMail.objects.filter(pk__in=[one.letter for one in settled]).update(is_told=False)
        alarms.raise_alarm(MailAlarm.Kind.LISTENER, at=at)


def tell_again(now: datetime) -> None:
    """Tell, one by one, what a listener that broke has not heard."""
    waiting = list(OutgoingMail.objects.filter(is_told=False).order_by("pk")[:RETOLD])
    for letter in waiting:
        with transaction.atomic():
            state, reason = MailState(letter.state), MailReason(letter.reason)
            if _heard([_settled(letter, state, reason, letter.last_error, letter.sent_at or now)]):
                OutgoingMail.objects.filter(pk=letter.pk).update(is_told=True)
    if waiting and not OutgoingMail.objects.filter(is_told=False).exists():
        alarms.end(MailAlarm.Kind.LISTENER, at=now)


def _heard(settled: Sequence[Settled]) -> bool:
    try:
        with transaction.atomic():
            for hear in on_settled.items:
                hear(settled)
    except (OperationalError, InterfaceError):
        raise  # of the database, and the whole transaction with it
    except Exception:  # another app's mistake must not send a letter twice
        log.exception("settled_not_heard", letters=[one.letter for one in settled][:10])
        return False
    return True


def _settled(letter: OutgoingMail, state: MailState, reason: MailReason, detail: str, at: datetime) -> Settled:
    return Settled(
        letter=letter.pk,
        key=letter.key,
        partner=letter.partner_id,
        state=state,
        reason=reason,
        detail=detail,
        at=at,
        may_have_arrived=state == MailState.SENT or letter.is_handing or letter.unanswered > 0,
    )
