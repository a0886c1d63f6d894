"""Calls as tests need them: telephone notices that are due, calls that stand open, and what came of ringing."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any

from django_scopes import scopes_disabled

from campaigns.models import Attempt, Call, CallItem, Notice
from campaigns.services.attempts import Said, last_attempt, record_attempt
from campaigns.states import Channel
from certificates.models import Contact, Customer, Order
from portal.models import Membership, Partner
from tests import factories
from tests.campaigns.factories import make_calendar, make_notice, make_step
from tests.certificates.services.work import TEN
from tests.factories import TODAY

_numbers = itertools.count(1)


def make_called(partner: Partner, name: str = "Granit Phare SA", **fields: Any) -> Customer:
    """A French customer with one contact who has a telephone."""
    customer = factories.make_customer(partner, name, country="FR", **fields)
    make_caller(customer)
    return customer


def make_caller(customer: Customer, name: str = "Lena Roth", **fields: Any) -> Contact:
    fields.setdefault("phone", "+33 4 00 27 53 64")
    fields.setdefault("time_zone", "Europe/Paris")
    return factories.make_contact(customer, name, **fields)


def make_due(customer: Customer, *, ends_in: int = 20, **fields: Any) -> Order:
    """An order whose renewal is open."""
    return factories.make_order(customer.partner, customer=customer, ends_on=TODAY + timedelta(days=ends_in), **fields)


def make_ring(order: Order, **fields: Any) -> Notice:
    """A telephone notice about the order that is due; with `share`, about its certificate."""
    share = fields.pop("share", None)
    days = None if share else -30
    step = make_step(make_calendar(order.partner, f"Calls {next(_numbers)}"), days, Channel.TELEPHONE, share=share)
    return make_notice(order, step, fields.pop("contact", None), **fields)


def make_call(*orders: Order, **fields: Any) -> Call:
    """An open call to the customer about these orders, to be made today."""
    customer = orders[0].customer if orders else fields.pop("customer")
    with scopes_disabled():
        fields.setdefault("contact", Contact.objects.filter(customer=customer).exclude(phone="").first())
        fields.setdefault("due_on", TODAY)
        fields.setdefault("opened_at", TEN - timedelta(hours=2))
        call = Call.objects.create(partner_id=customer.partner_id, customer=customer, **fields)
        for order in orders:
            CallItem.objects.create(partner_id=customer.partner_id, call=call, order=order)
    return call


def note(call: Call, outcome: str, by: Membership, **said: Any) -> Attempt:
    """What came of ringing, noted by somebody who has read the page as it is."""
    now = said.pop("now", TEN)
    last = last_attempt(call)
    return record_attempt(call, Said(outcome=outcome, **said), seen=last.pk if last else 0, actor=by.user, now=now)


def read(calls: Any, *names: str) -> list[Any]:
    """What lists read of these calls."""
    return list(calls.values_list(*names))
