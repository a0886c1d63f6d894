"""What people did with notices, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from portal.types import StrOrPromise

_WORDS: Mapping[str, tuple[StrOrPromise, str]] = {
    "notice.held": (_("Notice held"), "warn"),
    "notice.released": (_("Notice released"), ""),
    "notice.hurried": (_("Notice sent before its time"), "note"),
    "notice.retried": (_("Notice tried again"), "note"),
}
VERBS = frozenset(_WORDS)


def describe(verb: str, _facts: Mapping[str, Any]) -> tuple[StrOrPromise, StrOrPromise, str]:
    """What was done, what it adds, and the colour of its mark."""
    words, level = _WORDS[verb]
    return words, "", level
