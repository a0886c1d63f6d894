"""What is said of calls: their causes, their outcomes, and the hour at the other end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from campaigns.models import Attempt, Call
from campaigns.rules.calling import Office, tel_uri
from certificates.models import Contact, Customer
from certificates.wording import Pill, day, short_day
from portal.contributions import ActivityWords
from portal.money import money
from portal.types import StrOrPromise

Outcome = Attempt.Outcome


class Way(NamedTuple):
    """An outcome as it is pressed: its key, its words, its icon, and the colour of what came of it."""

    outcome: str
    key: str
    words: StrOrPromise
    icon: str
    level: str


WAYS: tuple[Way, ...] = (
    Way(Outcome.REACHED, "r", Outcome.REACHED.label, "check-lg", "good"),
    Way(Outcome.VOICEMAIL, "v", Outcome.VOICEMAIL.label, "mailbox", "note"),
    Way(Outcome.PROMISED, "p", gettext_lazy("Promised"), "calendar-check", "good"),
    Way(Outcome.DECLINED, "d", Outcome.DECLINED.label, "x-circle", "bad"),
    Way(Outcome.WRONG_NUMBER, "w", Outcome.WRONG_NUMBER.label, "slash-circle", "warn"),
)
BY_OUTCOME: Mapping[str, Way] = {way.outcome: way for way in WAYS}
CAUSE_LEVELS: Mapping[str, str] = {Call.Cause.BOUNCE: "bad", Call.Cause.LATE: "warn"}
STATE_LEVELS: Mapping[str, str] = {Call.State.OPEN: "note", Call.State.DONE: "good", Call.State.CLOSED: "plain"}


def cause(call_cause: str) -> Pill:
    return Pill(CAUSE_LEVELS.get(call_cause, "plain"), Call.Cause(call_cause).label)


def outcome(of: str, *, promised_on: date | None = None) -> Pill:
    """What came of it; a promise says its day."""
    way = BY_OUTCOME[of]
    if promised_on:
        return Pill(way.level, _("Promised by %(date)s") % {"date": short_day(promised_on)})
    return Pill(way.level, way.words)


def standing(call: Call) -> Pill:
    """Whether it is to be made, and when; or how it ended."""
    if call.state == Call.State.OPEN:
        return Pill("note", _("To call on %(date)s") % {"date": short_day(call.due_on)})
    return Pill(STATE_LEVELS[call.state], Call.State(call.state).label)


def noted(attempt: Attempt, call: Call) -> str:
    """What was noted, and what happens next."""
    told = {"customer": call.customer.name, "date": day(call.due_on)}
    if attempt.outcome == Outcome.VOICEMAIL:
        return _("%(customer)s: a message was left. The call comes back on %(date)s.") % told
    if attempt.promised_on:
        words = _("%(customer)s promised to renew by %(promised)s. Letters rest until then.")
        return words % {**told, "promised": day(attempt.promised_on)}
    if attempt.outcome == Outcome.WRONG_NUMBER and call.contact and call.contact_id != attempt.contact_id:
        return _("The number is marked as wrong. Ask for %(contact)s next.") % {"contact": call.contact}
    if attempt.outcome == Outcome.WRONG_NUMBER:
        return _("The number is marked as wrong. Nobody else at %(customer)s has one: look for another.") % told
    if attempt.outcome == Outcome.DECLINED:
        return _("%(customer)s declined. The call is done.") % told
    return _("%(customer)s was reached. The call is done.") % told


def not_noted(attempt: Attempt) -> str:
    """That somebody else has noted something meanwhile."""
    told = {"person": attempt.by, "outcome": outcome(attempt.outcome, promised_on=attempt.promised_on).words}
    return _("%(person)s has just noted this call: %(outcome)s. Nothing was noted over it.") % told


# Whom to ring, and what time it is there


@dataclass(frozen=True, slots=True)
class Line:
    """Somebody to ring: how the number is dialled, and the hour over there, with whether it disturbs."""

    contact: Contact
    url: str
    there: str
    disturbs: bool
    is_wrong: bool = False


def line(contact: Contact, customer: Customer, *, office: Office, now: datetime, is_wrong: bool = False) -> Line:
    there, disturbs = hour_there(contact.time_zone, office=office, now=now)
    return Line(contact, tel_uri(contact.phone, country=customer.country), there, disturbs, is_wrong)


def hour_there(zone: str, *, office: Office, now: datetime) -> tuple[str, bool]:
    """ "06:40 there", and whether a call would disturb."""
    local = now.astimezone(ZoneInfo(zone))
    told = _("%(time)s there") % {"time": formats.time_format(local, "H:i")}
    if local.isoweekday() not in office.working_days:
        told = _("%(day)s, %(time)s there") % {
            "day": formats.date_format(local, "l"),
            "time": formats.time_format(local, "H:i"),
        }
    return told, office.disturbs(local)


def orders(number: int) -> str:
    return ngettext("%(count)s order", "%(count)s orders", number) % {"count": number}


def sums(worth: list[tuple[Decimal, str]]) -> str:
    """€598.00, or several currencies one after the other."""
    return " + ".join(money(net, currency) for net, currency in worth)


# Deeds

_DEEDS: Mapping[str, StrOrPromise] = {
    "call.opened": gettext_lazy("Call to make"),
    "call.attempted": gettext_lazy("Call"),
    "call.taken_back": gettext_lazy("Outcome of a call taken back"),
    "call.closed": gettext_lazy("Call settled by itself"),
    "call.contact_chosen": gettext_lazy("Somebody else to be called"),
}


def describe(verb: str, facts: Mapping[str, Any]) -> tuple[StrOrPromise, StrOrPromise, str]:
    """Words, detail and colour of an activity."""
    if "outcome" in facts:
        way = BY_OUTCOME[facts["outcome"]]
        return _DEEDS[verb], way.words, way.level if verb == "call.attempted" else ""
    if "cause" in facts:
        return _DEEDS[verb], Call.Cause(facts["cause"]).label, CAUSE_LEVELS.get(facts["cause"], "")
    return _DEEDS[verb], str(facts.get("contact", "")), ""


WORDS = ActivityWords(frozenset(_DEEDS), describe)
