"""Calls of the demo: some to make today, one promised, one tried and one done, by the same verbs as real ones."""

from __future__ import annotations

from datetime import datetime, timedelta

from campaigns.models import Attempt, Call
from campaigns.services.attempts import Said, record_attempt
from campaigns.services.calls import due_of, open_by_staff
from certificates.models import Contact, Customer, Order
from certificates.rules import utc_date
from portal.models import Membership, Partner, User
from portal.roles import Role

Outcome = Attempt.Outcome
# Customers who are rung; the others keep to their letters.
_RUNG = 7
_DAY = timedelta(days=1)


def seed_calls(partner: Partner, now: datetime) -> None:
    """Make them for the demo's partner, whose scope is open, in the name of its first account manager."""
    sellers = Membership.objects.for_partner(partner).filter(role=Role.ACCOUNT_MANAGER).select_related("user")
    seller = sellers.order_by("pk").first()
    if seller is None:
        return
    made = [_opened(customer, seller.user, now) for customer in _customers(partner, now)]
    for call, said in zip(made, _outcomes(now), strict=False):
        at = now - _DAY * (2 if said.outcome == Outcome.REACHED else 1)
        record_attempt(call, said, seen=0, actor=seller.user, now=at)


def _customers(partner: Partner, now: datetime) -> list[Customer]:
    """Those whose orders end next and who have a telephone."""
    today = utc_date(now)
    ending = Order.objects.for_partner(partner).issued().unrenewed().not_put_off(today=today)
    keys = ending.expiring(today=today, within=(-7, 45)).order_by("ends_on").values_list("customer", flat=True)
    reached = set(Contact.objects.for_partner(partner).exclude(phone="").values_list("customer", flat=True))
    chosen = [key for key in dict.fromkeys(keys) if key in reached][:_RUNG]
    found = Customer.objects.for_partner(partner).select_related("partner").in_bulk(chosen)
    return [found[key] for key in chosen]


def _opened(customer: Customer, actor: User, now: datetime) -> Call:
    """As a step of the calendar opened it, a few days ago."""
    at = now - 3 * _DAY
    call = open_by_staff(customer, actor=actor, now=at, orders=due_of(customer, now=at))
    Call.objects.for_partner(customer.partner).filter(pk=call.pk).update(cause=Call.Cause.STEP, due_on=utc_date(now))
    return call


def _outcomes(now: datetime) -> list[Said]:
    """Of the last ones made; the others are still to be rung."""
    return [
        Said(outcome=Outcome.PROMISED, promised_on=utc_date(now) + 4 * _DAY, note="Waits for the purchase order"),
        Said(outcome=Outcome.VOICEMAIL),
        Said(outcome=Outcome.REACHED, note="Asks for a quote over two years"),
    ]
