"""The filters of the list of calls."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from campaigns.models import Attempt, Call
from campaigns.querysets import CallQuerySet
from certificates.filters import ME, NOBODY, owner_choices
from certificates.models import Contact, Customer
from portal.lists import AnyOf, ListFilters, one_of
from portal.types import StrOrPromise


class CallFilters(ListFilters):
    """By words, owner, cause and what came of it."""

    q = django_filters.CharFilter(label=_("Contains"), method="filter_words")
    owner = one_of([], label=_("Owner"), method="filter_owner")
    cause = AnyOf(label=_("Why"), field_name="cause", choices=Call.Cause.choices)
    outcome = one_of(Attempt.Outcome.choices, label=_("Last outcome"), method="filter_outcome")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.filters["owner"].extra["choices"] = lambda: owner_choices(self.request)

    def words(self, name: str, value: Any) -> StrOrPromise:
        return _("Mine") if (name, value) == ("owner", ME) else super().words(name, value)

    def filter_words(self, calls: CallQuerySet, _name: str, value: str) -> QuerySet[Call]:
        """A customer, or somebody there by name or telephone number."""
        partner = self.request.partner
        customers = Customer.objects.for_partner(partner).matching(value)
        people = Contact.objects.for_partner(partner).matching(value)
        return calls.filter(Q(customer__in=customers) | Q(customer__in=people.values("customer")))

    def filter_owner(self, calls: CallQuerySet, _name: str, value: str) -> QuerySet[Call]:
        if value == ME:
            return calls.of_owner(self.request.membership)
        if value == NOBODY:
            return calls.filter(customer__owner__isnull=True)
        return calls.filter(customer__owner=int(value))

    def filter_outcome(self, calls: CallQuerySet, _name: str, value: str) -> QuerySet[Call]:
        rows: Any = calls.with_last_attempt()
        found: QuerySet[Call] = rows.filter(last_outcome=value)
        return found
