"""What the law wants said: who is behind a partner's pages, and what becomes of people's data; text, never markup."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from portal.choices import Language
from portal.models import Partner
from portal.types import StrOrPromise


class Kind(StrEnum):
    LEGAL = "legal"
    PRIVACY = "privacy"


TITLES: dict[Kind, StrOrPromise] = {Kind.LEGAL: _("Legal notice"), Kind.PRIVACY: _("Privacy")}


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice that the partner has written, and the page on which it stands."""

    kind: Kind
    label: StrOrPromise
    path: str


def notices_of(partner: Partner, *, at_home: bool) -> Sequence[Notice]:
    """Those that the partner has written in one language at least, under its own host name or the shared one."""
    written = [kind for kind in Kind if text_of(partner, kind, Language.ENGLISH)[0]]
    return [Notice(kind, TITLES[kind], _path(partner, kind, at_home=at_home)) for kind in written]


def _path(partner: Partner, kind: Kind, *, at_home: bool) -> str:
    return reverse(f"portal:{kind}") if at_home else reverse(f"portal:partner_{kind}", args=[partner.slug])


def text_of(partner: Partner, kind: Kind, language: str) -> tuple[str, str]:
    """The notice in the language, else in the other one, and the language it is in; ("", …) where there is none."""
    first, second = sorted(Language.values, key=lambda one: one != language)
    own, other = (str(getattr(partner, f"{kind}_{one}")).strip() for one in (first, second))
    return (own, first) if own else (other, second)
