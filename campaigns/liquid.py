"""Letters that partners write are attacker input: a small Liquid that only reads plain facts, within bounds.

The one module that knows python-liquid. Tags and filters are an allow-list; nothing is loaded; range literals, calls
and attributes do not exist; every loop, value and output is bounded; whatever goes wrong is one error.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum
from functools import lru_cache
from typing import Any, TypeAlias, cast

import liquid
from liquid.ast import Node
from liquid.builtin.expressions.primitive import RangeLiteral
from liquid.exceptions import (
    FilterError,
    LiquidError,
    ResourceLimitError,
    UndefinedError,
    UnknownFilterError,
)
from liquid.expression import Expression
from liquid.undefined import StrictUndefined

from campaigns.rules.letters import LONGEST_SOURCE

Plain: TypeAlias = "str | int | list[Plain] | dict[str, Plain]"

TAGS = frozenset({"if", "unless", "case", "for", "break", "continue", "assign", "capture", "comment", "#"})
# What the library calls the pieces between tags, and a tag that does not exist
_PIECES = frozenset({"content", "output", "illegal"})
FILTERS = frozenset(
    {"append", "at_least", "at_most", "capitalize", "concat", "default", "downcase", "escape", "first", "join", "last"}
    | {"lstrip", "map", "minus", "plus", "prepend", "remove", "replace_first", "reverse", "rstrip", "size", "slice"}
    | {"sort", "split", "strip", "truncate", "truncatewords", "uniq", "upcase", "where"}
)
# A tag of so many characters, and so many tags, are more than any letter needs.
LONGEST_TAG, MOST_TAGS = 400, 500
LONGEST_VALUE, LARGEST_NUMBER, LONGEST_LIST = 20_000, 10**12, 1_000
# Characters and members that the filters of one letter may handle, all together.
MOST_WORK = 2_000_000
# Marks in a letter what we put in afterwards; in nothing that comes from outside.
MARKS = "\ue000\ue001"
_UNMARKED = str.maketrans("", "", MARKS)
_OPENS = re.compile(r"\{\{|\{%")
_NAME = re.compile(r"-?\s*(#|\w*)")
# The word that an error of the library is about: in quotes, or the dotted name of a variable
_NAMED = re.compile(r"'([^']*)'|^(\S+) is undefined$")


class Problem(StrEnum):
    """What is wrong with a letter's source, or what it did."""

    TOO_LONG = "too_long"
    NOT_CLOSED = "not_closed"
    TAG = "tag"
    FILTER = "filter"
    VARIABLE = "variable"
    RANGE = "range"
    SYNTAX = "syntax"
    TOO_MUCH = "too_much"
    VALUE = "value"


class LetterRefused(Exception):
    """The source is refused, or could not be filled: why, on which line (from 1), and the word it is about.

    `part` is "subject", "preheader" or "body", once it is known in which of them it stands.
    """

    def __init__(self, problem: Problem, *, line: int = 0, word: str = "", part: str = "") -> None:
        super().__init__(problem, line, word)
        self.problem, self.line, self.word, self.part = problem, line, word, part


class Source:
    """A source that was read and found to be within bounds; it is filled as often as one likes.

    `variables` are the names it takes from the facts.
    """

    def __init__(self, template: liquid.BoundTemplate, *, nodes: Iterable[Any]) -> None:
        self._template = template
        self.variables = frozenset(_variables(template))
        for one in nodes:
            _refuse(one)

    def fill(self, facts: Mapping[str, Plain]) -> str:
        """The text with the facts in their places. Raises LetterRefused."""
        _work.done = 0
        try:
            return self._template.render(facts)
        except Exception as error:
            raise _refusal(error) from error


def _refuse(one: Any) -> None:
    """Refuse what can be seen without any facts."""
    if isinstance(one, RangeLiteral):
        raise LetterRefused(Problem.RANGE, line=_line(one.token))
    for used in getattr(one, "filters", None) or ():
        if used.name not in FILTERS:
            raise LetterRefused(Problem.FILTER, line=_line(one.token), word=used.name[:40])


@lru_cache(maxsize=1024)
def read(source: str, *, is_html: bool = False) -> Source:
    """Read a source, once for each; facts in HTML are escaped. Raises LetterRefused."""
    _look_over(source)
    try:
        template = (_HTML if is_html else _TEXT).from_string(source)
        return Source(template, nodes=_all_of(template))
    except LetterRefused:
        raise
    except Exception as error:
        raise _refusal(error) from error


def plain(value: object) -> Plain:
    """The value as templates may see it: copies of dictionaries, lists, texts and whole numbers, and nothing else.

    Raises TypeError for anything that has attributes or methods of its own to lend.
    """
    known = cast(Any, value)
    # the very types: a subclass could bring anything along
    kind = type(value)
    if kind is str:
        return str(known.translate(_UNMARKED))
    if kind in (int, bool):
        return cast(int, known)
    if kind in (list, tuple):
        return [plain(one) for one in known]
    if kind is dict:
        return {str(name): plain(one) for name, one in known.items()}
    raise TypeError(type(value))


# Before it is parsed


def _look_over(source: str) -> None:
    """Refuse what would keep the library's own patterns busy for long."""
    if len(source.encode()) > LONGEST_SOURCE:
        raise LetterRefused(Problem.TOO_LONG)
    at, seen = 0, 0
    while opened := _OPENS.search(source, at):
        line, begins, is_tag = source.count("\n", 0, opened.start()) + 1, opened.end(), opened[0] == "{%"
        ends = source.find("%}" if is_tag else "}}", begins, begins + LONGEST_TAG)
        seen += 1
        if ends < 0:
            raise LetterRefused(Problem.NOT_CLOSED, line=line)
        if seen > MOST_TAGS:
            raise LetterRefused(Problem.TOO_MUCH, line=line)
        if is_tag:
            _look_at(_NAME.match(source, begins), line)
        at = ends + 2


def _look_at(name: re.Match[str] | None, line: int) -> None:
    word = name[1] if name else ""
    if word not in TAGS and word.removeprefix("end") not in TAGS and word not in ("else", "elsif", "when"):
        raise LetterRefused(Problem.TAG, line=line, word=word[:40])


# The library, restricted


class _Restricted(liquid.Environment):
    block_nesting_limit = 12
    context_depth_limit = 16
    loop_iteration_limit = 500
    local_namespace_limit = 200_000
    output_stream_limit = 200_000

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        super().setup_tags_and_filters(extra=False)
        self.tags = {name: tag for name, tag in self.tags.items() if name in TAGS | _PIECES}
        self.filters = {name: _bounded(self.filters[name]) for name in sorted(FILTERS)}


def _bounded(filter_: Callable[..., Any]) -> Callable[..., Any]:
    """The filter, refusing to work with or to make anything large."""

    def bounded(*args: Any, **kwargs: Any) -> Any:
        for value in (*args, *kwargs.values()):
            _measure(value)
        return _measure(filter_(*args, **kwargs))

    # how the library knows that a filter wants the environment or the context
    for name in ("with_environment", "with_context"):
        if hasattr(filter_, name):
            setattr(bounded, name, getattr(filter_, name))
    return bounded


def _measure(value: Any) -> Any:
    size = len(value) if isinstance(value, str | list | tuple) else 1
    _work.done += size
    if isinstance(value, int | float):
        is_large = not abs(value) <= LARGEST_NUMBER
    else:
        is_large = size > (LONGEST_VALUE if isinstance(value, str) else LONGEST_LIST)
    if is_large or _work.done > MOST_WORK:
        raise ResourceLimitError("too large", token=None)
    return value


class _Work(threading.local):
    """What the filters of the letter that this thread fills have handled so far."""

    done = 0


_work = _Work()


_HTML = _Restricted(autoescape=True, undefined=StrictUndefined)
_TEXT = _Restricted(undefined=StrictUndefined)


# What came of it


def _all_of(template: liquid.BoundTemplate) -> Iterator[Node | Expression]:
    """Every node and every expression below the template."""
    context = liquid.RenderContext(template)
    waiting: list[Any] = list(template.nodes)
    while waiting:
        one = waiting.pop()
        yield one
        if isinstance(one, Node):
            waiting += [*one.children(context, include_partials=False), *one.expressions()]
        else:
            waiting += one.children()


def _variables(template: liquid.BoundTemplate) -> list[str]:
    return template.global_variables(include_partials=False)


def _refusal(error: Exception) -> LetterRefused:
    if isinstance(error, LetterRefused):
        return error
    if isinstance(error, RecursionError | MemoryError | ResourceLimitError):
        return LetterRefused(Problem.TOO_MUCH, line=_line(getattr(error, "token", None)))
    if not isinstance(error, LiquidError):
        return LetterRefused(Problem.VALUE)
    named = _NAMED.search(str(error.message))
    word = (named[1] or named[2] or "")[:40] if named else ""
    return LetterRefused(_problem(error), line=_line(error.token), word=word)


def _problem(error: LiquidError) -> Problem:
    kinds: Mapping[type[LiquidError], Problem] = {
        UnknownFilterError: Problem.FILTER,
        UndefinedError: Problem.VARIABLE,
        FilterError: Problem.VALUE,
    }
    return next((problem for kind, problem in kinds.items() if isinstance(error, kind)), Problem.SYNTAX)


def _line(token: Any) -> int:
    """The line of the source on which a token stands, from 1; 0 where it is not known."""
    if token is None or token.start_index < 0:
        return 0
    return int(token.source.count("\n", 0, token.start_index)) + 1
