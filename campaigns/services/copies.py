"""Copies of letters for whoever asks what was written: every link, token and code is taken out before it is kept."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from campaigns.models import LetterCopy
from portal.access import across_partners
from portal.mail.letters import Words
from portal.mail.outbox import Draft
from portal.models import OutgoingMail

# A year's renewal is spoken of until the next one.
KEPT_FOR = timedelta(days=400)
_PRUNED_AT_ONCE = 1000
_HREF = re.compile(r'\s(?:href|action|ping)\s*=\s*("[^"]*"|\'[^\']*\'|[^\s>]+)', re.IGNORECASE)
_ADDRESS = re.compile(r"(?:https?://|www\.)[^\s<>\"')\]]+", re.IGNORECASE)
_IMAGE = re.compile(r'(\ssrc\s*=\s*)("[^"]*"|\'[^\']*\')', re.IGNORECASE)
_ORIGIN = re.compile(r"https?://[^/\"']+(?=/)", re.IGNORECASE)
_HIDDEN = "••••"


@dataclass(frozen=True, slots=True)
class Copy:
    """What a letter said; its links lead nowhere, and its code cannot be read."""

    text: str
    html: str


def keep(letters: Iterable[tuple[int, Draft]], *, now: datetime) -> None:
    """Keep copies of letters just queued, by their primary keys, with one statement."""
    rows = [
        LetterCopy(partner=draft.partner, mail_id=mail, packed=_pack(draft.words), kept_at=now)
        for mail, draft in letters
        if draft.partner
    ]
    LetterCopy.objects.bulk_create(rows, ignore_conflicts=True)


def copy_of(mail: OutgoingMail) -> Copy | None:
    """What the letter said; None where it was never kept, or is too old."""
    found = LetterCopy.objects.filter(partner=mail.partner_id, mail=mail).first()
    return Copy(**json.loads(zlib.decompress(bytes(found.packed)))) if found else None


def words_of(mail: OutgoingMail) -> str:
    """What the letter said as text; nothing where it was never kept."""
    copy = copy_of(mail)
    return copy.text if copy else ""


def forget_old(*, now: datetime) -> int:
    """Let go of copies nobody asks for any more; how many, at most a thousand at once."""
    with across_partners():
        old = LetterCopy.objects.filter(kept_at__lt=now - KEPT_FOR).order_by("kept_at").values_list("pk", flat=True)
        return LetterCopy.objects.filter(pk__in=list(old[:_PRUNED_AT_ONCE])).delete()[0]


def _pack(words: Words) -> bytes:
    said = {"text": without_secrets(words.text, words.code), "html": _disarmed(words.html, words.code)}
    return zlib.compress(json.dumps(said, ensure_ascii=False).encode())


def without_secrets(text: str, code: str) -> str:
    """The text; where an address or the code stood, dots."""
    shown = _ADDRESS.sub(_HIDDEN, text)
    return shown.replace(code, _HIDDEN) if code else shown


def _disarmed(html: str, code: str) -> str:
    # pictures of ours stay, under whatever address the portal is read at; all else that names one is taken out
    kept: list[str] = []

    def put_aside(found: re.Match[str]) -> str:
        kept.append(_ORIGIN.sub("", found[0]))
        return f"\x00{len(kept) - 1}\x00"

    shown = _IMAGE.sub(put_aside, _HREF.sub("", html).replace("\x00", ""))
    shown = without_secrets(shown, code)
    return re.sub(r"\x00(\d+)\x00", lambda found: kept[int(found[1])], shown)
