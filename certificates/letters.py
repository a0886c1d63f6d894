"""What letters about orders say, in the language of their reader; services decide when and to whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from certificates import rules, wording
from certificates.models import Contact, Customer, Order, Reply
from certificates.rules import RenewalPlan
from portal import links
from portal.mail import letters
from portal.mail.letters import Words
from portal.models import Partner, User
from portal.money import money

# A letter names so many orders, and says how many more there are.
SHOWN = 12


@dataclass(frozen=True, slots=True)
class Item:
    """One order to renew."""

    host: str
    number: str
    product: str
    issued: str
    expires: str
    validity: str
    days_kept: str


def renewal_link(
    contact: Contact, plans: Mapping[Order, RenewalPlan], *, url: str, sender: str, now: datetime
) -> Words:
    """The link to these renewals, with what a renewal today gives."""
    partner: Partner = contact.partner
    with translation.override(contact.language):
        items = [_item(order, plan) for order, plan in plans.items()]
        facts = {
            "person": {"first_name": contact.name},
            "title": _title(next(iter(plans)), len(items), now=now),
            "items": items[:SHOWN],
            "count": len(items),
            "further": max(len(items) - SHOWN, 0),
            "sender": sender,
            "url": url,
        }
    return letters.render("emails/renewal_link", facts, language=contact.language, partner=partner, bears_code=True)


def forwarded(order: Order, *, asker: str, colleague: str, task: str, message: str, url: str, language: str) -> Words:
    """Somebody at the customer's asks a colleague for help: "buy" it, or "install" it."""
    customer: Customer = order.customer
    with translation.override(language):
        facts = {
            "person": {"first_name": colleague},
            "asker": asker,
            "company": customer.name,
            "task": task,
            "message": message,
            "url": url,
            **_about(order),
        }
    return letters.render("emails/forwarded", facts, language=language, partner=order.partner, bears_code=True)


def not_needed(reply: Reply, owner: User) -> Words:
    """The owner of a customer hears that an order is given up, why, and what it was worth."""
    order: Order = reply.order
    with translation.override(owner.language):
        headline = _("%(customer)s no longer needs %(host)s")
        facts = {
            "person": owner,
            "headline": headline % {"customer": order.customer.name, "host": wording.host(order)},
            "said_by": reply.said_by,
            "reason": str(Reply.Reason(reply.reason).label),
            "words": reply.words,
            "price": money(order.price, order.currency) if order.price is not None and order.currency else "",
            "url": links.address(order.partner, reverse("certificates:order", args=[order.pk])),
            **_about(order),
        }
    return letters.render("emails/not_needed", facts, language=owner.language, partner=order.partner)


def _about(order: Order) -> dict[str, Any]:
    return {
        "order": order,
        "host": wording.host(order),
        "ends_on": wording.day(order.ends_on) if order.ends_on else "",
    }


def _title(first: Order, count: int, *, now: datetime) -> str:
    """Of one order its name, of several how many; and by when, unless the first of them has ended."""
    facts = {"host": wording.host(first), "count": count, "date": wording.day(first.ends_on) if first.ends_on else ""}
    has_ended = first.ends_at is not None and first.ends_at <= now
    if count == 1:
        words = _("Renew %(host)s: it ended on %(date)s") if has_ended else _("Renew %(host)s by %(date)s")
    elif has_ended:
        words = ngettext(
            "%(count)s certificate to renew, the first ended on %(date)s",
            "%(count)s certificates to renew, the first ended on %(date)s",
            count,
        )
    else:
        words = ngettext(
            "%(count)s certificate to renew, the first by %(date)s",
            "%(count)s certificates to renew, the first by %(date)s",
            count,
        )
    return words % facts


def _item(order: Order, plan: RenewalPlan) -> Item:
    return Item(
        host=wording.host(order),
        number=order.number,
        product=order.product_name,
        issued=wording.day(rules.utc_date(order.starts_at)) if order.starts_at else "",
        expires=wording.day(order.ends_on) if order.ends_on else "",
        validity=wording.years(order.term_years),
        days_kept=_days_kept(plan),
    )


def _days_kept(plan: RenewalPlan) -> str:
    """Both numbers and the new end: 21 days left and 365 bought, to 13 December 2027."""
    hours = wording.hours_kept(plan)
    facts = {
        "kept": wording.time_kept(plan.carried_days, hours),
        "term": plan.term_days,
        "end": wording.day(rules.last_day(plan.order_end)),
    }
    if not (plan.carried_days or hours):
        return _("Renewed today, the new order runs to %(end)s.") % facts
    words = _(
        "You lose no day: what is left (%(kept)s) is added to the %(term)s days of the new order, "
        "which runs to %(end)s."
    )
    return words % facts
