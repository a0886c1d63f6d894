"""Letters of touchpoints, written for many readers at once: in their language, in the partner's voice and colours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from campaigns.states import Tone
from certificates.models import Contact
from offers.models import Quote
from portal.mail.letters import Words
from portal.models import Membership, Partner


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One order that a letter speaks of, by primary keys; `certificate` where its step hangs on that one's life."""

    order: int
    certificate: int | None = None
    notice: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Whom a letter is for, a contact or a member of the partner's own, and what it speaks of.

    `key` names the letter in the library or the partner's own; the most urgent order comes first. `quote` is what a
    letter about a quote speaks of. Offers are left out unless `with_offers`; a member never reads any.
    """

    key: str
    subjects: Sequence[Subject]
    tone: Tone = Tone.PLAIN
    contact: Contact | None = None
    member: Membership | None = None
    with_offers: bool = False
    quote: Quote | None = None

    @property
    def partner_id(self) -> int:
        reader = self.contact or self.member
        if reader is None:
            raise ValueError(self)
        return int(reader.partner_id)


@dataclass(frozen=True, slots=True)
class Failed:
    """Why a letter could not be written, for the partner's people."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A letter ready to be queued, or why there is none. `with_offers` says whether it really holds one."""

    reader: Reader
    words: Words | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    with_offers: bool = False
    failed: Failed | None = None


def write_letters(readers: Sequence[Reader], *, now: datetime) -> list[Written]:
    """One letter for each reader, in their order, in a number of queries that does not grow with them.

    A letter that cannot be written says so on its own `failed`, and keeps no other from being written.
    """
    return [Written(reader=reader, failed=Failed("not written")) for reader in readers]


def example(partner: Partner, key: str, language: str, now: datetime) -> Written:
    """A worked example of a letter: the partner's own words, rules and looks, with an invented customer."""
    raise KeyError(key)
