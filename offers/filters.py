"""The filters of the list of quotes."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from certificates.filters import ME, NOBODY, account_managers, day_filter
from certificates.models import Customer
from offers.models import Quote, QuoteLine
from offers.models.quotes import DeclineReason, QuoteState
from offers.querysets import QuoteQuerySet
from portal.access import PartnerRequest
from portal.codes import as_printed
from portal.lists import AnyOf, ListFilters, one_of
from portal.models import Membership
from portal.types import StrOrPromise


def owner_choices(request: PartnerRequest) -> list[tuple[str, StrOrPromise]]:
    """Mine, nobody's, or that of a colleague."""
    others = ((str(pk), name) for pk, name in account_managers(request.partner) if pk != request.membership.pk)
    return [(ME, _("Mine")), (NOBODY, _("Nobody")), *others]


class QuoteFilters(ListFilters):
    """By words, customer, state, owner, reason of a no, and the days until which they hold."""

    rare = ("currency", "reason", "valid_from", "valid_to")

    q = django_filters.CharFilter(label=_("Contains"), method="filter_words")
    customer = django_filters.CharFilter(label=_("Customer"), method="filter_customer")
    state = AnyOf(label=_("State"), field_name="state", choices=QuoteState.choices)
    owner = one_of([], label=_("Owner"), method="filter_owner")
    currency = django_filters.CharFilter(label=_("Currency"), field_name="currency", lookup_expr="iexact")
    reason = AnyOf(label=_("Reason"), field_name="decline_reason", choices=DeclineReason.choices)
    valid_from = day_filter(_("Valid from"), "valid_until", "gte")
    valid_to = day_filter(_("Valid until"), "valid_until", "lte")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.filters["owner"].extra["choices"] = lambda: owner_choices(self.request)

    def words(self, name: str, value: Any) -> StrOrPromise:
        return _("Mine") if (name, value) == ("owner", ME) else super().words(name, value)

    def filter_words(self, quotes: QuoteQuerySet, _name: str, value: str) -> QuerySet[Quote]:
        return matching(quotes, value)

    def filter_customer(self, quotes: QuoteQuerySet, _name: str, value: str) -> QuerySet[Quote]:
        return quotes.filter(customer__in=Customer.objects.for_partner(self.request.partner).matching(value))

    def filter_owner(self, quotes: QuoteQuerySet, _name: str, value: str) -> QuerySet[Quote]:
        if value == NOBODY:
            return quotes.filter(owner__isnull=True)
        if value == ME:
            return quotes.filter(owner=self.request.user)
        chosen = Membership.objects.for_partner(self.request.partner).filter(pk=int(value))
        return quotes.filter(owner__in=chosen.values("user"))


def matching(quotes: QuoteQuerySet, text: str) -> QuerySet[Quote]:
    """By number, verification code, purchase order, customer, or a host name or order of a line."""
    lines = QuoteLine.objects.filter(Q(order__number=text.strip()) | Q(names__icontains=text.strip().lower()))
    found = Q(number__icontains=text.strip()) | Q(verification_code=as_printed(text)) | Q(purchase_order=text.strip())
    return quotes.filter(found | Q(customer__name__icontains=text.strip()) | Q(pk__in=lines.values("quote")))
