"""The five keys in words: what a letter has, what would make it better, and what is missing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import groupby

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from campaigns.rules.keys import Code, Finding, Status
from portal.types import StrOrPromise

KEYS: Mapping[int, StrOrPromise] = {
    1: gettext_lazy("1. Early, and read"),
    2: gettext_lazy("2. An incentive"),
    3: gettext_lazy("3. The benefits they have"),
    4: gettext_lazy("4. The essentials"),
    5: gettext_lazy("5. No day is lost"),
}
LEVELS: Mapping[Status, str] = {
    Status.OK: "good",
    Status.ADDED: "note",
    Status.ADVICE: "warn",
    Status.MISSING: "bad",
}
_SAID: Mapping[Code, StrOrPromise] = {
    Code.EARLY: gettext_lazy("It goes out early: %(detail)s days before the end."),
    Code.SUBJECT_LENGTH: gettext_lazy("The subject is short enough to be read whole."),
    Code.SUBJECT_NAMES_IT: gettext_lazy("The subject says which certificate it is about."),
    Code.PREHEADER: gettext_lazy("The preheader adds a sentence to the subject."),
    Code.HONEST: gettext_lazy("It promises nothing that sounds like spam."),
    Code.CALM: gettext_lazy("Its tone is calm."),
    Code.OWN_WORDS: gettext_lazy("It speaks in your own words."),
    Code.INCENTIVE: gettext_lazy("What the customer can save stands in it."),
    Code.BENEFITS: gettext_lazy("It says what the product brings."),
    Code.ORDER_NUMBER: pgettext_lazy("essential of a letter", "The order number"),
    Code.PRODUCT: pgettext_lazy("essential of a letter", "The product"),
    Code.COMMON_NAME: pgettext_lazy("essential of a letter", "The common name"),
    Code.ISSUED: pgettext_lazy("essential of a letter", "The date of issue"),
    Code.EXPIRES: pgettext_lazy("essential of a letter", "The date of expiry"),
    Code.VALIDITY: pgettext_lazy("essential of a letter", "The validity"),
    Code.ONE_BUTTON: gettext_lazy("There is one thing to press."),
    Code.INSTRUCTIONS: gettext_lazy("It shows how it is done on the customer's server."),
    Code.AUTOMATION: gettext_lazy("It says how renewals run by themselves."),
    Code.NO_DAY_LOST: gettext_lazy("It proves that no day is lost."),
}
_WANTING: Mapping[Code, StrOrPromise] = {
    Code.EARLY: gettext_lazy("It goes out late. An earlier letter should have gone before it."),
    Code.SUBJECT_LENGTH: gettext_lazy("The subject has %(detail)s characters. Mailboxes show up to 70."),
    Code.SUBJECT_NAMES_IT: gettext_lazy("The subject does not say which certificate it is about."),
    Code.PREHEADER: gettext_lazy("The preheader has %(detail)s characters. From 40 to 140 are read."),
    Code.HONEST: gettext_lazy("“%(detail)s” sounds like spam, and may be against the law."),
    Code.CALM: gettext_lazy("“%(detail)s” is loud. Calm letters are trusted more."),
    Code.OWN_WORDS: gettext_lazy("It has hardly a word of your own: say why you write, and what is to be done."),
    Code.ORDER_NUMBER: pgettext_lazy("essential of a letter", "The order number is missing."),
    Code.PRODUCT: pgettext_lazy("essential of a letter", "The product is missing."),
    Code.COMMON_NAME: pgettext_lazy("essential of a letter", "The common name is missing."),
    Code.ISSUED: pgettext_lazy("essential of a letter", "The date of issue is missing."),
    Code.EXPIRES: pgettext_lazy("essential of a letter", "The date of expiry is missing."),
    Code.VALIDITY: pgettext_lazy("essential of a letter", "The validity is missing."),
}
_ADDED: Mapping[Code, StrOrPromise] = {
    Code.INCENTIVE: gettext_lazy("What the customer can save is added at the end: place {{ savings }} yourself."),
    Code.BENEFITS: gettext_lazy("What the product brings is added at the end: place {{ benefits }} yourself."),
    Code.ONE_BUTTON: gettext_lazy("The button is added at the end: place {{ button }} yourself."),
    Code.INSTRUCTIONS: gettext_lazy("How it is done is added at the end: place {{ instructions }} yourself."),
    Code.AUTOMATION: gettext_lazy("How it runs by itself is added at the end: place {{ automation }} yourself."),
    Code.NO_DAY_LOST: gettext_lazy("That no day is lost is added at the end: place {{ no_day_lost }} yourself."),
}
_TABLE = gettext_lazy("The essentials that you leave out are added as a table: place {{ essentials }} yourself.")
_NOWHERE: Mapping[Code, StrOrPromise] = {
    Code.INCENTIVE: gettext_lazy("There is nothing to save: no offer is live."),
    Code.BENEFITS: gettext_lazy("What the product brings is missing."),
    Code.ONE_BUTTON: gettext_lazy("There should be one thing to press, and no more."),
    Code.INSTRUCTIONS: gettext_lazy("How it is done on the customer's server is missing."),
    Code.AUTOMATION: gettext_lazy("How renewals run by themselves is missing."),
    Code.NO_DAY_LOST: gettext_lazy("That no day is lost is missing."),
}


def said(finding: Finding) -> tuple[str, str]:
    """The colour of a finding, and its sentence."""
    words = str(_words(finding))
    return LEVELS[finding.status], words % {"detail": finding.detail} if "%(detail)s" in words else words


def _words(finding: Finding) -> StrOrPromise:
    if finding.status is Status.OK:
        return _SAID[finding.code]
    if finding.status is Status.ADDED:
        return _ADDED.get(finding.code, _TABLE)
    if finding.code in _NOWHERE:
        return _NOWHERE[finding.code]
    if finding.code is Code.PREHEADER and finding.detail == "0":
        return _("The preheader is missing: mailboxes show the beginning of the letter instead.")
    return _WANTING[finding.code]


def by_key(findings: Iterable[Finding]) -> list[tuple[StrOrPromise, list[tuple[str, str]]]]:
    """Title and sentences of each key, what stands for several only once; findings come key by key."""
    return [
        (KEYS[key], list(dict.fromkeys(said(one) for one in found)))
        for key, found in groupby(findings, key=lambda one: one.key)
    ]
