"""Why a letter's source was refused, in a sentence that tells its author where to look."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.liquid import LetterRefused, Problem
from portal.types import StrOrPromise

_WORDS: Mapping[Problem, StrOrPromise] = {
    Problem.TOO_LONG: gettext_lazy("The letter is longer than 50,000 bytes."),
    Problem.NOT_CLOSED: gettext_lazy("A pair of braces is opened and not closed, or holds more than 400 characters."),
    Problem.TAG: gettext_lazy("The tag “%(word)s” does not exist here."),
    Problem.FILTER: gettext_lazy("The filter “%(word)s” does not exist here."),
    Problem.VARIABLE: gettext_lazy("There is no variable “%(word)s”."),
    Problem.RANGE: gettext_lazy("Ranges such as (1..5) cannot be used: loop over the orders."),
    Problem.SYNTAX: gettext_lazy("This cannot be read. Look for a tag that is not ended, or a misplaced sign."),
    Problem.TOO_MUCH: gettext_lazy("This would grow too large: the loops or values are more than a letter needs."),
    Problem.VALUE: gettext_lazy("A value does not fit what is done with it."),
}


def refusal_words(refused: LetterRefused) -> str:
    """One sentence or two, with the line where it is known: 'Line 3: The filter “foo” does not exist here.'"""
    words = str(_WORDS[refused.problem]) % {"word": refused.word}
    return _("Line %(line)s: %(problem)s") % {"line": refused.line, "problem": words} if refused.line else words
