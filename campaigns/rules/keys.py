"""The five keys of a letter that makes customers renew early, checked on what it holds and says.

1 early and regularly · 2 an incentive · 3 the benefits they have · 4 the essentials · 5 no day is lost.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Part(StrEnum):
    """A block that stands ready for every letter; its value is the variable that places it."""

    ESSENTIALS = "essentials"
    BUTTON = "button"
    NO_DAY_LOST = "no_day_lost"
    WARNING = "warning"
    SAVINGS = "savings"
    BENEFITS = "benefits"
    INSTRUCTIONS = "instructions"
    AUTOMATION = "automation"


class Status(StrEnum):
    """`added` is what the author left out and the layout brings by itself."""

    OK = "ok"
    ADDED = "added"
    ADVICE = "advice"
    MISSING = "missing"


class Code(StrEnum):
    """What was looked at; `wording.keys` says it in words."""

    EARLY = "early"
    SUBJECT_LENGTH = "subject_length"
    SUBJECT_NAMES_IT = "subject_names_it"
    PREHEADER = "preheader"
    HONEST = "honest"
    CALM = "calm"
    OWN_WORDS = "own_words"
    INCENTIVE = "incentive"
    BENEFITS = "benefits"
    ORDER_NUMBER = "order_number"
    PRODUCT = "product"
    COMMON_NAME = "common_name"
    ISSUED = "issued"
    EXPIRES = "expires"
    VALIDITY = "validity"
    ONE_BUTTON = "one_button"
    INSTRUCTIONS = "instructions"
    AUTOMATION = "automation"
    NO_DAY_LOST = "no_day_lost"


KEY_OF: Mapping[Code, int] = {
    Code.EARLY: 1,
    Code.SUBJECT_LENGTH: 1,
    Code.SUBJECT_NAMES_IT: 1,
    Code.PREHEADER: 1,
    Code.HONEST: 1,
    Code.CALM: 1,
    Code.OWN_WORDS: 1,
    Code.INCENTIVE: 2,
    Code.BENEFITS: 3,
    Code.NO_DAY_LOST: 5,
}
ESSENTIALS = (Code.ORDER_NUMBER, Code.PRODUCT, Code.COMMON_NAME, Code.ISSUED, Code.EXPIRES, Code.VALIDITY)
# What most mail programs show of a subject, and of the line behind it.
LONGEST_SUBJECT, SHORTEST_PREHEADER, LONGEST_PREHEADER = 70, 40, 140
EARLY_DAYS = 30
# A greeting and a sentence; with fewer, a letter is a form that nobody has written.
FEWEST_WORDS = 10
# Feigned answers, and pressure: spam filters and readers know them, and the law forbids subjects that deceive.
_FEIGNED = re.compile(r"^\s*(re|fwd?|tr|rép)\s*:", re.IGNORECASE)
_PRESSING = {
    "en": re.compile(
        r"\b(act now|last chance|final warning|don.t miss|100% free|risk[- ]free|winner|guaranteed|immediately)\b", re.I
    ),
    "fr": re.compile(
        r"\b(agissez|dernière chance|dernier avertissement|ne manquez pas|100 ?% gratuit|garanti|immédiatement)\b", re.I
    ),
}
_HURRY = {"en": re.compile(r"\b(urgent|hurry|today)\b", re.I), "fr": re.compile(r"\b(urgent|vite|aujourd.hui)\b", re.I)}
_SHOUTED = re.compile(r"\b[A-ZÀ-Þ]{5,}\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A letter filled in for an example.

    `named` are what the subject may name, one of them at least; `expected` are the parts of its kind, `placed` those
    that its author put somewhere, `shown` those that had something to say. `essentials` are the example's facts as they
    have to stand in the text. Of that, `own` is what the author wrote and placed, and `said` the words between the
    parts. `days` is when it goes out, from the order's last day; None where it hangs on something else.
    """

    subject: str
    preheader: str
    text: str
    own: str
    said: str
    language: str
    essentials: Mapping[Code, str]
    named: Sequence[str]
    expected: frozenset[Part]
    placed: frozenset[Part]
    shown: frozenset[Part]
    days: int | None = None
    buttons: int = 1
    is_urgent: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `detail` is a number or a word that belongs in the sentence about it."""

    code: Code
    status: Status
    detail: str = ""

    @property
    def key(self) -> int:
        return KEY_OF.get(self.code, 4)


def five_keys(letter: Checked) -> list[Finding]:
    """What is there and what is missing, key by key.

    What its author left out and the layout adds says so; what is nowhere is missing.
    """
    found = [
        *_timing(letter),
        *_subject(letter),
        *_words(letter),
        *_parts(letter),
        *_essentials(letter),
        _one_button(letter),
    ]
    return sorted(found, key=lambda one: (one.key, list(Code).index(one.code)))


def _timing(letter: Checked) -> Iterator[Finding]:
    if letter.days is not None:
        is_early = letter.days <= -EARLY_DAYS
        yield Finding(Code.EARLY, _status(is_early, otherwise=Status.ADVICE), str(abs(letter.days)))


def _subject(letter: Checked) -> Iterator[Finding]:
    length = len(letter.subject)
    fits = 0 < length <= LONGEST_SUBJECT
    yield Finding(
        Code.SUBJECT_LENGTH, _status(fits, otherwise=Status.ADVICE if length else Status.MISSING), str(length)
    )
    is_named = not letter.named or any(name in letter.subject for name in letter.named)
    yield Finding(Code.SUBJECT_NAMES_IT, _status(is_named, otherwise=Status.ADVICE))
    fits = SHORTEST_PREHEADER <= len(letter.preheader) <= LONGEST_PREHEADER
    otherwise = Status.ADVICE if letter.preheader else Status.MISSING
    yield Finding(Code.PREHEADER, _status(fits, otherwise=otherwise), str(len(letter.preheader)))


def _words(letter: Checked) -> Iterator[Finding]:
    said = f"{letter.subject}\n{letter.preheader}\n{letter.text}"
    pressing = _FEIGNED.search(letter.subject) or _PRESSING.get(letter.language, _PRESSING["en"]).search(said)
    yield Finding(Code.HONEST, _status(not pressing, otherwise=Status.MISSING), pressing[0].strip() if pressing else "")
    loud = "!" if "!" in said else ""
    shouted = _SHOUTED.search(letter.subject)
    hurry = _HURRY.get(letter.language, _HURRY["en"]).search(letter.subject)
    if hurry and not letter.is_urgent and (letter.days or 0) <= -EARLY_DAYS:
        loud = loud or hurry[0]
    loud = loud or (shouted[0] if shouted else "")
    yield Finding(Code.CALM, _status(not loud, otherwise=Status.ADVICE), loud)
    is_written = len(letter.said.split()) >= FEWEST_WORDS
    yield Finding(Code.OWN_WORDS, _status(is_written, otherwise=Status.MISSING))


_PART_CODES = {
    Part.SAVINGS: Code.INCENTIVE,
    Part.BENEFITS: Code.BENEFITS,
    Part.INSTRUCTIONS: Code.INSTRUCTIONS,
    Part.AUTOMATION: Code.AUTOMATION,
    Part.NO_DAY_LOST: Code.NO_DAY_LOST,
}


def _parts(letter: Checked) -> Iterator[Finding]:
    for part, code in _PART_CODES.items():
        if part in letter.placed and part in letter.shown:
            yield Finding(code, Status.OK)
        elif part in letter.expected:
            yield Finding(code, Status.ADDED if part in letter.shown else Status.MISSING, part.value)


def _essentials(letter: Checked) -> Iterator[Finding]:
    own = f"{letter.subject}\n{letter.preheader}\n{letter.own}"
    for code in ESSENTIALS:
        fact = letter.essentials.get(code, "")
        if fact:
            otherwise = Status.ADDED if fact in letter.text else Status.MISSING
            yield Finding(code, _status(fact in own, otherwise=otherwise))


def _one_button(letter: Checked) -> Finding:
    if letter.buttons == 1:
        placed = Part.BUTTON in letter.placed
        return Finding(Code.ONE_BUTTON, _status(placed, otherwise=Status.ADDED), Part.BUTTON.value)
    return Finding(Code.ONE_BUTTON, Status.MISSING, str(letter.buttons))


def _status(is_so: object, *, otherwise: Status) -> Status:
    return Status.OK if is_so else otherwise
