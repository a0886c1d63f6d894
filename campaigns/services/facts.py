"""The facts of many readers' letters, gathered in a number of queries that does not grow with the readers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.utils.translation import gettext as _

from campaigns.letters.blocks import About, Saving
from certificates import wording
from certificates.catalogue import Benefit
from certificates.models import AuthorityConnection, BenefitUse, Certificate, Customer, Order, Organization
from certificates.rules import NoRule, RenewalPlan, RenewalWindowClosed, last_day, utc_date
from certificates.services import planning
from certificates.services.benefits import TO_SWITCH_ON, benefits_of
from certificates.services.planning import Rules, ValidationFact
from certificates.services.refusals import OrderNotRenewable
from certificates.states import LIVE_ORDER_STATES, RenewalMark
from offers.models import Offer, Valuation
from offers.rules.alternatives import Alternative
from offers.services.alternatives import moving_of_each
from offers.services.listed import PriceList
from offers.services.offer_book import OfferBook, offer_book
from offers.services.price_book import PriceBook, price_book
from offers.services.valuing import value_orders
from offers.wording.alternatives import alternative_words, movable_words, price_words
from portal.models import Partner
from portal.money import money

# Alternatives that a letter names for one order, the largest saving first.
MOST_ALTERNATIVES = 3
# A validation that ends within so many days is spoken of like one that has ended.
VALIDATIONS_LAPSE_DAYS = 14


@dataclass(frozen=True)
class Proposals:
    """What the price rules give, as of a moment: values of orders, live offers, and what may be moved to us."""

    values: Mapping[int, Valuation]
    offers: Mapping[int, Offer]
    moving: Mapping[int, tuple[Sequence[Offer], int]]
    prices: PriceBook | None = None


NOTHING = Proposals({}, {}, {})


@dataclass(frozen=True)
class Gathered:
    """All that the letters of one partner's readers speak of."""

    partner: Partner
    now: datetime
    orders: Mapping[int, Order]
    certificates: Mapping[int, Certificate]
    rules: Mapping[str, Rules]
    default_authority: str | None
    authorities: frozenset[str]
    proposals: Proposals = NOTHING
    checks: Mapping[int, Sequence[ValidationFact]] = field(default_factory=dict)
    used: frozenset[tuple[int, str]] = frozenset()

    def about(self, order: Order, *, certificate: int | None, url: str = "", old_end: date | None = None) -> About:
        """What is said of one order; of its certificate where the letter hangs on that."""
        today = utc_date(self.now)
        known = self.certificates.get(certificate or 0)
        end = known.ends_on if known else order.ends_on
        is_reissue = known is not None and order.ends_at is not None and known.ends_at < order.ends_at
        return About(
            order=order,
            days=(end - today).days if end else 0,
            is_reissue=is_reissue,
            plan=None if is_reissue else self._plan(order),
            reissue=self._reissue(order) if is_reissue else None,
            url=url,
            old_end=old_end,
            idle=self._idle(order),
        )

    def _idle(self, order: Order) -> tuple[Benefit, ...]:
        """What came with it, has to be switched on, and is not said to be in use."""
        brought = benefits_of(order.product)
        return tuple(one for one in brought if one in TO_SWITCH_ON and (order.pk, one.value) not in self.used)

    def _plan(self, order: Order) -> RenewalPlan | None:
        """None outside the window, and where nothing can be ordered."""
        rules = self._rules_of(order)
        if not rules or order.renewal_mark != RenewalMark.NONE or order.status not in LIVE_ORDER_STATES:
            return None
        try:
            return planning.renewal_plan(order, start=self.now, term_years=order.term_years, rules=rules)
        except (RenewalWindowClosed, NoRule, OrderNotRenewable):
            return None

    def _reissue(self, order: Order) -> planning.ReissuePlan | None:
        rules = self._rules_of(order)
        try:
            return planning.reissue_plan(order, start=self.now, rules=rules) if rules else None
        except (NoRule, OrderNotRenewable):
            return None

    def _rules_of(self, order: Order) -> Rules:
        """Of where the order is renewed: its own authority, or that of new orders; none without a connection."""
        kind = order.authority if order.authority in self.authorities else self.default_authority
        return self.rules.get(kind, ()) if kind else ()


def gather(
    partner: Partner,
    *,
    orders: Iterable[int],
    certificates: Iterable[int],
    priced: Iterable[int],
    checked: Iterable[int],
    now: datetime,
) -> Gathered:
    """By primary keys: `priced` are orders whose letters may propose something, `checked` those whose proofs matter."""
    found = _orders(partner, orders)
    kinds = AuthorityConnection.objects.for_partner(partner).order_by("-is_default", "pk")
    connected = list(kinds.values_list("kind", flat=True))
    return Gathered(
        partner=partner,
        now=now,
        orders=found,
        certificates=_certificates(partner, certificates),
        rules=planning.rulebook(partner),
        default_authority=connected[0] if connected else None,
        authorities=frozenset(connected),
        proposals=_proposals(partner, [found[pk] for pk in priced if pk in found], now),
        checks=hindrances(partner, [found[pk] for pk in checked if pk in found], now=now),
        used=frozenset(_used(partner, found)),
    )


def _orders(partner: Partner, keys: Iterable[int]) -> dict[int, Order]:
    rows = Order.objects.for_partner(partner).filter(pk__in=set(keys))
    found = {one.pk: one for one in rows.select_related("product", "organization", "customer__owner__user")}
    for one in found.values():
        one.partner = one.customer.partner = partner
    return found


def _certificates(partner: Partner, keys: Iterable[int]) -> dict[int, Certificate]:
    wanted = set(keys)
    if not wanted:
        return {}
    return {one.pk: one for one in Certificate.objects.for_partner(partner).filter(pk__in=wanted).defer("pem", "chain")}


def _used(partner: Partner, orders: Iterable[int]) -> Iterable[tuple[int, str]]:
    rows = BenefitUse.objects.for_partner(partner).filter(order__in=list(orders), is_used=True)
    return rows.values_list("order_id", "benefit")


# What may be proposed


def _proposals(partner: Partner, orders: Sequence[Order], now: datetime) -> Proposals:
    """Valued afresh, so that no letter promises what the press would not give."""
    if not orders:
        return NOTHING
    value_orders(partner, now=now, orders=[one.pk for one in orders])
    values = Valuation.objects.for_partner(partner).filter(order__in=[one.pk for one in orders])
    offers = offer_book(partner, now=now)
    customers = {one.customer_id: one.customer for one in orders}
    prices = price_book(partner, on=utc_date(now), customers=list(customers))
    return Proposals(
        values={one.order_id: one for one in values},
        offers={one.pk: one for one in offers.live},
        moving=_moving(list(customers.values()), prices, offers),
        prices=prices,
    )


def _moving(
    customers: Sequence[Customer], prices: PriceBook, offers: OfferBook
) -> dict[int, tuple[Sequence[Offer], int]]:
    return {pk: found for pk, found in moving_of_each(customers, book=prices, offers=offers).items() if found[1]}


def savings_of(orders: Sequence[Order], proposals: Proposals, *, language: str) -> list[Saving]:
    """What these orders of one customer can save, in the active language: as they are, for more, and by moving."""
    found = [
        *_as_they_are(orders, proposals, language),
        *_for_more(orders, proposals),
        *_longer(orders, proposals),
        *_moved(orders, proposals, language),
    ]
    return list({one.words: one for one in found}.values())


def _as_they_are(orders: Sequence[Order], proposals: Proposals, language: str) -> list[Saving]:
    """The best of them, or of several what all save together, per currency."""
    values = [proposals.values[one.pk] for one in orders if one.pk in proposals.values]
    saving = [one for one in values if one.discount > 0 and one.offer_id in proposals.offers]
    if not saving:
        return []
    if len(orders) == 1:
        return [_one_saves(saving[0], proposals.offers[saving[0].offer_id or 0], language)]
    return _together(saving)


def _one_saves(value: Valuation, offer: Offer, language: str) -> Saving:
    facts = {
        "offer": offer.words(language),
        "net": money(value.net, value.currency),
        "price": money(value.subtotal, value.currency),
        "until": wording.day(last_day(offer.ends_at)) if offer.ends_at else "",
    }
    words = _("%(offer)s: %(net)s instead of %(price)s, until %(until)s.")
    if not offer.ends_at:
        words = _("%(offer)s: %(net)s instead of %(price)s.")
    return Saving(words % facts, _share(value.discount, value.subtotal))


def _together(values: Sequence[Valuation]) -> list[Saving]:
    """Of all in the currency in which most is saved."""
    sums: dict[str, list[Decimal]] = {}
    for one in values:
        known = sums.setdefault(one.currency, [Decimal(0), Decimal(0)])
        known[0] += one.net
        known[1] += one.subtotal
    currency, (net, price) = max(sums.items(), key=lambda one: one[1][1] - one[1][0])
    words = _("Renewed together: %(net)s instead of %(price)s.")
    return [Saving(words % {"net": money(net, currency), "price": money(price, currency)}, _share(price - net, price))]


def _for_more(orders: Sequence[Order], proposals: Proposals) -> list[Saving]:
    """The best of what offers give for a better product, a longer plan or further names."""
    found: dict[str, Saving] = {}
    for order in orders:
        value = proposals.values.get(order.pk)
        for stored in value.alternatives if value else ():
            one = Alternative.from_json(stored)
            if value and one.offer in proposals.offers:
                words = _in_words(one, value.currency, with_price=len(orders) == 1)
                found.setdefault(words, Saving(words, _share(one.saving, one.price)))
    return sorted(found.values(), key=lambda one: -one.share)[:MOST_ALTERNATIVES]


def _in_words(one: Alternative, currency: str, *, with_price: bool) -> str:
    choice = alternative_words(one)
    if with_price and one.saving:
        return _("%(choice)s: %(price)s.") % {"choice": choice, "price": price_words(one, currency)}
    return f"{choice}."


def _longer(orders: Sequence[Order], proposals: Proposals) -> Iterator[Saving]:
    """The longest plan of one order bought year by year, where the list asks less for it than for its years."""
    order = orders[0] if len(orders) == 1 else None
    product = order.product if order else None
    if order is None or product is None or proposals.prices is None or order.term_years != 1:
        return
    value, years = proposals.values.get(order.pk), product.max_years
    if any(one["years"] for one in (value.alternatives if value else ())) or years < 2 or not product.is_offered:
        return
    listed = PriceList(proposals.prices, order.customer_id)
    yearly, whole = (listed.price(product.pk, term, order.names) for term in (1, years))
    if yearly is not None and whole is not None and whole < yearly * years:
        one_by_one = yearly * years
        price = {"net": money(whole, listed.currency), "price": money(one_by_one, listed.currency)}
        facts = {"choice": wording.years(years), "price": _("%(net)s instead of %(price)s") % price}
        yield Saving(_("%(choice)s: %(price)s.") % facts, _share(one_by_one - whole, one_by_one))


def _moved(orders: Sequence[Order], proposals: Proposals, language: str) -> list[Saving]:
    offers, count = proposals.moving.get(orders[0].customer_id, ((), 0)) if orders else ((), 0)
    found = []
    for offer in offers[:1]:
        facts = {"certificates": movable_words(count), "offer": offer.words(language)}
        words = _("%(certificates)s: %(offer)s.") % facts
        found.append(Saving(words, int(offer.percent or 0)))
    return found


def _share(saving: Decimal, price: Decimal) -> int:
    """In whole percent, rounded down: a title never promises more than there is."""
    return int(100 * saving / price) if price else 0


# What has to be proved


def hindrances(partner: Partner, orders: Sequence[Order], *, now: datetime) -> dict[int, Sequence[ValidationFact]]:
    """What would hold each of them up, were it renewed within the next days."""
    if not orders:
        return {}
    ours = Organization.objects.for_partner(partner).filter(customer__in={one.customer_id for one in orders})
    by_customer: dict[int, list[Organization]] = {}
    for organization in ours.order_by("ov_validated_until"):
        by_customer.setdefault(organization.customer_id, []).append(organization)
    longest = {pk: organizations[-1] for pk, organizations in by_customer.items()}
    wishes = [(one.product, one.organization or longest.get(one.customer_id), one.names) for one in orders]
    states = planning.validation_states(partner, wishes, today=utc_date(now))
    soon = utc_date(now) + timedelta(days=VALIDATIONS_LAPSE_DAYS)
    return {
        order.pk: [fact for fact in facts if fact.holds or (fact.until and fact.until <= soon)]
        for order, facts in zip(orders, states, strict=True)
    }
