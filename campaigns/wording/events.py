"""What is said of a letter about an event: its name, what sends it, its state, and what became of it in a sentence."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext as _

from campaigns.models import EventLetter
from campaigns.states import NoticeState
from campaigns.wording.letters import letter_name
from campaigns.wording.notices import moment, state_pill
from certificates.wording import Pill
from portal.models import OutgoingMail
from portal.models.mail import UNSENT, MailReason, MailState

# What a letter's state is called in the outbox; any other has stayed home.
_STATES: Mapping[str, NoticeState] = {
    **dict.fromkeys(UNSENT, NoticeState.QUEUED),
    MailState.SENT: NoticeState.SENT,
    MailState.PARKED: NoticeState.FAILED,
}


def pill_of(mail_state: str) -> Pill:
    """What became of it, in the words of the outbox."""
    return state_pill(_STATES.get(mail_state, NoticeState.SUPPRESSED))


def told(one: EventLetter, mail: OutgoingMail, *, name: str, zone: str) -> str:
    """What became of a letter, by the clock of its reader."""
    facts = {"step": letter_name(one.letter), "name": name, "moment": moment(one.told_at(mail), zone)}
    if mail.state == MailState.SENT:
        return _("The letter “%(step)s” went to %(name)s on %(moment)s.") % facts
    if mail.state in UNSENT and mail.waits:
        why = {"reason": mail.get_waits_display()}
        return _("The letter to %(name)s has waited since %(moment)s: %(reason)s.") % {**facts, **why}
    if mail.state in UNSENT:
        return _("The letter to %(name)s has been on its way since %(moment)s.") % facts
    if mail.state == MailState.PARKED:
        return _parked(mail.reason) % {**facts, "words": mail.last_error or _("it gave no reason")}
    return _("Not sent: %(reason)s.") % {"reason": _because(mail)}


def _parked(reason: str) -> str:
    if reason == MailReason.UNANSWERED:
        return _("Whether it reached %(name)s nobody knows: it was handed over twice, and no answer ever came.")
    if reason == MailReason.UNWRITABLE:
        return _("Not sent on %(moment)s: the letter could not be written (%(words)s).")
    if reason == MailReason.TOO_OFTEN:
        return _("Not sent on %(moment)s: the mail server put the letter off too often (%(words)s).")
    return _("Not sent on %(moment)s: the mail server refused the letter (%(words)s).")


def _because(mail: OutgoingMail) -> str:
    if mail.reason == MailReason.REFUSED:
        return _("one of us has stopped it")
    if mail.reason in (MailReason.SWITCHED_OFF, MailReason.GONE):
        return _("letters to %(address)s do not arrive") % {"address": mail.to_email}
    return str(mail.get_reason_display())


def reader_of(one: EventLetter) -> str:
    return one.contact.name or one.contact.email
