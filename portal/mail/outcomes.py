"""What the answer of a mail server, or a provider, means for a letter: sent, later, never, or nobody knows."""

from __future__ import annotations

import re
import smtplib
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from portal.mail.interfaces import Failure, failure_of
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
# Of HTTP, at a provider's interface. Our key is wrong, our account is empty, or a proxy wants to know us:
_SHUT_OUT = {401, 402, 407}
# too early, too slow, too often;
_FOR_NOW = {408, 425, 429}
# what stands before the provider has handed the letter on, and heard nothing (the second is Cloudflare's);
_NOT_HEARD = {504, 524}
# and said of one sender by some providers, of the whole account by others.
_FORBIDDEN = 403


class Verdict(StrEnum):
    """UNREACHED and SHUT_OUT are about no letter: it costs them nothing, and the run ends."""

    UNREACHED = "unreached"
    SHUT_OUT = "shut_out"
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

    @property
    def is_refusal(self) -> bool:
        """Whether many in a row say that it is about us, not about the letters."""
        return self.verdict == Verdict.REFUSED or self.code == _FORBIDDEN


def outcome_of(error: Exception) -> Outcome:
    """Judge what was raised while one letter was built or handed over."""
    if isinstance(error, AnswerLost):
        return Outcome(Verdict.UNANSWERED, f"No answer after the letter was handed over: {error}", line_lost=True)
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, words = next(iter(error.recipients.values()))
        return _of_recipient(code, _text(words))
    if isinstance(error, smtplib.SMTPResponseException):
        return _of_code(error.smtp_code, _text(error.smtp_error))
    failure = failure_of(error)
    if failure:
        return _of_failure(failure)
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


def _of_failure(failure: Failure) -> Outcome:
    verdict = _of_reader(failure) if failure.about_reader else _of_status(failure)
    is_in_trouble = verdict in {Verdict.LATER, Verdict.UNANSWERED} and failure.status != _FORBIDDEN
    return Outcome(verdict, failure.words, line_lost=is_in_trouble, code=failure.status)


def _of_reader(failure: Failure) -> Verdict:
    # one that the provider does not write to any more may be full, or may have complained
    is_gone = failure.is_invalid or NO_SUCH_ADDRESS.search(failure.words)
    return Verdict.NO_SUCH_ADDRESS if is_gone else Verdict.REFUSED


def _of_status(failure: Failure) -> Verdict:
    status = failure.status
    if failure.is_unreached:
        return Verdict.UNREACHED
    # an answer that says yes and cannot be read is none
    if status < 300 or status in _NOT_HEARD:
        return Verdict.UNANSWERED
    if status in _SHUT_OUT:
        return Verdict.SHUT_OUT
    return Verdict.LATER if status >= 500 or status in {*_FOR_NOW, _FORBIDDEN} else Verdict.REFUSED


def _text(words: bytes | str) -> str:
    return words.decode("utf-8", "replace") if isinstance(words, bytes) else words


def wait_after(attempts: int) -> timedelta | None:
    """How long a letter waits after its n-th attempt (from 1); None once it has been tried often enough."""
    return BACK_OFF[attempts - 1] if attempts <= len(BACK_OFF) else None
