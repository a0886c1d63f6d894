"""The built-in letters: which there are, what each is for and holds, and their words in every language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from campaigns.rules.keys import Part
from campaigns.states import Basis, Tone
from portal.types import StrOrPromise

_FOLDER = Path("templates") / "letters"
_HEAD_ENDS = "\n---\n"


class Action(StrEnum):
    """What the one button of a letter leads to."""

    RENEW = "renew"
    REISSUE = "reissue"
    VALIDATE = "validate"
    LOOK = "look"
    INSTALL = "install"
    QUOTE = "quote"


@dataclass(frozen=True, slots=True)
class Source:
    """What a letter says in one language, as Liquid."""

    subject: str
    preheader: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryLetter:
    """One kind of letter.

    `days` is when it usually goes out, counted from the order's last day; None for one that hangs on something else.
    `parts` are the blocks that belong to it, in the order in which the layout adds those that its author left out.
    """

    key: str
    name: StrOrPromise
    about: StrOrPromise
    parts: tuple[Part, ...]
    action: Action = Action.RENEW
    basis: Basis = Basis.ORDER
    days: int | None = None
    tone: Tone = Tone.PLAIN
    may_offer: bool = True


_FIRST = (Part.ESSENTIALS, Part.BUTTON, Part.NO_DAY_LOST)
_LAST = (Part.INSTRUCTIONS, Part.AUTOMATION)
_EARLY = (*_FIRST, Part.SAVINGS, Part.BENEFITS, *_LAST)
_FULL = (*_FIRST, Part.WARNING, Part.SAVINGS, Part.BENEFITS, *_LAST)
_ENDED = (Part.ESSENTIALS, Part.BUTTON, Part.WARNING, Part.SAVINGS, Part.BENEFITS, *_LAST)

_LETTERS = (
    LibraryLetter(
        key="days_90",
        name=_("90 days before the end"),
        about=_("The renewal opens: early, friendly, with the best offer."),
        parts=_EARLY,
        days=-90,
        tone=Tone.FRIENDLY,
    ),
    LibraryLetter(
        key="days_60",
        name=_("60 days before the end"),
        about=_("Renew early and lose nothing, with the customer's own figures."),
        parts=_FULL,
        days=-60,
        tone=Tone.FRIENDLY,
    ),
    LibraryLetter(
        key="days_30",
        name=_("30 days before the end"),
        about=_("Time to act: validation can take some days."),
        parts=_FULL,
        days=-30,
    ),
    LibraryLetter(
        key="days_7",
        name=_("7 days before the end"),
        about=_("A week is left to verify, issue and install."),
        parts=_FULL,
        days=-7,
        tone=Tone.URGENT,
    ),
    LibraryLetter(
        key="days_3",
        name=_("3 days before the end"),
        about=_("The last days, with help on the telephone."),
        parts=_FULL,
        days=-3,
        tone=Tone.URGENT,
    ),
    LibraryLetter(
        key="expired",
        name=_("7 days after the end"),
        about=_("It has ended and can still be renewed."),
        parts=_ENDED,
        days=7,
        tone=Tone.URGENT,
    ),
    LibraryLetter(
        key="win_back",
        name=_("Win back"),
        about=_("Some time after the end: an open door and a question."),
        parts=(Part.ESSENTIALS, Part.BUTTON, Part.SAVINGS, Part.BENEFITS, *_LAST),
        days=21,
        tone=Tone.FRIENDLY,
    ),
    LibraryLetter(
        key="reissue_due",
        name=_("Reissue due"),
        about=_("The certificate ends before its order: the next one is free and included."),
        parts=(*_FIRST, Part.WARNING, *_LAST, Part.BENEFITS),
        action=Action.REISSUE,
        basis=Basis.CERTIFICATE,
        may_offer=False,
    ),
    LibraryLetter(
        key="validation_needed",
        name=_("Validation needed"),
        about=_("A lapsed validation would hold up the renewal."),
        parts=(*_FIRST, Part.BENEFITS, *_LAST),
        action=Action.VALIDATE,
        days=-45,
        may_offer=False,
    ),
    LibraryLetter(
        key="auto_renew",
        name=_("Automatic renewal"),
        about=_("Says when the order renews itself, while it can still be changed."),
        parts=(*_FIRST, Part.INSTRUCTIONS, Part.BENEFITS),
        action=Action.LOOK,
        days=-44,
        may_offer=False,
    ),
    LibraryLetter(
        key="not_installed",
        name=_("Renewed, not installed"),
        about=_("The new certificate is issued and the server still shows the old one."),
        parts=(Part.ESSENTIALS, Part.BUTTON, Part.INSTRUCTIONS, Part.WARNING, Part.BENEFITS, Part.AUTOMATION),
        action=Action.INSTALL,
        may_offer=False,
    ),
    LibraryLetter(
        key="quote_expiring",
        name=_("Quote expiring"),
        about=_("A quote that was sent is valid for a few days more."),
        parts=(*_FIRST, Part.BENEFITS, *_LAST),
        action=Action.QUOTE,
        may_offer=False,
    ),
    LibraryLetter(
        key="digest",
        name=_("Several orders in one letter"),
        about=_("Everything that one reader has due at once, in a list."),
        parts=_FULL,
    ),
)
LIBRARY: Mapping[str, LibraryLetter] = {letter.key: letter for letter in _LETTERS}
DIGEST = "digest"


@cache
def source(key: str, language: str) -> Source:
    """The words of a built-in letter; raises KeyError for one that is not there."""
    if key not in LIBRARY:
        raise KeyError(key)
    text = (settings.BASE_DIR / _FOLDER / language / f"{key}.liquid").read_text(encoding="utf-8")
    head, _ends, body = text.partition(_HEAD_ENDS)
    lines = dict(line.split(": ", 1) for line in head.splitlines())
    return Source(lines["subject"], lines["preheader"], body.strip())
