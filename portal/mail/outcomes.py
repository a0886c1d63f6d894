"""What a mail server's answer means for a letter: sent, later, never, or nobody knows."""

from __future__ import annotations

import re
import smtplib
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from portal.mail.smtp import AnswerLost

# After the n-th refusal for now, the letter waits this long; after the last it is set aside.
BACK_OFF: tuple[timedelta, ...] = (
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(hours=1),
    timedelta(hours=4),
    timedelta(hours=12),
)
# RFC 3463, X.1.x: the address does not exist. Left out: .5 (it is valid), .7 and .8 (about the sender).
NO_SUCH_ADDRESS = re.compile(r"\b5\.1\.(?:0|1|2|3|4|6|10)\b")
NO_SUCH_ADDRESS_CODES = {550, 551, 553}


class Verdict(StrEnum):
    LATER = "later"
    NO_SUCH_ADDRESS = "no_such_address"
    REFUSED = "refused"
    UNANSWERED = "unanswered"
    POISON = "poison"


@dataclass(frozen=True, slots=True)
class Outcome:
    """`line_lost`: the connection is of no use any more. `code` is the server's answer, 0 where there was none."""

    verdict: Verdict
    detail: str
    line_lost: bool = False
    code: int = 0


def outcome_of(error: Exception) -> Outcome:
    """Judge what was raised while one letter was built or handed over."""
    if isinstance(error, AnswerLost):
        return Outcome(Verdict.UNANSWERED, f"No answer after the letter was handed over: {error}", line_lost=True)
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, words = next(iter(error.recipients.values()))
        return _of_recipient(code, _text(words))
    if isinstance(error, smtplib.SMTPResponseException):
        return _of_code(error.smtp_code, _text(error.smtp_error))
    if isinstance(error, smtplib.SMTPServerDisconnected) or _is_of_network(error):
        return Outcome(Verdict.LATER, f"The mail server went away: {error}", line_lost=True)
    return Outcome(Verdict.POISON, f"{type(error).__name__}: {error}")


def _is_of_network(error: Exception) -> bool:
    # every SMTPException is an OSError too
    return isinstance(error, OSError) and not isinstance(error, smtplib.SMTPException)


def _of_recipient(code: int, words: str) -> Outcome:
    if code in NO_SUCH_ADDRESS_CODES and NO_SUCH_ADDRESS.search(words):
        return Outcome(Verdict.NO_SUCH_ADDRESS, f"{code} {words}", code=code)
    return _of_code(code, words)


def _of_code(code: int, words: str) -> Outcome:
    verdict = Verdict.LATER if 400 <= code < 500 else Verdict.REFUSED
    return Outcome(verdict, f"{code} {words}", line_lost=code == 421, code=code)


def _text(words: bytes | str) -> str:
    return words.decode("utf-8", "replace") if isinstance(words, bytes) else words


def wait_after(attempts: int) -> timedelta | None:
    """How long a letter waits after its n-th attempt (from 1); None once it has been tried often enough."""
    return BACK_OFF[attempts - 1] if attempts <= len(BACK_OFF) else None
