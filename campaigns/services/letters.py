"""The partner's own letters: whatever was written stays as a version, and one per language is in use."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.text import slugify

from campaigns import library
from campaigns.library import Source
from campaigns.models import Letter, LetterVersion, Step
from portal import activities
from portal.choices import Language
from portal.models import Activity, Partner, User

LONGEST_KEY = 40
# The verbs of their activities; what was in use before is read from these.
USED, STOPPED = "letter.used", "letter.stopped"


class NotUsable(Exception):
    """The letter may not go out like this."""


class NoPostalAddress(NotUsable):
    """The law wants the sender's postal address in every such letter, and the partner has given none."""


class EssentialsMissing(NotUsable):
    """Something that every such letter should say is missing, and nobody has confirmed that this is meant."""


class InUse(Exception):
    """Steps of a calendar name the letter, and nothing would take its place."""


class NameTaken(Exception):
    """Another letter of the partner is called so."""


def own_letter(partner: Partner, key: str) -> Letter | None:
    """The partner's letter of that key, archived or not."""
    return Letter.objects.for_partner(partner).filter(key=key).first()


def wording_of(version: LetterVersion) -> Source:
    return Source(version.subject, version.preheader, version.body)


@transaction.atomic
def save_version(
    partner: Partner, key: str, wording: Source, *, language: str, actor: User, now: datetime
) -> LetterVersion:
    """Keep what was written as the newest version; nothing new is made of the same words.

    A letter of the library becomes the partner's own by it. KeyError for an unknown key.
    """
    letter = _locked(partner, key) or _taken_over(partner, key)
    newest = letter.versions.filter(language=language).first()
    if newest and wording_of(newest) == wording:
        return newest
    version = LetterVersion.objects.create(
        partner=partner,
        letter=letter,
        language=language,
        number=newest.number + 1 if newest else 1,
        subject=wording.subject,
        preheader=wording.preheader,
        body=wording.body,
        created_at=now,
        created_by=actor,
    )
    _record("letter.written", letter, actor, now, language=language, number=version.number)
    return version


@transaction.atomic
def put_in_use(
    version: LetterVersion, *, missing: Sequence[str] = (), confirmed: bool = False, actor: User, now: datetime
) -> LetterVersion | None:
    """Let letters say this from now on; returns the version that was in use before.

    `missing` names the essentials that were not found. Raises NoPostalAddress and EssentialsMissing.
    """
    if not version.partner.postal_address.strip():
        raise NoPostalAddress
    if missing and not confirmed:
        raise EssentialsMissing
    letter = _locked(version.partner, version.letter.key)
    if letter is None:
        raise KeyError(version.letter.key)
    before = letter.versions.filter(language=version.language, is_live=True).first()
    if before == version:
        return version
    letter.versions.filter(language=version.language).update(is_live=False)
    letter.versions.filter(pk=version.pk).update(is_live=True)
    facts = {"number": version.number, "missing": list(missing), "instead_of": before.number if before else None}
    _record(USED, letter, actor, now, language=version.language, **facts)
    return before


def was_in_use_before(version: LetterVersion) -> bool:
    """Whether the last change of what is in use, in its language, took this version out of use."""
    deeds = Activity.objects.for_partner(version.partner).about(version.letter)
    last = deeds.filter(verb__in=(USED, STOPPED), facts__language=version.language).first()
    if last is None:
        return False
    left: int | None = last.facts["number"] if last.verb == STOPPED else last.facts.get("instead_of")
    return left == version.number


@transaction.atomic
def stop_using(letter: Letter, *, language: str, actor: User, now: datetime) -> LetterVersion | None:
    """Let the built-in letter speak again in this language; returns the version that was in use."""
    locked = _locked(letter.partner, letter.key)
    live = locked.versions.filter(language=language, is_live=True).first() if locked else None
    if locked and live:
        locked.versions.filter(pk=live.pk).update(is_live=False)
        _record(STOPPED, locked, actor, now, language=language, number=live.number)
    return live


@transaction.atomic
def copy_letter(partner: Partner, key: str, name: str, *, actor: User, now: datetime) -> Letter:
    """A letter of the partner's own, beginning as this one in every language, that steps can name.

    Raises NameTaken, and KeyError for an unknown key.
    """
    wordings = {language: newest_wording(partner, key, language) for language in Language.values}
    new_key = slugify(name)[:LONGEST_KEY].strip("-")
    if not new_key or new_key in library.LIBRARY or own_letter(partner, new_key):
        raise NameTaken(name)
    original = own_letter(partner, key)
    based_on = key if key in library.LIBRARY else original.based_on if original else ""
    letter = Letter.objects.create(partner=partner, key=new_key, name=name, based_on=based_on)
    for language, wording in wordings.items():
        if wording:
            save_version(partner, new_key, wording, language=language, actor=actor, now=now)
    _record("letter.copied", letter, actor, now, source=key)
    return letter


@transaction.atomic
def archive(letter: Letter, *, actor: User, now: datetime) -> bool:
    """Put it away: the library's letter of that key speaks again. Whether that changed anything. Raises InUse."""
    if letter.key not in library.LIBRARY and is_in_calendar(letter):
        raise InUse(letter.key)
    changed = Letter.objects.for_partner(letter.partner).filter(pk=letter.pk, archived_at=None)
    if not changed.update(archived_at=now):
        return False
    _record("letter.archived", letter, actor, now)
    return True


@transaction.atomic
def restore(letter: Letter, *, actor: User, now: datetime) -> bool:
    """Take it out again, with the versions that were in use. Whether that changed anything."""
    put_away = Letter.objects.for_partner(letter.partner).filter(pk=letter.pk, archived_at__isnull=False)
    if not put_away.update(archived_at=None):
        return False
    _record("letter.restored", letter, actor, now)
    return True


def is_in_calendar(letter: Letter) -> bool:
    """Whether a step that may yet go out names it."""
    return Step.objects.for_partner(letter.partner).filter(letter=letter.key, removed_at=None).exists()


def newest_wording(partner: Partner, key: str, language: str) -> Source | None:
    """What an editor begins with: the newest own version, else the built-in letter, else nothing.

    KeyError where there is no such letter.
    """
    letter = own_letter(partner, key)
    newest = letter.versions.filter(language=language).first() if letter else None
    if newest:
        return wording_of(newest)
    if letter is None and key not in library.LIBRARY:
        raise KeyError(key)
    return built_in(key if key in library.LIBRARY else letter.based_on if letter else "", language)


def built_in(key: str, language: str) -> Source | None:
    """The library's letter of that key; None where there is none."""
    return library.source(key, language) if key in library.LIBRARY else None


def _locked(partner: Partner, key: str) -> Letter | None:
    return Letter.objects.for_partner(partner).select_for_update().filter(key=key).first()


def _taken_over(partner: Partner, key: str) -> Letter:
    name = str(library.LIBRARY[key].name)
    letter, _created = Letter.objects.get_or_create(partner=partner, key=key, defaults={"name": name, "based_on": key})
    return letter


def _record(verb: str, letter: Letter, actor: User, now: datetime, **facts: object) -> None:
    activities.record(verb, letter, partner=letter.partner, actor=actor, at=now, **facts)
