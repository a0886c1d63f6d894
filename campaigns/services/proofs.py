"""A letter as it would read: tried in a child process, filled with a worked example, and held against the five keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from django.utils import translation

from campaigns.letters.body import variables
from campaigns.letters.pen import Pen, facts_of
from campaigns.library import Source
from campaigns.liquid import LetterRefused, Plain, plain
from campaigns.rules.keys import Finding, Status
from campaigns.services.examples import Example, check, example
from campaigns.tryouts import TookTooLong, try_out
from portal.access import on_behalf_of
from portal.mail.letters import Words
from portal.models import Partner

# Draws the blocks, and says nothing that a stranger has written.
_BLANK = Source("-", "", "-")


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """The letter, or why there is none: it was `refused`, or it took too long (then that is None, too).

    `facts` are the variables of the example by name, with their values.
    """

    words: Words | None = None
    preheader: str = ""
    findings: Sequence[Finding] = ()
    refused: LetterRefused | None = None
    facts: Sequence[tuple[str, str]] = ()

    @property
    def missing(self) -> list[Finding]:
        """What every such letter should say, and this one does not."""
        return [finding for finding in self.findings if finding.status is Status.MISSING]


def prove(partner: Partner, key: str, language: str, source: Source, *, based_on: str = "", now: datetime) -> Proof:
    """Fill what somebody wrote as the letter `key`; `based_on` is the kind of one that is not in the library."""
    blank = example(partner, key, language, now, source=_BLANK, based_on=based_on or "days_60")
    facts = {name: plain(value) for name, value in _facts_of(blank, partner, language).items()}
    named = list(_named(facts))
    try:
        try_out(asdict(source), {**facts, **variables(blank.drawn.shown)})
        proved = _filled(partner, blank, source, language)
    except LetterRefused as refused:
        return Proof(refused=refused, facts=named)
    except TookTooLong:
        return Proof(facts=named)
    drawn = proved.drawn
    return Proof(words=drawn.words, preheader=drawn.preheader, findings=check(proved), facts=named)


def _filled(partner: Partner, blank: Example, source: Source, language: str) -> Example:
    draft = replace(blank.draft, source=source)
    with on_behalf_of(partner), translation.override(language):
        return Example(draft, Pen(partner).write(draft))


def _facts_of(shown: Example, partner: Partner, language: str) -> Mapping[str, object]:
    with translation.override(language):
        return facts_of(shown.draft, partner)


def _named(facts: Mapping[str, Plain], before: str = "") -> Iterator[tuple[str, str]]:
    """Names with their values, dotted where one is inside another; lists are left out."""
    for name, value in facts.items():
        if isinstance(value, dict):
            yield from _named(value, f"{before}{name}.")
        elif not isinstance(value, list):
            yield f"{before}{name}", str(value)
