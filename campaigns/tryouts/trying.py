"""Ask the child whether sources can be filled; one that keeps it busy is refused, and the child replaced."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping

from campaigns.liquid import LetterRefused, Plain, Problem
from portal.pdf.renderer import Renderer, RenderFailed

# Bounded sources are filled in hundredths of a second.
SECONDS = 3.0


class TookTooLong(Exception):
    """The letter was not filled in time, or needed more memory than letters get."""


def try_out(sources: Mapping[str, str], facts: Mapping[str, Plain], *, seconds: float = SECONDS) -> None:
    """Fill the sources of a letter's parts, away from this process. Raises LetterRefused and TookTooLong."""
    try:
        answer = _filler.render(json.dumps({"sources": sources, "facts": facts}).encode(), timeout=seconds)
    except RenderFailed as error:
        raise TookTooLong from error
    if found := json.loads(answer):
        raise LetterRefused(Problem(found.pop("problem")), **found)


_filler = Renderer("campaigns.tryouts.child")
os.register_at_fork(after_in_child=_filler.forget)
