"""Hand due letters to the mail server: claim, commit, act, record; nothing is lost, and a repeat is recognisable.

A process killed in the middle leaves its letters claimed. Those it was handing over, HANDFUL at most, go once
more under the same Message-ID when the lease is over; all others have certainly not left, and leave then.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NoReturn, TypeVar

import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction

from portal import crashpoints
from portal.access import across_partners
from portal.mail import alarms, bounces, caps, claims, guard, settled, settling
from portal.mail.line import Line, Unreachable, message_of
from portal.mail.outcomes import Outcome, Verdict, outcome_of, wait_after
from portal.models import MailAlarm, OutgoingMail
from portal.models.mail import MailReason, MailState

log = structlog.get_logger(__name__)
T = TypeVar("T")

# So many letters are claimed at first, and twice as many each time as long as all of them leave within a moment: to
# claim costs as much for many as for few, but what is urgent waits until a batch has left.
FIRST_BATCH, BATCH = 50, 400
QUICK_SECONDS = 2.0
# A crash repeats at most so many letters.
HANDFUL = 10
# A run ends after this, so that the next one sees what has become urgent.
RUN_SECONDS = 30.0
# So many refusals in a row are about us, not about the letters: stop, and try again later.
REFUSALS_STOP = 5
LINES_LOST_STOP = 3
PAUSE = timedelta(minutes=15)
# How often, and how long apart, an outcome is noted again while the database is being restarted.
NOTE_TRIES, NOTE_SECONDS = 40, 0.25
_REASONS = {Verdict.POISON: MailReason.UNWRITABLE, Verdict.LATER: MailReason.TOO_OFTEN}


@dataclass(slots=True)
class Delivered:
    """What one run did, in letters; `stopped` says why it ended early.

    `postponed` wait for tomorrow because of a cap, `asked` for an administrator's answer.
    """

    sent: int = 0
    later: int = 0
    parked: int = 0
    bounced: int = 0
    unanswered: int = 0
    withdrawn: int = 0
    suppressed: int = 0
    postponed: int = 0
    asked: int = 0
    stopped: str = ""


def deliver_due(*, now: datetime, limit: int = 2000) -> Delivered:
    """Send what is due, urgent letters first. Asked twice, or by two workers at once, each letter still goes once."""
    with across_partners():
        if not OutgoingMail.objects.due(now).exists():
            settled.tell_again(now)
            return Delivered()
        if alarms.is_paused(now):
            return Delivered(stopped="paused after many refusals")
        run = _Run(now=now, limit=limit)
        run.settle()
        run.deliver()
    if run.did.stopped:
        log.warning("mail_stopped", reason=run.did.stopped)
    return run.did


def foresee(*, now: datetime, limit: int = 2000) -> Delivered:
    """What a run would do first, as far as that is known before a mail server is asked; nothing is changed."""
    with across_partners():
        due = claims.due_letters(now)
        states = [settling.ENDS[settling.reason_of(letter)] for letter in settling.to_end(now)]
        return Delivered(
            sent=min(due.count(), limit),
            parked=states.count(MailState.PARKED),
            withdrawn=states.count(MailState.WITHDRAWN),
            suppressed=states.count(MailState.SUPPRESSED),
            asked=OutgoingMail.objects.due(now).asked_about().count(),
            stopped="paused after many refusals" if alarms.is_paused(now) else "",
        )


class _Stop(Exception):
    """The run cannot go on; the letters that were not tried are given back."""


@dataclass(slots=True)
class _Run:
    now: datetime
    limit: int
    did: Delivered = field(default_factory=Delivered)
    refused_in_a_row: int = 0
    lost_in_a_row: int = 0
    started: float = field(default_factory=time.monotonic)

    def moment(self) -> datetime:
        """`now`, and what has passed since."""
        return self.now + timedelta(seconds=self.elapsed)

    @property
    def elapsed(self) -> float:
        return time.monotonic() - self.started

    def settle(self) -> None:
        """Close what must not be sent (again), and stop what looks like a mistake."""
        ended = settling.settle(self.now)
        self.did.parked += ended[MailState.PARKED]
        self.did.withdrawn += ended[MailState.WITHDRAWN]
        self.did.suppressed += ended[MailState.SUPPRESSED]
        self.did.asked += guard.watch(claims.due_letters(self.now), self.now)

    def deliver(self) -> None:
        if not claims.due_letters(self.now).exists():
            return
        line = Line()
        try:
            line.open()  # before anything is claimed: an unreachable server is no fault of the letters
            self.send_batches(line)
        except Unreachable as error:
            self.did.stopped = f"the mail server cannot be reached: {error}"
            alarms.raise_alarm(MailAlarm.Kind.UNREACHABLE, at=self.moment())
        except _Stop as stop:
            self.did.stopped = str(stop)
        finally:
            line.close()
        if self.did.sent:
            alarms.end(MailAlarm.Kind.UNREACHABLE, MailAlarm.Kind.REFUSED, at=self.moment())

    def send_batches(self, line: Line) -> None:
        looked_at, size = 0, FIRST_BATCH
        while looked_at < self.limit and self.elapsed < RUN_SECONDS:
            began = self.elapsed
            letters, taken = claims.claim(self.moment(), size=min(size, BATCH, self.limit - looked_at))
            if not taken:
                return
            looked_at += taken
            self.did.postponed += taken - len(letters)
            if letters:
                _Batch(self, letters, line).deliver()
            size = min(size * 2, BATCH) if self.elapsed - began < QUICK_SECONDS else FIRST_BATCH

    def count(self, outcome: Outcome | None) -> None:
        """Keep the rows of refusals and lost lines; raise _Stop once one of them is too long, or nothing would help.

        Raises Unreachable.
        """
        if outcome and outcome.verdict == Verdict.UNREACHED:
            raise Unreachable(outcome.detail)
        refused = outcome is not None and outcome.is_refusal
        self.refused_in_a_row = self.refused_in_a_row + 1 if refused else 0
        self.lost_in_a_row = self.lost_in_a_row + 1 if outcome and outcome.line_lost else 0
        if outcome and outcome.verdict == Verdict.SHUT_OUT:
            self.pause(outcome, f"the mail server does not let us in: {outcome.detail}")
        if outcome and self.refused_in_a_row >= REFUSALS_STOP:
            self.pause(outcome, "the mail server refuses every letter")
        if self.lost_in_a_row >= LINES_LOST_STOP:
            raise _Stop("the mail server keeps going away")

    def pause(self, outcome: Outcome, why: str) -> NoReturn:
        """Stop, tell a person, and leave the server alone for a while."""
        now = self.moment()
        alarms.raise_alarm(MailAlarm.Kind.REFUSED, at=now, until=now + PAUSE, code=outcome.code)
        raise _Stop(why)


class _Batch:
    """Letters claimed together, on one connection."""

    def __init__(self, run: _Run, letters: list[OutgoingMail], line: Line) -> None:
        self.run = run
        self.line = line
        self.waiting = list(reversed(letters))
        self.sent: list[OutgoingMail] = []
        self.mine = OutgoingMail.objects.filter(claim=letters[0].claim)
        self.claimed = time.monotonic()

    def deliver(self) -> None:
        try:
            while self.waiting and not self.is_overdue():
                self.line.open()
                self.try_handful(self.next_handful())
        finally:
            self.record_sent()
            self.give_back(self.waiting)

    def is_overdue(self) -> bool:
        """A slow server must not hold letters until another worker takes them over."""
        return time.monotonic() - self.claimed > settings.MAIL_LEASE.total_seconds() / 2

    def next_handful(self) -> list[OutgoingMail]:
        """The next letters, marked as being handed over; one that may have arrived before goes alone."""
        size = 1 if self.waiting[-1].unanswered else HANDFUL
        handful = [self.waiting.pop() for _ in range(min(size, len(self.waiting)))]
        _steadily(lambda: self.mine.filter(pk__in=[letter.pk for letter in handful]).update(is_handing=True))
        for letter in handful:
            letter.is_handing = True
        crashpoints.reach("mail.marked")
        return handful

    def try_handful(self, handful: list[OutgoingMail]) -> None:
        untried = list(reversed(handful))
        try:
            while untried and not self.is_overdue():
                self.line.open()
                self.try_one(untried.pop())
        finally:
            # before the next ones are marked, so that a crash repeats one handful at most
            self.waiting.extend(untried)
            self.record_sent()

    def try_one(self, letter: OutgoingMail) -> None:
        outcome = self.hand_over(letter)
        if outcome is None:
            self.sent.append(letter)
        elif outcome.verdict in {Verdict.UNREACHED, Verdict.SHUT_OUT}:
            self.waiting.append(letter)  # it has not been tried
        else:
            _steadily(lambda: self.record(letter, outcome))
        self.run.count(outcome)

    def hand_over(self, letter: OutgoingMail) -> Outcome | None:
        """None once the server has taken the letter."""
        try:
            self.line.send(message_of(letter))
        except Exception as error:  # noqa: BLE001  one poisoned letter must not keep the others
            outcome = outcome_of(error)
        else:
            crashpoints.reach("mail.handed_over")
            return None
        if outcome.line_lost or outcome.verdict == Verdict.POISON:
            self.line.drop()
        return outcome

    def record_sent(self) -> None:
        if self.sent:
            self.run.did.sent += _steadily(self._record_sent)
            self.sent.clear()
            crashpoints.reach("mail.recorded")

    @transaction.atomic
    def _record_sent(self) -> int:
        at = self.run.moment()
        # codes and links are of no use to anybody who reads the table later
        sent = self.mine.filter(pk__in=[letter.pk for letter in self.sent]).update(
            state=MailState.SENT,
            reason=MailReason.SENT,
            sent_at=at,
            claim="",
            claimed_until=None,
            last_error="",
            **settling.forgotten(self.sent),
        )
        if sent:
            settled.tell(self.sent, state=MailState.SENT, reason=MailReason.SENT, at=at)
        return sent

    def record(self, letter: OutgoingMail, outcome: Outcome) -> None:
        row, wait = self.mine.filter(pk=letter.pk), wait_after(letter.attempts)
        match outcome.verdict:
            case Verdict.UNANSWERED:
                # stays claimed: after the lease it goes once more
                row.update(last_error=outcome.detail)
                self.run.did.unanswered += 1
            case Verdict.LATER if wait:
                due_at = self.run.moment() + wait
                row.update(state=MailState.QUEUED, claim="", is_handing=False, due_at=due_at, last_error=outcome.detail)
                self.run.did.later += 1
            case Verdict.NO_SUCH_ADDRESS:
                self.try_to_record_bounce(letter, outcome)
            case _:
                self.park(letter, outcome, _REASONS.get(outcome.verdict, MailReason.SERVER))
                self.run.did.parked += 1
        log.info("mail_not_sent", letter=letter.pk, verdict=outcome.verdict, detail=outcome.detail)

    @transaction.atomic
    def park(self, letter: OutgoingMail, outcome: Outcome, reason: MailReason) -> None:
        letter.is_handing, letter.last_error = False, outcome.detail
        if self.mine.filter(pk=letter.pk).update(last_error=outcome.detail, is_handing=False):
            settling.close([letter], MailState.PARKED, reason, self.run.moment())

    def try_to_record_bounce(self, letter: OutgoingMail, outcome: Outcome) -> None:
        try:
            self.record_bounce(letter, outcome)
        except (OperationalError, InterfaceError):
            raise
        except Exception:  # a listener's mistake; the lease brings this letter back, the others go on
            log.exception("bounce_not_recorded", letter=letter.pk)
            # the server refused it, so that it has certainly not arrived
            self.mine.filter(pk=letter.pk).update(is_handing=False)
        else:
            self.run.did.bounced += 1

    @transaction.atomic
    def record_bounce(self, letter: OutgoingMail, outcome: Outcome) -> None:
        letter.is_handing, letter.last_error = False, outcome.detail
        if not self.mine.filter(pk=letter.pk).update(last_error=outcome.detail, is_handing=False):
            return
        # without a partner there is no list of addresses to enter it in
        state = MailState.SUPPRESSED if letter.partner else MailState.PARKED
        settling.close([letter], state, MailReason.GONE, self.run.moment())
        bounces.switch_off(letter, detail=outcome.detail, at=self.run.moment())

    def give_back(self, letters: list[OutgoingMail]) -> None:
        ids = [letter.pk for letter in letters]
        if ids:
            _steadily(lambda: caps.give_back(self.mine.filter(pk__in=ids)))


def _steadily(note: Callable[[], T]) -> T:
    """Note what has happened although the database is being restarted: what was sent must not be sent again."""
    for _ in range(NOTE_TRIES):
        try:
            return note()
        except (OperationalError, InterfaceError):
            if connection.in_atomic_block:
                raise  # the caller's transaction is lost with it
            log.warning("outcome_not_noted_yet")
            connection.close()
            time.sleep(NOTE_SECONDS)
    return note()
