"""What an offer has brought: its uses week by week, what it gave away, and what was earned with it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, timedelta
from decimal import Decimal

from django.db.models import Count, Exists, OuterRef, Q, Sum
from django.db.models.functions import TruncDate

from certificates.rules import start_of_day, utc_date
from certificates.states import RENEWING_STATES, RequestKind
from offers.models import Offer, Redemption, Sale, Valuation
from portal.access import PartnerQuerySet
from portal.models import Partner

# The chart shows the latest weeks, no more than these.
WEEKS = 26


@dataclass(slots=True)
class Earned:
    """Of what was sold with the offer, in one currency, tax excluded; `margin_net` is the net whose cost is known."""

    currency: str
    uses: int = 0
    given: Decimal = Decimal(0)
    net: Decimal = Decimal(0)
    margin_net: Decimal = Decimal(0)
    cost: Decimal = Decimal(0)

    @property
    def profit(self) -> Decimal | None:
        return self.margin_net - self.cost if self.margin_net else None

    @property
    def margin(self) -> Decimal | None:
        """A share of one."""
        return 1 - self.cost / self.margin_net if self.margin_net else None


@dataclass(frozen=True, slots=True)
class Week:
    """The uses of seven days, from a Monday on."""

    starts_on: date
    uses: int


@dataclass
class Results:
    """Uses that were given back count nowhere but in `released`."""

    used: int = 0
    held: int = 0
    released: int = 0
    customers: int = 0
    # Orders that carry the offer today
    on_offer: int = 0
    earned: dict[str, Earned] = field(default_factory=dict)
    weeks: list[Week] = field(default_factory=list)

    @property
    def uses(self) -> int:
        return self.used + self.held

    @property
    def main(self) -> Earned | None:
        """The currency of most uses."""
        return max(self.earned.values(), key=lambda one: one.uses, default=None)


def results_of(offer: Offer, *, today: date) -> Results:
    """Five queries, and one more where certificates were moved to us."""
    uses = Redemption.objects.for_partner(offer.partner).filter(offer=offer)
    states = dict(uses.order_by().values("state").annotate(n=Count("pk")).values_list("state", "n"))
    standing = uses.exclude(state=Redemption.State.RELEASED)
    results = Results(
        used=states.get(Redemption.State.USED, 0),
        held=states.get(Redemption.State.HELD, 0),
        released=states.get(Redemption.State.RELEASED, 0),
        customers=standing.order_by().aggregate(n=Count("customer", distinct=True))["n"],
        on_offer=Valuation.objects.for_partner(offer.partner).filter(offer=offer).count(),
    )
    _add_uses(results, standing)
    _add_sales(results, _sales_with(offer, standing))
    results.weeks = _weeks(standing, offer, today)
    return results


def _add_uses(results: Results, uses: PartnerQuerySet[Redemption]) -> None:
    groups = uses.order_by().values("currency").annotate(n=Count("pk"), given=Sum("amount"))
    for currency, number, given in groups.values_list("currency", "n", "given"):
        results.earned[currency] = Earned(currency, uses=number, given=given)


def _sales_with(offer: Offer, uses: PartnerQuerySet[Redemption]) -> PartnerQuerySet[Sale]:
    """What was agreed for the orders, requests and moved certificates for which the offer was used."""
    used = uses.filter(state=Redemption.State.USED)
    renewed = Exists(used.filter(order=OuterRef("request__order")))
    wanted = Q(renewed, request__kind=RequestKind.RENEWAL)
    others = used.filter(order__isnull=True).values_list("subject", flat=True)
    for kind, keys in _keys(others).items():
        if kind == "request":
            wanted |= Q(request__in=keys)
        if kind == "certificate":
            wanted |= Q(quote_line__certificate__in=keys)
    return Sale.objects.for_partner(offer.partner).filter(wanted, request__state__in=RENEWING_STATES)


def _keys(subjects: Iterable[str]) -> Mapping[str, Collection[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for subject in subjects:
        kind, _, key = subject.partition(":")
        if key.isdecimal():
            found[kind].append(int(key))
    return found


def _add_sales(results: Results, sales: PartnerQuerySet[Sale]) -> None:
    known = Q(cost__isnull=False)
    groups = sales.order_by().values("currency")
    sums = groups.annotate(total=Sum("net"), known=Sum("net", filter=known), costs=Sum("cost"))
    for currency, net, margin_net, cost in sums.values_list("currency", "total", "known", "costs"):
        one = results.earned.setdefault(currency, Earned(currency))
        one.net, one.margin_net, one.cost = net, margin_net or Decimal(0), cost or Decimal(0)


def _weeks(uses: PartnerQuerySet[Redemption], offer: Offer, today: date) -> list[Week]:
    """Every week from its first to this one, or to its end; the quiet ones, too."""
    last = min(today, utc_date(offer.ends_at)) if offer.ends_at else today
    monday = _monday(last)
    first = max(_monday(utc_date(offer.starts_at)), monday - timedelta(weeks=WEEKS - 1))
    by_day = uses.filter(at__gte=start_of_day(first)).annotate(day=TruncDate("at", tzinfo=UTC)).order_by().values("day")
    counts: defaultdict[date, int] = defaultdict(int)
    for day, number in by_day.annotate(n=Count("pk")).values_list("day", "n"):
        counts[_monday(day)] += number
    mondays = [first + timedelta(weeks=number) for number in range((monday - first).days // 7 + 1)]
    return [Week(starts_on, counts[starts_on]) for starts_on in mondays]


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def uses_of_offers(partner: Partner, offers: Collection[int]) -> dict[int, dict[str, Decimal]]:
    """What each of the offers has given away so far, by currency."""
    uses = Redemption.objects.for_partner(partner).filter(offer__in=offers).exclude(state=Redemption.State.RELEASED)
    found: dict[int, dict[str, Decimal]] = defaultdict(dict)
    sums = uses.order_by().values("offer", "currency").annotate(given=Sum("amount"))
    for offer, currency, given in sums.values_list("offer", "currency", "given"):
        found[offer][currency] = given
    return found


def orders_on_offers(partner: Partner, offers: Collection[int]) -> dict[int, int]:
    """How many orders carry each of the offers today."""
    valued = Valuation.objects.for_partner(partner).filter(offer__in=offers).order_by()
    return dict(valued.values("offer").annotate(n=Count("pk")).values_list("offer", "n"))
