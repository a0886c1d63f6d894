"""The filters of the outbox: by words, channel, customer, reader, step, letter, reason and day."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaigns.models import Letter, Step
from campaigns.querysets import NoticeQuerySet
from campaigns.states import Basis, Channel, Reason
from campaigns.wording.letters import letter_name
from campaigns.wording.notices import step_words
from certificates.filters import day_filter
from certificates.models import Contact, Customer, Order
from portal.access import PartnerRequest
from portal.lists import AnyOf, ListFilters, one_of

Choices = list[tuple[str, str]]


def steps_of(request: PartnerRequest) -> Choices:
    """Every moment at which the partner's calendars speak: "order:-60", and its words."""
    rows = Step.objects.for_partner(request.partner).order_by("basis", "days", "-share")
    found = dict.fromkeys(rows.values_list("basis", "days", "share"))
    return [(f"{basis}:{days or share or 0}", step_words(basis, days, share)) for basis, days, share in found]


def letters_of(request: PartnerRequest) -> Choices:
    """Every letter that a step of the partner's names, by what people call it."""
    rows = Step.objects.for_partner(request.partner).exclude(letter="").order_by("letter")
    keys = list(dict.fromkeys(rows.values_list("letter", flat=True)))
    own = dict(Letter.objects.for_partner(request.partner).filter(key__in=keys).values_list("key", "name"))
    return sorted(((key, letter_name(key, own.get(key, ""))) for key in keys), key=lambda one: one[1])


class OutboxFilters(ListFilters):
    """By words, channel, customer, reader, step, letter, reason and day."""

    rare = ("step", "letter", "reason", "day_from", "day_to")

    q = django_filters.CharFilter(label=_("Contains"), method="filter_words")
    channel = AnyOf(label=_("Channel"), field_name="channel", choices=Channel.choices)
    customer = django_filters.CharFilter(label=_("Customer"), method="filter_customer")
    contact = django_filters.CharFilter(label=_("Contact"), method="filter_contact")
    step = one_of([], label=_("Step"), method="filter_step")
    letter = one_of([], label=_("Letter"), field_name="step__letter")
    reason = AnyOf(label=_("Reason"), field_name="reason", choices=Reason.choices)
    day_from = day_filter(_("Day from"), "day", "gte")
    day_to = day_filter(_("Day until"), "day", "lte")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.filters["step"].extra["choices"] = lambda: steps_of(self.request)
        self.filters["letter"].extra["choices"] = lambda: letters_of(self.request)

    def filter_words(self, notices: NoticeQuerySet, _name: str, value: str) -> NoticeQuerySet:
        orders = Order.objects.for_partner(self.request.partner).matching(value)
        return notices.filter(order__in=orders)

    def filter_customer(self, notices: NoticeQuerySet, _name: str, value: str) -> NoticeQuerySet:
        customers = Customer.objects.for_partner(self.request.partner).matching(value)
        return notices.filter(customer__in=customers)

    def filter_contact(self, notices: NoticeQuerySet, _name: str, value: str) -> NoticeQuerySet:
        contacts = Contact.objects.for_partner(self.request.partner).matching(value)
        return notices.filter(contact__in=contacts)

    def filter_step(self, notices: NoticeQuerySet, _name: str, value: str) -> NoticeQuerySet:
        basis, _colon, number = value.partition(":")
        column = "step__days" if basis == Basis.ORDER else "step__share"
        return notices.filter(Q(step__basis=basis, **{column: int(number)}))
