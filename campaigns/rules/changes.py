"""What differs between two versions of a letter, line by line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

# Unchanged lines shown around a change
AROUND = 2


@dataclass(frozen=True, slots=True)
class Line:
    """A line that both have, that only the later has, or that only the earlier had; or a gap of lines both have."""

    kind: Literal["same", "added", "removed", "gap"]
    words: str = ""


def changes(before: Sequence[str], after: Sequence[str]) -> list[Line]:
    """The changed lines with a few around them; nothing where nothing differs."""
    if list(before) == list(after):
        return []
    found: list[Line] = []
    for kind, one, two, three, four in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind == "equal":
            found += _around(before[one:two], is_first=one == 0, is_last=two == len(before))
        else:
            found += [Line("removed", line) for line in before[one:two]]
            found += [Line("added", line) for line in after[three:four]]
    return found


def _around(lines: Sequence[str], *, is_first: bool, is_last: bool) -> Iterator[Line]:
    """The end of what stands before a change, the beginning of what stands behind one."""
    head, tail = (0 if is_first else AROUND), (0 if is_last else AROUND)
    if len(lines) <= head + tail:
        yield from (Line("same", line) for line in lines)
        return
    yield from (Line("same", line) for line in lines[:head])
    yield Line("gap")
    yield from (Line("same", line) for line in lines[len(lines) - tail :])
