"""The activities of this app in words: what was done, and what changed by it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from certificates.catalogue import Benefit
from certificates.models import OptOut, Reply
from certificates.states import RenewalMark
from certificates.wording import day
from portal.types import StrOrPromise

Facts = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Deed:
    """A kind of activity: its words, the colour of its dot, and what its facts add."""

    words: StrOrPromise
    level: str = ""
    detail: Callable[[Facts], StrOrPromise] = lambda _facts: ""


def _switched(on: StrOrPromise, off: StrOrPromise) -> Callable[[Facts], StrOrPromise]:
    return lambda facts: on if facts.get("on") else off


def _error(facts: Facts) -> StrOrPromise:
    return str(facts.get("error") or facts.get("reason") or "")


def _owner(facts: Facts) -> StrOrPromise:
    return str(facts.get("owner") or _("Nobody"))


def _mark(facts: Facts) -> StrOrPromise:
    if facts.get("after") == RenewalMark.ELSEWHERE:
        return _("Renewed elsewhere: nothing more is sent about it.")
    return _("The order stands in the lists again.")


def _promised_end(facts: Facts) -> StrOrPromise:
    return _told(_("The new order ends on %(date)s."), facts.get("order_ends_on", ""))


def _two_ends(facts: Facts) -> StrOrPromise:
    told, said = _date(facts.get("told", "")), _date(facts.get("authority_says", ""))
    if told is None or said is None:
        return ""
    return _("%(told)s was promised; the authority says %(said)s.") % {"told": day(told), "said": day(said)}


def _told(sentence: str, written: str) -> str:
    when = _date(written)
    return sentence % {"date": day(when)} if when else ""


def _date(written: str) -> date | None:
    try:
        return date.fromisoformat(written)
    except ValueError:
        return None


def _before_and_after(facts: Facts) -> StrOrPromise:
    """What of a row was changed: "+33 4 00 27 → +33 4 00 28"."""
    before, after = facts.get("before", {}), facts.get("after", {})
    pairs = ((before.get(name), after.get(name)) for name in after if not str(name).startswith("email_state"))
    nothing = _("nothing")
    return ", ".join(f"{was or nothing} → {becomes or nothing}" for was, becomes in pairs)


def _letters(facts: Facts) -> StrOrPromise:
    """Which letters: "This order: 15678931"."""
    return " · ".join(filter(None, (str(OptOut.Scope(facts["scope"]).label), facts["about"], facts["by"])))


def _benefit(facts: Facts) -> StrOrPromise:
    said = {True: _("in use"), False: _("not in use"), None: _("nothing said")}[facts["after"]]
    return f"{Benefit(facts['benefit']).label}: {said}"


def _said_by(facts: Facts) -> StrOrPromise:
    return _("by %(person)s") % {"person": facts["by"]} if facts.get("by") else ""


def _seen_on(facts: Facts) -> StrOrPromise:
    return str(facts.get("host", ""))


def _file(facts: Facts) -> StrOrPromise:
    return str(facts.get("file", ""))


def _file_and_counts(facts: Facts) -> StrOrPromise:
    """What an import did: "orders.csv: 3 created, 1 updated, 96 unchanged, 0 rejected"."""
    words = _("%(file)s: %(created)s created, %(updated)s updated, %(unchanged)s unchanged, %(rejected)s rejected")
    counts = {name: facts.get(name, 0) for name in ("created", "updated", "unchanged", "rejected")}
    return words % {"file": facts.get("file", ""), **counts}


def _by_whom(facts: Facts, *words: StrOrPromise) -> StrOrPromise:
    """What was said, and by whom at the customer's, where nobody was signed in or one of the house took it down."""
    return " · ".join(str(one) for one in (*words, facts.get("by", "")) if one)


def _put_off(facts: Facts) -> StrOrPromise:
    return _by_whom(facts, _told(_("Until %(date)s, no reminders are sent."), facts.get("until", "")))


def _not_needed(facts: Facts) -> StrOrPromise:
    reasons = dict(Reply.Reason.choices)
    return _by_whom(facts, reasons.get(facts.get("reason", ""), ""), facts.get("words", ""))


def _forwarded(facts: Facts) -> StrOrPromise:
    return _("%(asker)s asked %(colleague)s") % {"asker": facts.get("by", ""), "colleague": facts.get("to", "")}


def _reader(facts: Facts) -> StrOrPromise:
    return str(facts.get("to", ""))


DEEDS: Mapping[str, Deed] = {
    "order.renewal_requested": Deed(gettext_lazy("Renewal requested"), "", _promised_end),
    "order.reissue_requested": Deed(gettext_lazy("Reissue requested")),
    "order.renewal_marked": Deed(gettext_lazy("Renewal marked by hand"), "", _mark),
    "order.notices_switched": Deed(
        gettext_lazy("Renewal notices switched"),
        "",
        _switched(gettext_lazy("Notices are sent."), gettext_lazy("No notices are sent.")),
    ),
    "order.auto_renew_switched": Deed(
        gettext_lazy("Automatic renewal switched"),
        "",
        _switched(gettext_lazy("The order renews itself."), gettext_lazy("The order no longer renews itself.")),
    ),
    "order.auto_renew_refused": Deed(gettext_lazy("Automatic renewal was not possible"), "bad"),
    "order.end_differs": Deed(gettext_lazy("The order ends on another day than promised"), "warn", _two_ends),
    "order.noted": Deed(gettext_lazy("Note about the order")),
    "order.put_off": Deed(gettext_lazy("Renewal put off by the customer"), "", _put_off),
    "order.not_needed": Deed(gettext_lazy("No longer needed"), "bad", _not_needed),
    "order.answer_taken_back": Deed(gettext_lazy("The customer's answer is taken back"), "", _by_whom),
    "order.forwarded": Deed(gettext_lazy("A colleague was asked"), "", _forwarded),
    "order.link_sent": Deed(gettext_lazy("Renewal link sent"), "", _reader),
    "order.link_made": Deed(gettext_lazy("Renewal link made to be handed on"), "", _reader),
    "order.link_taken_back": Deed(gettext_lazy("Renewal link taken back"), "warn", _reader),
    "contact.sign_in_link_sent": Deed(gettext_lazy("Sign-in link sent"), "", _reader),
    "contact.link_sent": Deed(gettext_lazy("Link to all that is due sent"), "", _reader),
    "contact.link_taken_back": Deed(gettext_lazy("Renewal link taken back"), "warn", _reader),
    "order.installation_said": Deed(gettext_lazy("The certificate is installed"), "good", _said_by),
    "order.installation_unsaid": Deed(gettext_lazy("The certificate is not installed after all"), "", _said_by),
    "order.installation_seen": Deed(gettext_lazy("The certificate was seen on its server"), "good", _seen_on),
    "request.made": Deed(gettext_lazy("Certificate requested")),
    "request.key_given": Deed(gettext_lazy("Key request given"), "good"),
    "request.approved": Deed(gettext_lazy("Request approved"), "good"),
    "request.refused": Deed(gettext_lazy("Request refused"), "warn", _error),
    "request.retried": Deed(gettext_lazy("Request tried again")),
    "request.cancel_asked": Deed(gettext_lazy("Request to be cancelled")),
    "request.placed": Deed(gettext_lazy("Request placed at the authority")),
    "request.issued": Deed(gettext_lazy("Certificate issued"), "good"),
    "request.failed": Deed(gettext_lazy("Request failed"), "bad", _error),
    "request.rejected": Deed(gettext_lazy("Request rejected"), "warn", _error),
    "request.canceled": Deed(gettext_lazy("Request cancelled"), "", _error),
    "customer.created": Deed(gettext_lazy("Customer added by hand")),
    "customer.changed": Deed(gettext_lazy("Customer changed"), "", _before_and_after),
    "customer.owner_assigned": Deed(gettext_lazy("Owner assigned"), "", _owner),
    "customer.noted": Deed(gettext_lazy("Note about the customer")),
    "customer.viewed": Deed(gettext_lazy("Customer looked up")),
    "contact.letters_stopped": Deed(gettext_lazy("Letters no longer wanted"), "warn", _letters),
    "contact.letters_wanted": Deed(gettext_lazy("Letters wanted again"), "", _letters),
    "order.benefit_said": Deed(gettext_lazy("Use of a benefit told"), "", _benefit),
    "contact.added": Deed(gettext_lazy("Contact added")),
    "contact.complained": Deed(gettext_lazy("The contact complained about a letter"), "bad", _error),
    "contact.bounced": Deed(gettext_lazy("The contact's address does not exist"), "bad", _error),
    "contact.corrected": Deed(gettext_lazy("Contact corrected"), "", _before_and_after),
    "authority_rule.changed": Deed(gettext_lazy("Rule of the authority changed"), "", _before_and_after),
    "authority_rule.added": Deed(gettext_lazy("Rule of the authority added")),
    "authority_rule.restored": Deed(gettext_lazy("House rule of the authority restored")),
    "authority_rule.removed": Deed(gettext_lazy("Rule of the authority removed")),
    "import.started": Deed(gettext_lazy("File uploaded"), "", _file),
    "import.finished": Deed(gettext_lazy("File imported"), "good", _file_and_counts),
    "import.canceled": Deed(gettext_lazy("Import cancelled"), "", _file),
    "import.failed": Deed(gettext_lazy("Import failed"), "bad", _file),
    "partner.orders_imported": Deed(gettext_lazy("Orders imported at the command line"), "good", _file_and_counts),
    "connection.checked": Deed(gettext_lazy("Connection checked"), "", _error),
    "connection.made": Deed(gettext_lazy("Connection made")),
}


def describe(verb: str, facts: Facts) -> tuple[StrOrPromise, StrOrPromise, str]:
    """Words, detail and colour of an activity; a verb without words stands for itself."""
    deed = DEEDS.get(verb) or Deed(verb)
    return deed.words, deed.detail(facts), deed.level
