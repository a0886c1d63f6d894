"""Offers by their state, and the year around today as a calendar."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import cached_property
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from certificates.views.expiring import Link
from offers.models import Offer
from offers.models.offers import OfferStatus
from offers.querysets import OfferQuerySet
from offers.services.offer_results import orders_on_offers, uses_of_offers
from offers.tables.offers import OffersTable
from offers.views.offers.calendar import calendar_of
from offers.wording.offers import (
    product_names,
)
from portal import clock
from portal.access import requires
from portal.lists import Empty, ListPage, Sort, Total

_SHOWN: dict[OfferStatus, Callable[[OfferQuerySet, datetime], OfferQuerySet]] = {
    OfferStatus.LIVE: lambda offers, now: offers.live(now),
    OfferStatus.SCHEDULED: lambda offers, now: offers.scheduled(now),
    OfferStatus.DRAFT: lambda offers, _now: offers.drafts(),
    OfferStatus.PAUSED: lambda offers, now: offers.paused(now),
    OfferStatus.ENDED: lambda offers, now: offers.ended(now),
}
_TABS = {
    OfferStatus.LIVE: gettext_lazy("Live"),
    OfferStatus.SCHEDULED: gettext_lazy("Scheduled"),
    OfferStatus.DRAFT: gettext_lazy("Drafts"),
    OfferStatus.PAUSED: gettext_lazy("Paused"),
    OfferStatus.ENDED: gettext_lazy("Ended"),
}


@requires("offers.view")
class OffersPage(ListPage):
    """Offers by their state, and the year around today as a calendar."""

    name = "offers"
    title = gettext_lazy("Offers")
    table_class = OffersTable
    sorts = {"period": Sort(("starts_at",))}
    default_sort = "-period"
    template_name = "offers/offers/page.html"
    part_template_name = "offers/offers/list.html"

    @cached_property
    def now(self) -> datetime:
        return clock.now()

    @property
    def offers(self) -> OfferQuerySet:
        found: OfferQuerySet = Offer.objects.for_partner(self.request.partner)
        return found

    @cached_property
    def known(self) -> list[Offer]:
        """All of them, with what tabs and calendar ask."""
        return list(self.offers.only("name", "state", "starts_at", "ends_at"))

    @cached_property
    def counts(self) -> Counter[OfferStatus]:
        return Counter(offer.status(self.now) for offer in self.known)

    def count(self) -> int:
        return self.counts[self.status]

    @cached_property
    def status(self) -> OfferStatus:
        """The tab asked for, else the first that has something in it."""
        wanted = self.query.get("show", "")
        if wanted in {status.value for status in _SHOWN}:
            return OfferStatus(wanted)
        return next((status for status in _SHOWN if self.counts[status]), OfferStatus.LIVE)

    def get_queryset(self) -> OfferQuerySet:
        return _SHOWN[self.status](self.offers, self.now)

    def get_table_options(self) -> dict[str, Any]:
        partner, shown = self.request.partner, [offer.pk for offer in self.slice.rows]
        return {
            "now": self.now,
            "products": product_names(),
            "given": uses_of_offers(partner, shown),
            "orders": orders_on_offers(partner, shown),
            "currency": partner.currency,
        }

    def get_context_data(self) -> dict[str, Any]:
        calendar = calendar_of(self.known, now=self.now)
        return {"tabs": list(self._tabs()), "tabs_label": _("Which offers"), "calendar": calendar}

    def _tabs(self) -> Iterator[Link]:
        for status, label in _TABS.items():
            number = self.counts[status]
            url = self.address.but(show=status.value)
            yield Link(f"tab-{status.value}", label, url, status == self.status, Total(number, limit=number))

    def get_empty(self) -> Empty:
        if self.known:
            return Empty(_("No offers here"), _("They stand under another tab."), icon="tags")
        words = _("An incentive is what makes customers renew early. Draft one: you see what it would do before it is.")
        if "offers.edit" not in self.request.membership.permissions:
            return Empty(_("No offers yet"), _("An administrator sets them up."), icon="tags")
        return Empty(
            _("No offers yet"), words, icon="tags", url=reverse("offers:offer_new"), action=_("Draft an offer")
        )
