"""All letters of a partner side by side: the library's and its own, and how each stands in every language."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from campaigns.library import LIBRARY, LibraryLetter
from campaigns.models import Letter, LetterVersion, Step
from portal.choices import Language
from portal.models import Partner
from portal.types import StrOrPromise


class Standing(StrEnum):
    """Which words go out in a language; a letter of the partner's own may lean on the one that it began as."""

    OWN = "own"
    BUILT_IN = "built_in"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Spoken:
    """How a letter stands in one language; `number` of the version in use, `draft` of a newer one that is not."""

    language: str
    standing: Standing
    number: int = 0
    draft: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelved:
    """One letter. `own` is the partner's row, if any; `steps` are those of the calendars that send it."""

    key: str
    name: StrOrPromise
    about: StrOrPromise = ""
    built_in: LibraryLetter | None = None
    own: Letter | None = None
    based_on: str = ""
    spoken: tuple[Spoken, ...] = ()
    steps: tuple[Step, ...] = ()
    changed: LetterVersion | None = None
    archived_at: datetime | None = None
    untranslated: tuple[str, ...] = field(default=())


def shelf(partner: Partner) -> list[Shelved]:
    """Every letter in the order of the library, then the partner's others by name. Three queries."""
    own = {letter.key: letter for letter in Letter.objects.for_partner(partner)}
    versions = _versions(partner)
    steps = _steps(partner)
    keys = [*LIBRARY, *(key for key in own if key not in LIBRARY)]
    return [_shelved(key, own.get(key), versions, steps.get(key, ())) for key in keys]


def shelved(partner: Partner, key: str) -> Shelved:
    """One of them. KeyError where there is no such letter."""
    own = Letter.objects.for_partner(partner).filter(key=key).first()
    if own is None and key not in LIBRARY:
        raise KeyError(key)
    return _shelved(key, own, _versions(partner, own), _steps(partner, key).get(key, ()))


def _shelved(
    key: str, own: Letter | None, versions: Mapping[int, list[LetterVersion]], steps: Iterable[Step]
) -> Shelved:
    written = versions.get(own.pk, []) if own else []
    kind = LIBRARY.get(key) or LIBRARY.get(own.based_on if own else "")
    is_archived = own is not None and own.archived_at is not None
    otherwise = Standing.BUILT_IN if key in LIBRARY or (kind and not is_archived) else Standing.MISSING
    spoken = tuple(_spoken(language, [] if is_archived else written, otherwise) for language in Language.values)
    return Shelved(
        key=key,
        name=own.name if own and key not in LIBRARY else kind.name if kind else key,
        about=kind.about if kind else "",
        built_in=LIBRARY.get(key),
        own=own,
        based_on=own.based_on if own else "",
        spoken=spoken,
        steps=tuple(steps),
        changed=max(written, key=lambda version: version.created_at, default=None),
        archived_at=own.archived_at if own else None,
        untranslated=_untranslated(spoken),
    )


def _spoken(language: str, written: Iterable[LetterVersion], otherwise: Standing) -> Spoken:
    mine = [version for version in written if version.language == language]
    live = next((version.number for version in mine if version.is_live), 0)
    newest = max((version.number for version in mine), default=0)
    return Spoken(language, Standing.OWN if live else otherwise, live, newest if newest > live else 0)


def _untranslated(spoken: Iterable[Spoken]) -> tuple[str, ...]:
    """Languages without words of the partner's own, where another language has them."""
    own = {one.language for one in spoken if one.standing is Standing.OWN}
    return tuple(one.language for one in spoken if own and one.language not in own)


def _versions(partner: Partner, letter: Letter | None = None) -> dict[int, list[LetterVersion]]:
    """By letter, without their words."""
    rows = LetterVersion.objects.for_partner(partner).defer("subject", "preheader", "body")
    found: dict[int, list[LetterVersion]] = defaultdict(list)
    for version in (rows.filter(letter=letter) if letter else rows).select_related("created_by"):
        found[version.letter_id].append(version)
    return found


def _steps(partner: Partner, key: str = "") -> dict[str, list[Step]]:
    rows = Step.objects.for_partner(partner).filter(removed_at=None, calendar__is_active=True).exclude(letter="")
    found: dict[str, list[Step]] = defaultdict(list)
    for step in (rows.filter(letter=key) if key else rows).select_related("calendar"):
        found[step.letter].append(step)
    return found
