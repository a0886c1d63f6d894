"""Advice in whole sentences: why a certificate is recommended, what else would do, and what a customer still needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from certificates.catalogue import Benefit
from certificates.wording import years
from certificates.x509.names import display_name
from offers.rules.needs import Need, NeedCode
from offers.rules.selector import Caution, Reason, Why
from offers.services.advice import Match, Way
from portal.money import money
from portal.types import StrOrPromise

# Names a sentence lists; the rest are counted.
SHOWN_NAMES = 4

REASONS: Mapping[Reason, StrOrPromise] = {
    Reason.PERSONAL_NOW: _(
        "Whoever gives personal data wants to see to whom: the organisation is verified and named in the certificate."
    ),
    Reason.PERSONAL_LATER: _(
        "You will ask for personal data: with the organisation verified now, nothing has to change when you begin."
    ),
    Reason.PERSONAL_NONE: _("Nothing personal is given there, so encryption is enough as far as that goes."),
    Reason.PAYMENT_NOW: _(
        "Where people pay, the site is searched for vulnerabilities every week, and the logs of issued certificates "
        "are watched."
    ),
    Reason.PAYMENT_LATER: _(
        "You will take payments: a weekly vulnerability assessment and log monitoring are in place when you begin."
    ),
    Reason.PAYMENT_NONE: _("Nobody pays there, so the weekly vulnerability assessment is not a must."),
    Reason.ONE_NAME: _("One name is one name: nothing is paid for others."),
    Reason.FEW_NAMES: _("A few names are listed in one certificate, with one end to remember."),
    Reason.MANY_NAMES: _("A wildcard holds every name one level below your domain, those to come included."),
    Reason.MANY_NAMES_LISTED: _("Every name is listed in the certificate, as EV holds no wildcard."),
    Reason.ONE_SERVER: _("One server needs one certificate and one key."),
    Reason.SEVERAL_SERVERS: _(
        "Each server gets a duplicate with a key of its own; a duplicate ends on the same date as the certificate."
    ),
    Reason.TRUST_US: _("Your own people and machines know whom they speak to: no name has to be proved to them."),
    Reason.TRUST_US_NAMED: _(
        "Your own people and machines would need no name, but what they give there asks for a verified organisation."
    ),
    Reason.TRUST_PUBLIC: _("The public can look up who stands behind the site: an organisation that was verified."),
    Reason.TRUST_PARTNERS: _(
        "Those who check find the deepest verification there is: extended validation of the organisation."
    ),
}
CAUTIONS: Mapping[Caution, StrOrPromise] = {
    Caution.EV_HOLDS_NO_WILDCARD: _(
        "No EV certificate holds a wildcard, at any authority. List every name, or take the OV product below it, "
        "which holds one."
    ),
    Caution.WILDCARD_ON_SEVERAL_SERVERS: _(
        "Do not copy one wildcard key to every server: whoever takes one then speaks for all names. "
        "Make a duplicate for each server."
    ),
}
WHYS: Mapping[Why, StrOrPromise] = {
    Why.HOLDS_WILDCARD: _("Holds a wildcard. The organisation is verified and named, though less deeply."),
    Why.UNTIL_LATER: _("Enough until you begin. It means a change of certificate when you do."),
    Why.WITHOUT_ORGANIZATION: _("Encrypts just as well and is issued sooner. It names nobody."),
    Why.WITHOUT_EXTENDED: _("The organisation is verified and named, though less deeply, and it is issued sooner."),
    Why.WITHOUT_SEAL: _("The same verification, with less beside it."),
    Why.WITH_ORGANIZATION: _("Verifies your organisation and names it in the certificate."),
    Why.WITH_SEAL: _("Adds a site seal, which visitors see."),
    Why.WITH_MONITORING: _("The same verification, with more watch over the site."),
    Why.WITH_EXTENDED: _("Verifies the organisation in depth, for those who check."),
    Why.MORE_NAMES: _("One wildcard instead of listed names, if more names will come."),
}
WAYS: Mapping[Way, StrOrPromise] = {
    Way.PRESENT: _("What this order has already is enough."),
    Way.UPGRADE: _("A published upgrade: it is chosen when the order is renewed."),
    Way.ANEW: _("No published upgrade leads there from this order: it is ordered anew."),
}


def names_held(match: Match) -> str:
    """What the recommended certificate holds."""
    if match.shape.wildcard:
        return gettext("With a wildcard")
    if match.shape.several_names:
        return gettext("With each name listed")
    return ""


def difference(other: Match, best: Match | None) -> str:
    """What the other product brings beyond the recommended one, and what it lacks beside it."""
    before, after = (set(match.product.benefits) if match else set() for match in (best, other))
    known = {code: str(label) for code, label in Benefit.choices}
    more = ", ".join(label for code, label in known.items() if code in after - before)
    less = ", ".join(label for code, label in known.items() if code in before - after)
    sentences = [gettext("More: %(benefits)s.") % {"benefits": more}] if more else []
    sentences += [gettext("Without: %(benefits)s.") % {"benefits": less}] if less else []
    return " ".join(sentences)


def price_words(match: Match, currency: str) -> str:
    """What one year costs, and for which names; without a price, that it is told on request."""
    if match.price is None:
        return gettext("Price on request")
    facts = {"price": money(match.price, currency), "names": match.names}
    if match.shape.wildcard:
        return gettext("%(price)s for one year with one wildcard, tax excluded") % facts
    words = ngettext(
        "%(price)s for one year with %(names)s name, tax excluded",
        "%(price)s for one year with %(names)s names, tax excluded",
        match.names,
    )
    return words % facts


# What a customer needs


def need_title(need: Need) -> str:
    """The need in a few words."""
    words: Mapping[NeedCode, str] = {
        NeedCode.LAPSED: gettext("Names that nothing covers"),
        NeedCode.BESIDE: gettext("Names left behind"),
        NeedCode.MISSING_WWW: gettext("The www is missing"),
        NeedCode.MISSING_APEX: gettext("The bare domain is missing"),
        NeedCode.SENSITIVE_DV: gettext("More protection where people pay or sign in"),
        NeedCode.WILDCARD: gettext("One wildcard instead of many names"),
        NeedCode.LONGER_PLAN: gettext("A longer plan"),
    }
    return words[need.code]


def need_words(need: Need, currency: str) -> str:
    """Why it is needed, in one sentence, with the money where it is known."""
    facts = {
        "names": listed(need.names),
        "domain": display_name(need.domain),
        "product": need.product.name if need.product else "",
        "count": len(need.names),
        "orders": len(need.orders),
        "years": years(need.years) if need.years else "",
        "now": _sum(need.now, currency),
        "then": _sum(need.then, currency),
    }
    return _sentence(need) % facts


def _sentence(need: Need) -> str:
    if need.code == NeedCode.WILDCARD:
        return _wildcard(need)
    if need.code == NeedCode.SENSITIVE_DV:
        return _sensitive(need)
    if need.code == NeedCode.LONGER_PLAN:
        return ngettext(
            "%(orders)s order is bought year by year. A plan of %(years)s costs %(then)s instead of %(now)s.",
            "%(orders)s orders are bought year by year. Plans of %(years)s cost %(then)s instead of %(now)s.",
            len(need.orders),
        )
    return _uncovered(need)


def _wildcard(need: Need) -> str:
    if need.saving is None:
        return gettext(
            "%(count)s names below %(domain)s are listed one by one. A wildcard holds them all, and those to come."
        )
    return gettext(
        "%(count)s names below %(domain)s are listed one by one, for %(now)s a year. "
        "%(product)s with a wildcard costs %(then)s, and holds those to come."
    )


def _sensitive(need: Need) -> str:
    if need.saving is None:
        return gettext("%(names)s: only the domain is validated. Other hosts of the customer have %(product)s.")
    return gettext(
        "%(names)s: only the domain is validated, for %(now)s. Other hosts of the customer have %(product)s; "
        "here it costs %(then)s."
    )


def halves(needs: Sequence[Need]) -> str:
    """Several names of which only one half, with or without www, is covered."""
    facts = {"names": listed([name for need in needs for name in need.names])}
    if needs[0].code == NeedCode.MISSING_WWW:
        return gettext("Nothing covers %(names)s, though the domains without www are covered.") % facts
    return gettext("Nothing covers %(names)s, though the same domains with www are covered.") % facts


def _uncovered(need: Need) -> str:
    if need.code == NeedCode.LAPSED:
        return gettext("%(names)s stood on an order that ended, and no certificate covers them now.")
    if need.code == NeedCode.BESIDE:
        return gettext("%(names)s stood on an order that ended, while other hosts of %(domain)s are still covered.")
    return gettext("%(domain)s is covered and %(names)s is not: visitors type both.")


def listed(names: Sequence[str]) -> str:
    """The first names as people read them, and how many more there are."""
    shown = ", ".join(display_name(name) for name in names[:SHOWN_NAMES])
    more = len(names) - SHOWN_NAMES
    if more <= 0:
        return shown
    words = ngettext("%(names)s and %(more)s more", "%(names)s and %(more)s more", more)
    return words % {"names": shown, "more": more}


def _sum(amount: Decimal | None, currency: str) -> str:
    return "" if amount is None else money(amount, currency)


# What was done


def describe_deed(_verb: str, facts: Mapping[str, Any]) -> tuple[StrOrPromise, StrOrPromise, str]:
    """The one deed of advice: where the selector may be shown."""
    origins = facts.get("after", {}).get("origins", [])
    where = ", ".join(origins) or gettext("Nowhere: it is switched off.")
    return gettext("Selector on websites changed"), where, ""
