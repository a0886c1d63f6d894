"""Hand due letters to the mail server: claim, commit, act, record; nothing is lost, and a repeat is recognisable.

A process killed in the middle leaves its letters claimed. Once the lease is over they are handed over once more, under
the same Message-ID: at most the letters since the last record (RECORD_EVERY) can arrive twice.
"""

from __future__ import annotations

import secrets
import smtplib
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import formataddr

import structlog
from django.conf import settings
from django.core.cache import cache
from django.core.mail import EmailMessage, get_connection
from django.db import transaction
from django.db.models import Case, F, TextField, Value, When

from portal import crashpoints
from portal.access import across_partners
from portal.mail import bounces
from portal.mail.mime import Letter
from portal.mail.outcomes import Outcome, Verdict, outcome_of, wait_after
from portal.models import OutgoingMail
from portal.models.mail import SECRET_PURPOSES, MailState, OutgoingMailQuerySet

log = structlog.get_logger(__name__)

BATCH = 50
# A crash repeats at most so many letters.
RECORD_EVERY = 25
# A run ends after this, so that the next one sees what has become urgent.
RUN_SECONDS = 30.0
# So many refusals in a row are about us, not about the letters: stop, and try again later.
REFUSALS_STOP = 5
LINES_LOST_STOP = 3
PAUSE = timedelta(minutes=15)
PAUSED = "mail:paused"
# What becomes of the words of a letter that will never be sent (again): secrets are of no use to later readers.
_FORGOTTEN = {
    words: Case(When(purpose__in=SECRET_PURPOSES, then=Value("")), default=F(words), output_field=TextField())
    for words in ("text", "html")
}


@dataclass(slots=True)
class Delivered:
    """What one run did, in letters; `stopped` says why it ended early."""

    sent: int = 0
    later: int = 0
    parked: int = 0
    bounced: int = 0
    unanswered: int = 0
    withdrawn: int = 0
    suppressed: int = 0
    stopped: str = ""


def deliver_due(*, now: datetime, limit: int = 2000) -> Delivered:
    """Send what is due, urgent letters first. Asked twice, or by two workers at once, each letter still goes once."""
    if cache.get(PAUSED):
        return Delivered(stopped="paused after many refusals")
    with across_partners():
        if not OutgoingMail.objects.due(now).exists():
            return Delivered()
        run = _Run(now=now, limit=limit)
        run.settle()
        run.deliver()
    if run.did.stopped:
        log.warning("mail_stopped", reason=run.did.stopped)
    return run.did


class NoRecipient(Exception):
    """The letter names nobody: Django would pass over it without a word."""


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
        """Close what must not be sent (again)."""
        due = OutgoingMail.objects.due(self.now)
        self.did.withdrawn = due.filter(is_wanted=False).update(state=MailState.WITHDRAWN, claim="", **_FORGOTTEN)
        self.did.suppressed = due.suppressed().update(
            state=MailState.SUPPRESSED, claim="", last_error="The address has been switched off.", **_FORGOTTEN
        )
        self.did.parked = (
            OutgoingMail.objects.silent(self.now)
            .filter(unanswered__gte=1)
            .update(state=MailState.PARKED, claim="", last_error="Handed over twice, and never an answer.")
        )

    def deliver(self) -> None:
        line = _Line()
        try:
            tried = 0
            line.open()  # before anything is claimed: an unreachable server is no fault of the letters
            while tried < self.limit and self.elapsed < RUN_SECONDS:
                batch = _claim(self.moment(), size=min(BATCH, self.limit - tried))
                if not batch:
                    break
                tried += len(batch)
                _Batch(self, batch, line).deliver()
        except _Stop as stop:
            self.did.stopped = str(stop)
        finally:
            line.close()

    def count(self, outcome: Outcome | None) -> None:
        """Keep the rows of refusals and lost lines; raise _Stop once one of them is too long."""
        refused = outcome is not None and outcome.verdict == Verdict.REFUSED
        self.refused_in_a_row = self.refused_in_a_row + 1 if refused else 0
        self.lost_in_a_row = self.lost_in_a_row + 1 if outcome and outcome.line_lost else 0
        if self.refused_in_a_row >= REFUSALS_STOP:
            cache.set(PAUSED, "1", timeout=PAUSE.total_seconds())
            raise _Stop("the mail server refuses every letter")
        if self.lost_in_a_row >= LINES_LOST_STOP:
            raise _Stop("the mail server keeps going away")


def _claim(moment: datetime, *, size: int) -> list[OutgoingMail]:
    """Take letters for this worker alone: whatever changed between looking and taking is left out."""
    wanted: OutgoingMailQuerySet = OutgoingMail.objects.claimable(moment)
    urgent = list(wanted.urgent().order_by("due_at", "pk").values_list("pk", flat=True)[:size])
    ids = urgent or list(wanted.order_by("due_at", "pk").values_list("pk", flat=True)[:size])
    if not ids:
        return []
    claim = secrets.token_hex(16)
    wanted.filter(pk__in=ids).update(
        # the old state still stands in the row while this is computed
        unanswered=F("unanswered") + Case(When(state=MailState.CLAIMED, then=Value(1)), default=Value(0)),
        state=MailState.CLAIMED,
        claim=claim,
        claimed_until=moment + settings.MAIL_LEASE,
        attempts=F("attempts") + 1,
    )
    crashpoints.reach("mail.claimed")
    return list(OutgoingMail.objects.filter(claim=claim).select_related("partner").order_by("due_at", "pk"))


class _Batch:
    """Letters claimed together, on one connection."""

    def __init__(self, run: _Run, letters: list[OutgoingMail], line: _Line) -> None:
        self.run = run
        self.letters = letters
        self.line = line
        self.sent: list[OutgoingMail] = []
        self.mine = OutgoingMail.objects.filter(claim=letters[0].claim)

    def deliver(self) -> None:
        waiting = list(reversed(self.letters))
        try:
            while waiting:
                self.line.open()
                self.try_one(waiting.pop())
        finally:
            self.record_sent()
            self.give_back(waiting)

    def try_one(self, letter: OutgoingMail) -> None:
        outcome = self.hand_over(letter)
        if outcome is None:
            self.sent.append(letter)
        else:
            self.record(letter, outcome)
        if len(self.sent) >= RECORD_EVERY:
            self.record_sent()
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
        if not self.sent:
            return
        ids = [letter.pk for letter in self.sent]
        secret = [letter.pk for letter in self.sent if letter.purpose in SECRET_PURPOSES]
        # One step: emptied and not yet sent, a letter would go once more with nothing in it.
        with transaction.atomic():
            # codes and links are of no use to anybody who reads the table later
            self.mine.filter(pk__in=secret).update(text="", html="")
            sent = self.mine.filter(pk__in=ids).update(
                state=MailState.SENT, sent_at=self.run.moment(), claim="", claimed_until=None, last_error=""
            )
        self.run.did.sent += sent
        self.sent.clear()

    def record(self, letter: OutgoingMail, outcome: Outcome) -> None:
        row = self.mine.filter(pk=letter.pk)
        wait = wait_after(letter.attempts)
        match outcome.verdict:
            case Verdict.UNANSWERED:
                # stays claimed: after the lease it goes once more
                row.update(last_error=outcome.detail)
                self.run.did.unanswered += 1
            case Verdict.LATER if wait:
                due_at = self.run.moment() + wait
                row.update(state=MailState.QUEUED, claim="", due_at=due_at, last_error=outcome.detail)
                self.run.did.later += 1
            case Verdict.NO_SUCH_ADDRESS:
                self.try_to_record_bounce(letter, outcome)
            case _:
                row.update(state=MailState.PARKED, claim="", last_error=outcome.detail)
                self.run.did.parked += 1
        log.info("mail_not_sent", letter=letter.pk, verdict=outcome.verdict, detail=outcome.detail)

    def try_to_record_bounce(self, letter: OutgoingMail, outcome: Outcome) -> None:
        try:
            self.record_bounce(letter, outcome)
        except Exception:  # a listener's mistake; the lease brings this letter back, the others go on
            log.exception("bounce_not_recorded", letter=letter.pk)
        else:
            self.run.did.bounced += 1

    @transaction.atomic
    def record_bounce(self, letter: OutgoingMail, outcome: Outcome) -> None:
        # without a partner there is no list of addresses to enter it in
        end = {"state": MailState.SUPPRESSED, **_FORGOTTEN} if letter.partner else {"state": MailState.PARKED}
        if self.mine.filter(pk=letter.pk).update(**end, claim="", last_error=outcome.detail):
            bounces.switch_off(letter, detail=outcome.detail, at=self.run.moment())

    def give_back(self, letters: list[OutgoingMail]) -> None:
        ids = [letter.pk for letter in letters]
        if ids:
            self.mine.filter(pk__in=ids).update(
                state=MailState.QUEUED, claim="", claimed_until=None, attempts=F("attempts") - 1
            )


class _Line:
    """A connection to the mail server, of the kind that EMAIL_BACKEND names; opened again after it was lost."""

    def __init__(self) -> None:
        self.connection = get_connection()

    def open(self) -> None:
        try:
            self.connection.open()
        except OSError as error:
            raise _Stop(f"the mail server cannot be reached: {error}") from error

    def send(self, message: EmailMessage) -> None:
        self.connection.send_messages([message])

    def drop(self) -> None:
        self.close()
        self.connection = get_connection()

    def close(self) -> None:
        try:
            self.connection.close()
        except smtplib.SMTPException as error:
            log.info("mail_line_closed_badly", error=str(error))


def message_of(letter: OutgoingMail) -> EmailMessage:
    """The letter as Django sends it; no automatic reply is wanted. Raises NoRecipient, and what bad headers raise."""
    if not letter.to_email:
        raise NoRecipient
    message = Letter(
        subject=letter.subject,
        body=letter.text,
        from_email=letter.from_email or settings.DEFAULT_FROM_EMAIL,
        to=[formataddr((letter.to_name, letter.to_email))],
        reply_to=[letter.reply_to] if letter.reply_to else None,
        headers={"Auto-Submitted": "auto-generated", **letter.headers, "Message-ID": letter.message_id},
    )
    if letter.html:
        message.attach_alternative(letter.html, "text/html")
    return message
