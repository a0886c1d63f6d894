"""The filters of letters about events: by words, customer, reader, letter and day."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from campaigns.services.events import AUTO_RENEW, NOT_INSTALLED, QUOTE_EXPIRING, VALIDATION_NEEDED
from campaigns.wording.letters import letter_name
from certificates.filters import day_filter
from certificates.models import Contact, Customer, Order
from portal.lists import ListFilters, one_of


def letters() -> list[tuple[str, str]]:
    """Every letter that hangs on an event, by its name."""
    keys = (AUTO_RENEW, NOT_INSTALLED, QUOTE_EXPIRING, VALIDATION_NEEDED)
    return sorted(((key, letter_name(key)) for key in keys), key=lambda one: one[1])


class EventLettersFilters(ListFilters):
    """By words, customer, reader, letter and day."""

    rare = ("day_from", "day_to")

    q = django_filters.CharFilter(label=_("Contains"), method="filter_words")
    customer = django_filters.CharFilter(label=_("Customer"), method="filter_customer")
    contact = django_filters.CharFilter(label=_("Contact"), method="filter_contact")
    letter = one_of([], label=_("Letter"), field_name="letter")
    day_from = day_filter(_("Day from"), "queued_at__date", "gte")
    day_to = day_filter(_("Day until"), "queued_at__date", "lte")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.filters["letter"].extra["choices"] = letters

    def filter_words(self, rows: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        return rows.filter(order__in=Order.objects.for_partner(self.request.partner).matching(value))

    def filter_customer(self, rows: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        return rows.filter(order__customer__in=Customer.objects.for_partner(self.request.partner).matching(value))

    def filter_contact(self, rows: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        return rows.filter(contact__in=Contact.objects.for_partner(self.request.partner).matching(value))
