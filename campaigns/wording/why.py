"""Why something was, or was not, sent: one plain sentence for each step, with its dates and names, to be read aloud."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns.models import Calendar
from campaigns.services.calendars import SEGMENT
from campaigns.services.explaining import Explained, Outcome
from campaigns.states import Channel, Reason
from campaigns.wording.notices import moment, step_words
from certificates.states import RenewalMark, ValidationLevel
from certificates.wording import day

LEVELS: Mapping[Outcome, str] = {
    Outcome.SENT: "good",
    Outcome.QUEUED: "note",
    Outcome.DUE: "note",
    Outcome.PLANNED: "planned",
    Outcome.WILL: "planned",
    Outcome.HELD: "warn",
    Outcome.FAILED: "bad",
    Outcome.MISSED: "warn",
    Outcome.SUPPRESSED: "warn",
    Outcome.CAME_LATE: "warn",
}


def level(one: Explained) -> str:
    """The colour of its mark."""
    return LEVELS.get(one.outcome, "")


def step_of(one: Explained) -> str:
    """The step in words: "60 days before the end"."""
    return step_words(one.step.basis, one.step.days, one.step.share)


def told(one: Explained) -> str:
    """What became of a step, or will, and what decided it."""
    return str(_TOLD[one.outcome](one))


# What happened


def _sent(one: Explained) -> str:
    facts = {"moment": _at(one.at, one.zone), "name": _name(one), "step": step_of(one)}
    if one.step.channel == Channel.TELEPHONE:
        return _("The call “%(step)s” came onto the call list on %(moment)s.") % facts
    if one.step.channel != Channel.EMAIL:
        return _("“%(step)s” was shown from %(moment)s on.") % facts
    return _("The letter “%(step)s” went to %(name)s on %(moment)s.") % facts


def _queued(one: Explained) -> str:
    facts = {"moment": _at(one.at, one.zone), "name": _name(one)}
    mail = one.notice.mail if one.notice else None
    if mail and mail.waits:
        why = {"reason": mail.get_waits_display()}
        return _("The letter to %(name)s has waited since %(moment)s: %(reason)s.") % {**facts, **why}
    return _("The letter to %(name)s has been on its way since %(moment)s.") % facts


def _held(one: Explained) -> str:
    facts = {"moment": _at(one.at, one.zone)}
    return _("Held back by one of us; by the calendar it is due on %(moment)s.") % facts


def _failed(one: Explained) -> str:
    words = {"words": one.facts.get("words") or _("it gave no reason"), "moment": _at(one.at, one.zone)}
    if one.reason == Reason.TEMPLATE:
        return _("Not sent on %(moment)s: the letter could not be written (%(words)s).") % words
    return _("Not sent on %(moment)s: the mail server refused the letter (%(words)s).") % words


def _stayed(one: Explained) -> str:
    reason = because(one)
    return _("Not sent: %(reason)s.") % {"reason": reason}


# What will happen


def _will(one: Explained) -> str:
    facts = {"moment": _at(one.at, one.zone), "name": _name(one)}
    if one.reason:
        return _("Due on %(moment)s, and not spoken of for now: %(reason)s.") % {**facts, "reason": because(one)}
    if one.step.channel == Channel.TELEPHONE:
        return _("Will come onto the call list on %(moment)s.") % facts
    if one.step.channel != Channel.EMAIL:
        return _("Will be shown from %(moment)s on.") % facts
    if not one.reader:
        return _("Will be sent on %(moment)s.") % facts
    return _("Will be sent on %(moment)s to %(name)s.") % facts


def _due(one: Explained) -> str:
    if one.reason:
        return _("It waits: %(reason)s.") % {"reason": because(one)}
    return _("It is due, and leaves within minutes, or as soon as its reader may be reached.")


def _quiet(one: Explained) -> str:
    return _("Nothing is sent: %(reason)s.") % {"reason": because(one)}


# What no rule lets happen


def _outside(one: Explained) -> str:
    if one.step.share is not None:
        return _("Nothing goes out: the certificate's life is too short for this step, or not known.")
    return _("Nothing goes out: this day lies before the order began.")


def _renewal_instead(_one: Explained) -> str:
    return _("No reissue is asked for: the order itself ends with this certificate, or soon after, and is renewed.")


def _step_is_younger(one: Explained) -> str:
    since = one.step.since
    facts = {"day": day(one.day) if one.day else "", "since": _day(since, one.zone)}
    return _("Nothing was sent on %(day)s: this step came into the calendar on %(since)s.") % facts


def _came_late(one: Explained) -> str:
    placed, grace = one.facts["placed_at"], one.facts["grace"]
    came = placed.astimezone(ZoneInfo(one.zone)).date()
    if one.day and came > one.day:
        words = ngettext(
            "Nothing went out: the order came on %(came)s, after the step's day (%(day)s); its grace: %(grace)s day.",
            "Nothing went out: the order came on %(came)s, after the step's day (%(day)s); its grace: %(grace)s days.",
            grace,
        )
        return words % {"came": day(came), "day": day(one.day), "grace": grace}
    words = ngettext(
        "Nothing went out: when this order and its end became known here, the step's day (%(day)s) and the grace of "
        "%(grace)s day were over.",
        "Nothing went out: when this order and its end became known here, the step's day (%(day)s) and the grace of "
        "%(grace)s days were over.",
        grace,
    )
    return words % {"day": day(one.day) if one.day else "", "grace": grace}


def _said(one: Explained) -> str:
    return _("Nothing goes out: the same was said on %(moment)s by another step of that day.") % {
        "moment": _at(one.at, one.zone)
    }


_TOLD: Mapping[Outcome, Callable[[Explained], str]] = {
    Outcome.SENT: _sent,
    Outcome.QUEUED: _queued,
    Outcome.DUE: _due,
    Outcome.PLANNED: _will,
    Outcome.HELD: _held,
    Outcome.FAILED: _failed,
    Outcome.MISSED: _stayed,
    Outcome.SUPPRESSED: _stayed,
    Outcome.SILENT: _stayed,
    Outcome.WILL: _will,
    Outcome.QUIET: _quiet,
    Outcome.OUTSIDE: _outside,
    Outcome.RENEWAL_INSTEAD: _renewal_instead,
    Outcome.STEP_IS_YOUNGER: _step_is_younger,
    Outcome.CAME_LATE: _came_late,
    Outcome.SAID: _said,
}


# Reasons


def because(one: Explained) -> str:
    """The reason as the end of a sentence: "the order was renewed on 2 October 2026 by order 123"."""
    if one.reason in _BECAUSE:
        return _BECAUSE[Reason(one.reason)](one)
    return str(Reason(one.reason).label) if one.reason in Reason.values else _("nobody knows why")


def _renewed(one: Explained) -> str:
    when, number, mark = (one.facts.get(name) for name in ("date", "number", "mark"))
    facts = {"date": _day(when, one.zone), "number": number}
    if mark == RenewalMark.ELSEWHERE:
        return (
            _("the order was marked as renewed elsewhere on %(date)s") % facts
            if when
            else _("the order was renewed elsewhere")
        )
    if mark == RenewalMark.IN_HAND and when:
        return _("the order's renewal was asked for on %(date)s") % facts
    if when and number:
        return _("the order was renewed on %(date)s by order %(number)s") % facts
    if number:
        return _("the order was renewed by order %(number)s") % facts
    return _("the order was renewed on %(date)s") % facts if when else _("the order is renewed")


def _notices_off(one: Explained) -> str:
    facts = {"date": _day(one.facts.get("date"), one.zone), "name": one.facts.get("who")}
    if one.facts.get("date") and facts["name"]:
        return _("%(name)s switched the notices of the order off on %(date)s") % facts
    return _("the notices of the order are switched off")


def _put_off(one: Explained) -> str:
    if not one.facts.get("until"):
        return _("the customer has put it off")
    facts = {"until": day(one.facts["until"]), "name": one.facts.get("who") or _("the customer")}
    return _("%(name)s has put it off until %(until)s") % facts


def _not_needed(one: Explained) -> str:
    if not one.facts.get("date"):
        return _("the customer no longer needs it")
    facts = {"date": _day(one.facts["date"], one.zone), "name": one.facts.get("who") or _("the customer")}
    return _("%(name)s said on %(date)s that it is no longer needed") % facts


def _promised(one: Explained) -> str:
    if not one.facts.get("until"):
        return _("the customer has promised to renew")
    facts = {"date": _day(one.facts.get("date"), one.zone), "until": day(one.facts["until"])}
    return _("the customer promised on the telephone on %(date)s to renew by %(until)s") % facts


def _opted_out(one: Explained) -> str:
    return _("%(name)s wants no letters about it") % {"name": _name(one)}


def _bad_address(one: Explained) -> str:
    address = one.reader.email if one.reader else ""
    words = one.facts.get("words")
    if words:
        return _("letters to %(address)s do not arrive (%(words)s)") % {"address": address, "words": words}
    return _("letters to %(address)s do not arrive") % {"address": address}


def _grace_over(one: Explained) -> str:
    due_at = one.facts.get("due_at") or one.at
    facts = {"due": _at(due_at, one.zone), "until": _at(one.expires_at, one.zone)}
    return _("it was due on %(due)s and of use until %(until)s, and could not leave in between") % facts


_BECAUSE: Mapping[Reason, Callable[[Explained], str]] = {
    Reason.RENEWED: _renewed,
    Reason.NOTICES_OFF: _notices_off,
    Reason.CUSTOMER_OFF: lambda _one: _("notices are switched off for the whole customer"),
    Reason.NOT_LIVE: lambda _one: _("the order is cancelled, revoked or not issued"),
    Reason.END_MOVED: lambda one: (
        _("the end it spoke of (%(date)s) has moved") % {"date": _day(one.facts.get("ends_at"), "UTC")}
    ),
    Reason.STEP_REMOVED: lambda _one: _("its step was taken out of the calendar"),
    Reason.CALENDAR_CHANGED: lambda _one: _("another calendar applies to the order now"),
    Reason.PUT_OFF: _put_off,
    Reason.NOT_NEEDED: _not_needed,
    Reason.PROMISED: _promised,
    Reason.OPTED_OUT: _opted_out,
    Reason.BAD_ADDRESS: _bad_address,
    Reason.NOBODY: lambda _one: _("nobody at the customer can be reached by e-mail"),
    Reason.REFUSED_BY_US: lambda _one: _("one of us has stopped it"),
    Reason.GRACE_OVER: _grace_over,
    Reason.OVERTAKEN: lambda _one: _("a later step was due by then and took its place"),
}


# The calendar


def calendar_words(calendar: Calendar | None) -> str:
    """Which calendar applies, and by what."""
    if calendar is None:
        return _("No calendar applies to this order: none in use fits it.")
    facts = {"name": calendar.name, "why": _narrowed(calendar)}
    if not facts["why"]:
        return _("The calendar “%(name)s” applies: it is for every order that no other calendar takes.") % facts
    return _("The calendar “%(name)s” applies: the order fits its %(why)s.") % facts


def _narrowed(calendar: Calendar) -> str:
    names = {field.name: str(field.verbose_name) for field in Calendar._meta.concrete_fields}
    return ", ".join(_narrowed_by(calendar, name, names) for name in SEGMENT if getattr(calendar, name))


def _narrowed_by(calendar: Calendar, name: str, names: Mapping[str, str]) -> str:
    values: list[Any] = getattr(calendar, name)
    if name == "levels":
        values = [str(ValidationLevel(value).label) for value in values if value in ValidationLevel.values]
    return f"{names[name]} ({', '.join(values)})" if name in ("families", "levels", "countries") else names[name]


# Pieces


def _name(one: Explained) -> str:
    return one.reader.name if one.reader else _("nobody")


def _at(when: datetime | None, zone: str) -> str:
    return moment(when, zone) if when else ""


def _day(when: datetime | date | None, zone: str) -> str:
    if when is None:
        return ""
    return day(when.astimezone(ZoneInfo(zone)).date() if isinstance(when, datetime) else when)
