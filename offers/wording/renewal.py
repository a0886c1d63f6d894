"""What the renew pages say: refusals, checks, keys and days, a whole sentence each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import singledispatch

from django.utils.formats import number_format
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from certificates.rules import RenewalPlan, last_day
from certificates.services.keys import PresentKey
from certificates.services.planning import ReissuePlan, ValidationCode, ValidationFact
from certificates.services.refusals import (
    Obstacle,
    OneNameOnly,
    OrderNotRenewable,
    OrganizationMissing,
    ProductNotOffered,
    TermNotOffered,
    WildcardRefused,
)
from certificates.wording import day
from certificates.x509 import BadRequest, Code, display_name
from portal.drawings import Part
from portal.types import StrOrPromise


def listed(names: Sequence[str]) -> str:
    """Host names as people read them, separated by commas."""
    return ", ".join(display_name(name) for name in names)


# Refusals


@singledispatch
def refusal(error: Exception) -> str:
    """Why it was not done, what that means, and what to do."""
    return gettext("This could not be asked for: %(error)s. Nothing was ordered.") % {"error": type(error).__name__}


@refusal.register
def _bad_request(error: BadRequest) -> str:
    quoted, closed, _reason = error.reason.partition("”")
    if error.code is Code.BAD_NAME and not closed:
        return gettext("This request names no host. Make it again, with the host names in it.")
    return str(_CODES[error.code] % {"name": quoted + closed})


@refusal.register
def _wildcard(error: WildcardRefused) -> str:
    words = gettext("%(product)s cannot hold %(names)s. Choose a product that holds wildcards, or list each name.")
    return words % {"product": error.product.name, "names": listed(error.names)}


@refusal.register
def _one_name(error: OneNameOnly) -> str:
    words = gettext("%(product)s holds a single name. Remove %(names)s, or choose another product.")
    return words % {"product": error.product.name, "names": listed(error.names)}


@refusal.register
def _term(error: TermNotOffered) -> str:
    words = ngettext(
        "This product is sold for %(years)s year at most.",
        "This product is sold for %(years)s years at most.",
        error.longest,
    )
    return words % {"years": error.longest}


@refusal.register
def _product(_error: ProductNotOffered) -> str:
    return gettext("This product is no longer sold. Choose another one.")


@refusal.register
def _organization(_error: OrganizationMissing) -> str:
    return gettext("This product names an organisation in the certificate, and none is known for this customer.")


@refusal.register
def _obstacle(error: OrderNotRenewable) -> str:
    return str(OBSTACLES[error.obstacle])


OBSTACLES: Mapping[Obstacle, StrOrPromise] = {
    Obstacle.NOT_ISSUED: _("This order has not been issued, or no longer stands: there is nothing to renew."),
    Obstacle.RENEWED: _("The authority says that this order has been renewed already."),
    Obstacle.MARKED_ELSEWHERE: _(
        "This order is marked as renewed elsewhere. Take the mark back on its page to renew it here."
    ),
    Obstacle.ENDED: _("This order has ended: renew it instead of reissuing it."),
    Obstacle.NOT_CONNECTED: _(
        "There is no connection to the authority of this order, so nothing can be placed. An administrator sets it up."
    ),
}

# The same for customers, who set nothing up and take no marks back.
_OBSTACLES_FOR_CUSTOMERS: Mapping[Obstacle, StrOrPromise] = {
    Obstacle.MARKED_ELSEWHERE: _("This order is noted as renewed elsewhere. If that is not so, please tell us."),
    Obstacle.NOT_CONNECTED: _("It cannot be renewed on this page at the moment. Write or call, and we renew it."),
}


def refusal_for_customers(error: Exception) -> str:
    """Why it was not done, told to the customer."""
    if isinstance(error, OrganizationMissing):
        return gettext(
            "This product names your organisation in the certificate, and we do not know it yet. "
            "Choose another product, or write or call."
        )
    if isinstance(error, OrderNotRenewable) and error.obstacle in _OBSTACLES_FOR_CUSTOMERS:
        return str(_OBSTACLES_FOR_CUSTOMERS[error.obstacle])
    return refusal(error)


_CODES: Mapping[Code, StrOrPromise] = {
    Code.PRIVATE_KEY: _(
        "That was a private key. It was neither read nor kept. Leave it on your server, "
        "and hand in the request (CSR) that was made with it."
    ),
    Code.NOT_A_CSR: _(
        "No certificate request was found. Hand it in whole, from BEGIN CERTIFICATE REQUEST to END CERTIFICATE REQUEST."
    ),
    Code.BAD_SIGNATURE: _("This request is damaged: it is not signed by its own key. Make it again."),
    Code.WEAK_KEY: _(
        "No authority may accept this key. Make a new one: RSA of 2048 bits or more, or ECDSA on P-256 or P-384."
    ),
    Code.TOO_LARGE: _("This is far too large for a certificate request. Hand in only the request."),
    Code.BAD_NAME: _(
        "%(name)s is no host name that a certificate can hold. Write names such as www.example.org, one per line."
    ),
    Code.TOO_MANY_NAMES: _("A certificate holds 250 names at most."),
    Code.NOT_A_CERTIFICATE: _("This is a certificate, not a request for one (CSR)."),
    Code.TOO_MANY_CERTIFICATES: _("This is a certificate, not a request for one (CSR)."),
}


def strangers(names: Sequence[str]) -> str:
    """The request was made for other names than the certificate will hold."""
    words = ngettext(
        "This request was made for %(names)s, which the certificate will not hold. Is it the right one?",
        "This request was made for %(names)s, which the certificate will not hold. Is it the right one?",
        len(names),
    )
    return words % {"names": listed(names)}


OUTDATED = _("The names have changed since the request was made in this browser. Make the key again for these names.")

# Checks


def validation(fact: ValidationFact) -> str:
    """One line of the checks; `fact.holds` says whether the order will wait for it."""
    facts = {"name": display_name(fact.name), "date": day(fact.until) if fact.until else ""}
    return str(_VALIDATIONS[fact.code] % facts)


_VALIDATIONS: Mapping[ValidationCode, StrOrPromise] = {
    ValidationCode.ORGANIZATION_VALID: _("%(name)s is validated until %(date)s."),
    ValidationCode.ORGANIZATION_LAPSED: _(
        "The validation of %(name)s ended on %(date)s: the authority validates it again before it issues."
    ),
    ValidationCode.ORGANIZATION_UNKNOWN: _(
        "Nobody here knows how long %(name)s is validated: the authority may validate it again before it issues."
    ),
    ValidationCode.ORGANIZATION_MISSING: _("No organisation is known for this customer, and this product needs one."),
    ValidationCode.DOMAIN_VALID: _("%(name)s is validated until %(date)s."),
    ValidationCode.DOMAIN_LAPSED: _(
        "The validation of %(name)s ended on %(date)s: it has to be proved again before the authority issues."
    ),
    ValidationCode.DOMAIN_UNKNOWN: _("%(name)s will be proved once the order is placed."),
}


def validation_for_customers(fact: ValidationFact) -> str:
    """The same line, told to the customer."""
    if fact.code is ValidationCode.ORGANIZATION_MISSING:
        return gettext("This product names your organisation, and we do not know it yet.")
    if fact.code is ValidationCode.ORGANIZATION_UNKNOWN:
        return gettext("The authority may validate %(name)s again before it issues.") % {"name": fact.name}
    return validation(fact)


def validation_help(facts: Iterable[ValidationFact]) -> list[StrOrPromise]:
    """What the customer can do about what holds the order up, each thing once."""
    return list(dict.fromkeys(_HELP[fact.code] for fact in facts if fact.holds and fact.code in _HELP))


_PROVE = _("After you have renewed, the next page shows the record, file or e-mail that proves a name, ready to copy.")
_EXPECT = _("The authority looks your organisation up in public registers, and may telephone you.")
_HELP: Mapping[ValidationCode, StrOrPromise] = {
    ValidationCode.DOMAIN_LAPSED: _PROVE,
    ValidationCode.DOMAIN_UNKNOWN: _PROVE,
    ValidationCode.ORGANIZATION_LAPSED: _EXPECT,
    ValidationCode.ORGANIZATION_UNKNOWN: _EXPECT,
}


# Days


def days(number: int) -> str:
    """396 -> "396 days"."""
    return ngettext("%(days)s day", "%(days)s days", number) % {"days": number_format(number, force_grouping=True)}


def renewal_lead(ends_on: date, plan: RenewalPlan, *, today: date) -> str:
    """When the order ends, and when the new one will."""
    left = (ends_on - today).days
    facts = {"end": day(ends_on), "new_end": day(last_day(plan.order_end)), "lost": days(plan.lost_days)}
    if left < 0:
        words = ngettext(
            "It ended on %(end)s, %(days)s day ago. A renewal issued today ends on %(new_end)s.",
            "It ended on %(end)s, %(days)s days ago. A renewal issued today ends on %(new_end)s.",
            -left,
        )
        return words % {**facts, "days": -left}
    if plan.lost_days:
        words = gettext(
            "It ends on %(end)s. The authority does not add the days left: renewing today gives up %(lost)s."
        )
        return words % facts
    if left == 0:
        return gettext("It ends today, %(end)s. Renewed today, the new order ends on %(new_end)s.") % facts
    words = ngettext(
        "It ends on %(end)s, in %(days)s day. Renew on any day until then: the new order ends on %(new_end)s.",
        "It ends on %(end)s, in %(days)s days. Renew on any day until then: the new order ends on %(new_end)s.",
        left,
    )
    return words % {**facts, "days": left}


def renewal_title(plan: RenewalPlan) -> str:
    if plan.lost_days:
        return gettext("What renewing today gives")
    return gettext("You lose no day") if plan.carried_days else gettext("What you get")


def renewal_sentence(plan: RenewalPlan) -> str:
    """Where the days of the order are: on the certificate, and in free reissues."""
    facts = {
        "order": days(plan.order_days),
        "certificate": days(plan.certificate_days),
        "later": plan.collected_later_days,
    }
    if not plan.collected_later_days:
        return gettext("All %(order)s of the order are on the new certificate.") % facts
    words = ngettext(
        "Of %(order)s, %(certificate)s are on the new certificate, %(later)s are collected by a free reissue.",
        "Of %(order)s, %(certificate)s are on the new certificate, %(later)s are collected by free reissues.",
        len(plan.reissues),
    )
    return words % facts


def reissue_sentence(plan: ReissuePlan) -> str:
    facts = {"days": days(plan.days), "date": day(last_day(plan.ends_at)), "later": days(plan.days_left_to_collect)}
    if not plan.days_left_to_collect:
        return (
            gettext(
                "The new certificate runs %(days)s, to the end of the order on %(date)s: nothing is left to collect."
            )
            % facts
        )
    words = gettext(
        "The new certificate runs %(days)s, to %(date)s; %(later)s of the order are left to further free reissues."
    )
    return words % facts


def reissue_parts(plan: ReissuePlan) -> list[Part]:
    parts = [
        Part(
            "certificate",
            plan.days,
            days(plan.days),
            gettext("on the new certificate, to %(date)s") % {"date": day(last_day(plan.ends_at))},
        ),
        Part(
            "order",
            plan.days_left_to_collect,
            days(plan.days_left_to_collect),
            gettext("left to further free reissues"),
        ),
    ]
    return [part for part in parts if part.days]


def key_words(key: PresentKey, *, today: date) -> str:
    """What the present key is, and since when it is in use: what one is told before keeping it."""
    months = key.age_days(today) // 30
    words = ngettext(
        "%(type)s of %(size)s bits, in use since %(date)s: %(months)s month.",
        "%(type)s of %(size)s bits, in use since %(date)s: %(months)s months.",
        months,
    )
    return words % {"type": key.csr.key_type, "size": key.csr.key_size, "date": day(key.since), "months": months}
