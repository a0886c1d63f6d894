"""What an offer has brought, against what was foreseen."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.db.models import QuerySet
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from certificates.rules import utc_date
from offers.forms.offers import EndForm, NamesForm
from offers.models import Offer, Redemption
from offers.models.offers import OfferStatus
from offers.services.offer_results import Results, results_of
from offers.services.trials import arms_of
from offers.tables.offers import USE_FIELDS, UsesTable
from offers.views.offers.found import offer_of
from offers.wording.offers import (
    STATUS_LEVELS,
    STATUS_WORDS,
    gives,
    period,
    product_names,
    share,
    terms_of,
)
from portal import clock
from portal.access import requires
from portal.contributions import Figure
from portal.drawings import percent
from portal.lists import Empty, ListPage, Sort
from portal.money import money


@requires("offers.view")
class OfferPage(ListPage):
    """What an offer has brought, against what was foreseen, and every time it was used."""

    name = "offer_uses"
    table_class = UsesTable
    sorts = {"at": Sort(("at",))}
    default_sort = "-at"
    export_permission = "offers.export"
    template_name = "offers/offers/offer.html"

    @property
    def title(self) -> str:  # type: ignore[override]
        return self.offer.name

    @cached_property
    def offer(self) -> Offer:
        return offer_of(self.request, self.kwargs["pk"])

    @cached_property
    def now(self) -> datetime:
        return clock.now()

    def get_queryset(self) -> QuerySet[Redemption]:
        return Redemption.objects.for_partner(self.request.partner).filter(offer=self.offer)

    def get_rows(self, queryset: QuerySet[Redemption]) -> QuerySet[Any]:
        return queryset.values_list(*USE_FIELDS, named=True)

    def get_empty(self) -> Empty:
        if self.offer.state == Offer.State.DRAFT:
            return Empty(_("A draft is used by nobody"), _("Publish it first."), icon="tags")
        return Empty(_("Not used yet"), _("Every renewal with this offer will stand here."), icon="tags")

    def get_context_data(self) -> dict[str, Any]:
        offer, now = self.offer, self.now
        status, partner = offer.status(now), self.request.partner
        results = results_of(offer, today=utc_date(now))
        shows_costs = "prices.costs" in self.request.membership.permissions
        return {
            "offer": offer,
            "status": (STATUS_LEVELS[status], STATUS_WORDS[status]),
            "gives": gives(offer, product_names()),
            "facts": [(_("Period"), period(offer)), *terms_of(offer, partner.currency, shows_costs=shows_costs)],
            "kpis": list(_kpis(offer, results, partner.currency, shows_costs=shows_costs)),
            "others": [one for one in results.earned.values() if one is not results.main],
            "foreseen": list(_against(offer, results, shows_costs=shows_costs)),
            "chart": _chart(results),
            "arms": list(_arms(offer, utc_date(now))),
            "can": _possible(status),
            "names_form": NamesForm.of(offer),
            "end_form": EndForm(),
        }


def _kpis(offer: Offer, results: Results, currency: str, *, shows_costs: bool) -> Iterator[Figure]:
    limit = _("of %(limit)s") % {"limit": _grouped(offer.redemption_limit)} if offer.redemption_limit else ""
    held = _("%(number)s held by quotes") % {"number": _grouped(results.held)} if results.held else ""
    yield Figure(_("Used"), _grouped(results.uses), " · ".join(filter(None, [limit, held])))
    yield Figure(_("Customers"), _grouped(results.customers))
    main = results.main
    coin = main.currency if main else offer.currency or currency
    cap = _("of %(amount)s") % {"amount": money(offer.spend_cap, coin)} if offer.spend_cap else ""
    yield Figure(_("Given away"), money(main.given if main else Decimal(0), coin), cap)
    yield Figure(_("Sold with it"), money(main.net if main else Decimal(0), coin), _("net of tax"))
    if shows_costs and main and main.profit is not None and main.margin is not None:
        words = _("%(share)s of what was sold") % {"share": share(main.margin)}
        yield Figure(_("Margin earned"), money(main.profit, coin), words, level="good" if main.profit > 0 else "bad")
    yield Figure(_("Orders on it today"), _grouped(results.on_offer), _("if renewed as they are"))


def _against(offer: Offer, results: Results, *, shows_costs: bool) -> Iterator[tuple[str, str, str]]:
    """Heading, what was foreseen at publication, and what has come so far."""
    foreseen = offer.forecast
    if not foreseen:
        return
    yield _("Orders it touches"), _grouped(foreseen["orders"]), _("%(uses)s used") % {"uses": _grouped(results.uses)}
    yield _("Customers"), _grouped(foreseen["customers"]), _grouped(results.customers)
    for one in foreseen["sums"]:
        earned = results.earned.get(one["currency"])
        coin = one["currency"]
        yield _("Given away"), money(Decimal(one["given"]), coin), money(earned.given if earned else Decimal(0), coin)
        yield _("Net of tax"), money(Decimal(one["net"]), coin), money(earned.net if earned else Decimal(0), coin)
    # Whoever knows the discount reads the margin in it.
    if shows_costs and foreseen["base_rate"] and foreseen["needed_rate"]:
        words = _("from %(rate)s to %(needed)s") % {
            "rate": share(Decimal(foreseen["base_rate"])),
            "needed": share(Decimal(foreseen["needed_rate"])),
        }
        yield _("Renewals have to rise"), words, ""


def _arms(offer: Offer, today: date) -> Iterator[tuple[str, str, str, str]]:
    """Of a trial: heading, orders, renewed, and their share, of those with the offer and of those held back."""
    for label, arm in zip((_("With the offer"), _("Held back")), arms_of(offer, today=today) or (), strict=False):
        yield (
            label,
            _grouped(arm.orders),
            _grouped(arm.renewed),
            share(arm.rate) if arm.rate is not None else "\N{EN DASH}",
        )


def _chart(results: Results) -> dict[str, Any] | None:
    """The weeks as bars from the foot up, in percent of the drawing; None before the first use."""
    most = max((week.uses for week in results.weeks), default=0)
    if not most:
        return None
    step = 1 / len(results.weeks)
    bars = [
        {
            "week": week,
            "x": percent(number * step + step * 0.15),
            "width": percent(step * 0.7),
            "y": percent(1 - week.uses / most),
            "height": percent(week.uses / most),
        }
        for number, week in enumerate(results.weeks)
    ]
    return {"bars": bars, "most": most, "total": sum(week.uses for week in results.weeks)}


def _possible(status: OfferStatus) -> dict[str, bool]:
    """Which deeds the page offers."""
    running = status in (OfferStatus.SCHEDULED, OfferStatus.LIVE, OfferStatus.PAUSED)
    return {
        "edit": status is OfferStatus.DRAFT,
        "pause": status in (OfferStatus.SCHEDULED, OfferStatus.LIVE),
        "resume": status is OfferStatus.PAUSED,
        "end": running,
    }


def _grouped(number: int) -> str:
    return number_format(number, force_grouping=True)
