"""What is said of a notice wherever it stands: its state, its step, its channel, its reader."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from campaigns.models import Notice
from campaigns.states import Basis, Channel, NoticeState
from certificates.wording import Pill
from portal.dates import date_format

LEVELS: Mapping[str, str] = {
    NoticeState.PLANNED: "calm",
    NoticeState.HELD: "warn",
    NoticeState.QUEUED: "note",
    NoticeState.SENT: "good",
    NoticeState.FAILED: "bad",
    NoticeState.MISSED: "warn",
    NoticeState.SUPPRESSED: "plain",
    NoticeState.SILENT: "plain",
}
ICONS: Mapping[str, str] = {
    Channel.EMAIL: "envelope",
    Channel.CONSOLE: "chat-left-text",
    Channel.BANNER: "megaphone",
    Channel.TELEPHONE: "telephone",
}
DONE: Mapping[str, Any] = {
    Channel.CONSOLE: gettext_lazy("Shown"),
    Channel.BANNER: gettext_lazy("Shown"),
    Channel.TELEPHONE: gettext_lazy("On the call list"),
}


def state_pill(state: str, channel: str = Channel.EMAIL) -> Pill:
    """The state with its colour; what is shown or called is not said to be sent."""
    words = NoticeState(state).label
    if state == NoticeState.SENT:
        words = DONE.get(channel, words)
    return Pill(LEVELS[state], words)


def step_words(basis: str, days: int | None, share: int | None) -> str:
    """When a step stands: "60 days before the end", "on its last day", "15 % of its life left"."""
    if basis == Basis.CERTIFICATE or days is None:
        return _("%(share)s %% of the certificate's life left") % {"share": share}
    if days == 0:
        return _("on the last day")
    if days < 0:
        words = ngettext("%(days)s day before the end", "%(days)s days before the end", -days)
        return words % {"days": -days}
    return ngettext("%(days)s day after the end", "%(days)s days after the end", days) % {"days": days}


def moment(at: datetime, zone: str) -> str:
    """A moment by the reader's own clock: "3 October 2026, 09:00 (Paris)"."""
    there = at.astimezone(ZoneInfo(zone))
    facts = {"moment": date_format(there, "DATETIME_FORMAT"), "place": place(zone)}
    return _("%(moment)s (%(place)s)") % facts


def place(zone: str) -> str:
    """The city that a time zone is named after: "Europe/Paris" -> "Paris"."""
    return zone.rpartition("/")[2].replace("_", " ")


def reader_name(notice: Notice) -> str:
    """Whom it is for, by name; nothing where it is for the customer as a whole, or for nobody."""
    if notice.contact:
        return notice.contact.name or notice.contact.email
    return str(notice.member.user) if notice.member else ""


def reader_zone(notice: Notice) -> str:
    """The zone of its reader's clock; of the partner's where nobody is named."""
    if notice.contact:
        return notice.contact.time_zone
    return notice.member.user.time_zone if notice.member else notice.partner.time_zone
