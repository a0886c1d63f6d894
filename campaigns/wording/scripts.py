"""What whoever rings may say, with the customer's own figures: no sentence that the rules do not bear out."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from campaigns.services.scripts import Topic
from certificates.rules import RenewalPlan, last_day
from certificates.wording import day, hours_kept, time_kept
from offers.wording import renewal
from offers.wording.alternatives import alternative_words, price_words
from portal.money import money


def days_in_words(topic: Topic) -> str:
    """How long that is from today."""
    days = topic.days_left
    if days is None:
        return ""
    if days == 0:
        return _("That is today.")
    if days < 0:
        return ngettext("That was %(days)s day ago.", "That was %(days)s days ago.", -days) % {"days": -days}
    return ngettext("That is in %(days)s day.", "That is in %(days)s days.", days) % {"days": days}


def new_end(topic: Topic) -> str:
    """The last day of the order that a renewal today makes."""
    return day(last_day(topic.plan.order_end)) if topic.plan else ""


def kept_in_words(plan: RenewalPlan) -> str:
    """What a renewal today keeps of the present order; a promise only where the authority's rule bears it."""
    if plan.lost_days:
        words = ngettext(
            "This authority does not add the %(days)s day left.",
            "This authority does not add the %(days)s days left.",
            plan.lost_days,
        )
        return words % {"days": plan.lost_days}
    kept = time_kept(plan.carried_days, hours_kept(plan))
    if not (plan.carried_days or hours_kept(plan)):
        return _("Nothing is left of the present order, so nothing is lost.")
    return _("You lose no day: the %(time)s left are kept, and on whatever day you renew, it ends the same day.") % {
        "time": kept
    }


def free_words() -> str:
    """That the reissue is paid."""
    return _("Your plan is paid to its end: every certificate until then is included.")


def order_end(topic: Topic) -> str:
    """The last day of the order, which a reissue leaves as it is."""
    return day(topic.order.ends_on) if topic.order.ends_on else ""


def reissue_words(topic: Topic) -> str:
    """How long the reissued certificate runs, and what it leaves to further ones."""
    return renewal.reissue_sentence(topic.reissue) if topic.reissue else ""


def offer_words(topic: Topic) -> str:
    """The offer that takes most off, in its own words."""
    offer = topic.value.offer if topic.value else None
    return offer.words(get_language() or "en") if offer else _("an offer")


def more_words(topic: Topic) -> list[tuple[str, str]]:
    """What live offers give for more: each in a few words, with its price."""
    if topic.value is None:
        return []
    return [(alternative_words(one), price_words(one, topic.value.currency)) for one in topic.alternatives]


def likely_questions(topic: Topic) -> list[tuple[str, str]]:
    """What customers ask, and the answer with this order's figures."""
    return list(_questions(topic))


def _questions(topic: Topic) -> Iterator[tuple[str, str]]:
    if topic.plan:
        yield _("Why should we renew now?"), _why_now(topic, topic.plan)
    if topic.value:
        yield _("What does it cost, and can it be less?"), _price(topic)
    if topic.is_reissue:
        yield _("What does it cost?"), free_words()
        yield _("Why does the certificate end before the order does?"), _shorter()
    if topic.plan and topic.plan.reissues:
        yield _("Why does the certificate end before the order does?"), _reissues(topic.plan)
    yield _("What do you need from us?"), _validation(topic)
    yield _("What happens if we do nothing?"), _nothing_done(topic)


def _why_now(topic: Topic, plan: RenewalPlan) -> str:
    if not plan.loses_no_day:
        return _("So that the new certificate is on the server before the old one ends, with time for validation.")
    told = {"end": new_end(topic)}
    words = _("It costs no day: renewed today or on the last day, the new order ends on %(end)s.") % told
    early = _("What is early is the time for validation and installation.")
    return f"{words} {early}"


def _price(topic: Topic) -> str:
    value = topic.value
    if value is None:
        return ""
    told = {"net": money(value.net, value.currency), "list": money(value.subtotal, value.currency)}
    words = _("%(net)s, tax excluded.") % told
    if value.discount:
        words = _("%(net)s instead of %(list)s, tax excluded.") % told
    more = [_("%(choice)s: %(price)s.") % {"choice": choice, "price": price} for choice, price in more_words(topic)]
    return " ".join([words, *more])


def _reissues(plan: RenewalPlan) -> str:
    told = {"days": plan.certificate_days, "order": plan.order_days, "date": day(plan.reissues[0].due_on)}
    words = _(
        "Since 2026 a certificate may not live longer than %(days)s days, while the order runs for %(order)s days."
    )
    free = _("The rest comes by free reissues, the first by %(date)s; we remind you.")
    return f"{words % told} {free % told}"


def _shorter() -> str:
    return _("Authorities may no longer issue certificates for as long as a whole plan: the rest comes by reissues.")


def _validation(topic: Topic) -> str:
    if not topic.holding:
        return _(
            "Nothing: the organisation and the domains are validated. We need a key request, or reuse the last one."
        )
    names = ", ".join(dict.fromkeys(fact.name or str(topic.order.product_name) for fact in topic.holding))
    words = _("The authority has to validate %(names)s again before it issues: the sooner we begin, the better.")
    return words % {"names": names}


def _nothing_done(topic: Topic) -> str:
    if topic.ends_on is None:
        return ""
    if topic.days_left is not None and topic.days_left < 0:
        return _("The certificate has ended: visitors see a warning of their browser, and many turn back.")
    told = {"date": day(topic.ends_on)}
    return _("From the end of %(date)s visitors see a warning of their browser, and many turn back.") % told
