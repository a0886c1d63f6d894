"""What an offer gives, for whom and when, in whole sentences; and why it cannot stand, or does not pay."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from certificates.models import Customer, Product
from certificates.rules import last_day
from certificates.states import ValidationLevel
from certificates.wording import day
from offers.models import Offer, PriceLevel
from offers.models.offers import OfferStatus
from offers.rules.arms import ALL
from offers.rules.discounts import WINDOW_CLOSES, WINDOW_OPENS
from offers.services.forecasts import BreakEven, BreakEvenOfMore
from offers.services.offers import Problem
from portal.models import Membership
from portal.money import money
from portal.quantities import percentage
from portal.types import StrOrPromise

Kind = Offer.Kind

STATUS_WORDS: Mapping[OfferStatus, StrOrPromise] = {
    OfferStatus.LIVE: gettext_lazy("Live"),
    OfferStatus.SCHEDULED: gettext_lazy("Scheduled"),
    OfferStatus.DRAFT: gettext_lazy("Draft"),
    OfferStatus.PAUSED: gettext_lazy("Paused"),
    OfferStatus.ENDED: gettext_lazy("Ended"),
}
STATUS_LEVELS: Mapping[OfferStatus, str] = {
    OfferStatus.LIVE: "good",
    OfferStatus.SCHEDULED: "note",
    OfferStatus.DRAFT: "plain",
    OfferStatus.PAUSED: "warn",
    OfferStatus.ENDED: "calm",
}
PROBLEMS: Mapping[Problem, StrOrPromise] = {
    Problem.MISSING: gettext_lazy("An offer of this kind needs it."),
    Problem.WAITING_PAYS: gettext_lazy(
        "An offer that applies by itself begins 90 days before the end, or earlier. "
        "Beginning later would pay customers for waiting. Give it a code to send it to a few."
    ),
    Problem.DAYS_REVERSED: gettext_lazy("It is over before it begins: days are counted down to the order's end."),
    Problem.ENDS_TOO_EARLY: gettext_lazy("It has to end after it starts."),
    Problem.IS_OVER: gettext_lazy("This moment has passed. Choose a later one, or none."),
    Problem.CODE_TAKEN: gettext_lazy("Another offer uses this code. Choose another, or end that one first."),
    Problem.ORDERS_REVERSED: gettext_lazy("The most cannot be fewer than the least."),
}


# What it gives


def gives(offer: Offer, products: Mapping[str, str]) -> str:
    """One sentence without its stop: "15% off Secure Site renewals of 1 year and more". `products` names them by id."""
    return _GIVES[Kind(offer.kind)](offer, products)


def _what(offer: Offer, products: Mapping[str, str]) -> str:
    """The products, brands or levels that are renewed; nothing where it is all of them."""
    named = [products.get(name, name) for name in offer.products] or list(offer.families)
    return one_or_other(named or [level.upper() for level in offer.levels])


def one_or_other(words: Sequence[str]) -> str:
    """ "A, B or C"; the first three and how many more, where there are many."""
    if len(words) > 4:
        facts = {"some": ", ".join(words[:3]), "number": len(words) - 3}
        return ngettext("%(some)s or %(number)s other", "%(some)s or %(number)s others", len(words) - 3) % facts
    if len(words) < 2:
        return "".join(words)
    return _("%(some)s or %(last)s") % {"some": ", ".join(words[:-1]), "last": words[-1]}


def _percent(offer: Offer) -> str:
    return percentage((offer.percent or Decimal(0)).normalize())


def _percent_off(offer: Offer, products: Mapping[str, str]) -> str:
    facts = {"percent": _percent(offer), "what": _what(offer, products)}
    return (_("%(percent)s off %(what)s renewals") if facts["what"] else _("%(percent)s off every renewal")) % facts


def _amount_off(offer: Offer, products: Mapping[str, str]) -> str:
    amount = money(offer.amount or Decimal(0), offer.currency or "EUR")
    facts = {"amount": amount, "what": _what(offer, products)}
    return (_("%(amount)s off %(what)s renewals") if facts["what"] else _("%(amount)s off every renewal")) % facts


def _same_price(offer: Offer, products: Mapping[str, str]) -> str:
    facts = {"what": _what(offer, products), "to": one_or_other([products.get(n, n) for n in offer.upgrade_targets])}
    if facts["what"] and facts["to"]:
        return _("%(to)s at the price of %(what)s") % facts
    if facts["to"]:
        return _("%(to)s at the price of the present product") % facts
    if facts["what"]:
        return _("An upgrade at the price of %(what)s") % facts
    return _("An upgrade at the price of the present product")


def _upgrade_percent(offer: Offer, products: Mapping[str, str]) -> str:
    to = one_or_other([products.get(name, name) for name in offer.upgrade_targets])
    facts = {"percent": _percent(offer), "what": _what(offer, products), "to": to}
    if facts["what"] and to:
        return _("%(percent)s off the upgrade from %(what)s to %(to)s") % facts
    if to:
        return _("%(percent)s off the upgrade to %(to)s") % facts
    if facts["what"]:
        return _("%(percent)s off the upgrade from %(what)s") % facts
    return _("%(percent)s off an upgrade") % facts


def _longer(offer: Offer, products: Mapping[str, str]) -> str:
    years = offer.min_term_years or 1
    facts = {"percent": _percent(offer), "what": _what(offer, products), "years": years}
    if facts["what"]:
        words = ngettext(
            "%(percent)s off %(what)s renewals of %(years)s year and more",
            "%(percent)s off %(what)s renewals of %(years)s years and more",
            years,
        )
        return words % facts
    words = ngettext(
        "%(percent)s off renewals of %(years)s year and more",
        "%(percent)s off renewals of %(years)s years and more",
        years,
    )
    return words % facts


def _free_names(offer: Offer, products: Mapping[str, str]) -> str:
    names = offer.free_names or 0
    facts = {"names": names, "what": _what(offer, products)}
    if facts["what"]:
        words = ngettext(
            "%(names)s further name free with %(what)s renewals",
            "%(names)s further names free with %(what)s renewals",
            names,
        )
        return words % facts
    words = ngettext(
        "%(names)s further name free with every renewal", "%(names)s further names free with every renewal", names
    )
    return words % facts


def _moved(offer: Offer, products: Mapping[str, str]) -> str:
    facts = {"percent": _percent(offer), "what": _what(offer, products)}
    if facts["what"]:
        return _("%(percent)s off %(what)s for a certificate moved to us") % facts
    return _("%(percent)s off a certificate moved to us") % facts


_GIVES: Mapping[Kind, Callable[[Offer, Mapping[str, str]], str]] = {
    Kind.PERCENT: _percent_off,
    Kind.AMOUNT: _amount_off,
    Kind.UPGRADE_SAME_PRICE: _same_price,
    Kind.UPGRADE_PERCENT: _upgrade_percent,
    Kind.LONGER_PLAN: _longer,
    Kind.EXTRA_NAMES: _free_names,
    Kind.CONSOLIDATION: _moved,
}


def product_names() -> dict[str, str]:
    """The catalogue's names by id."""
    return dict(Product.objects.values_list("name_id", "name"))


# For whom, when and how far


def terms_of(offer: Offer, currency: str, *, shows_costs: bool = True) -> list[tuple[StrOrPromise, str]]:
    """Every condition and limit as a heading and its words; what is open to everybody is left out."""
    return [*_whom(offer), *_when(offer), *_limits(offer, offer.currency or currency, shows_costs=shows_costs)]


def _whom(offer: Offer) -> Iterator[tuple[StrOrPromise, str]]:
    levels = dict(ValidationLevel.choices)
    if offer.families and offer.products:
        yield _("Brands"), ", ".join(offer.families)
    if offer.levels:
        yield _("Levels"), ", ".join(str(levels.get(one, one)) for one in offer.levels)
    yield from _named_rows(offer)
    if offer.countries:
        yield _("Countries"), ", ".join(offer.countries)
    if offer.min_orders is not None or offer.max_orders is not None:
        yield _("Size of the customer"), _size(offer)
    if offer.first_renewal:
        yield _("Renewals"), _("the first one only")
    if offer.trial_percent < ALL:
        yield _("Tried on"), _("%(percent)s of the orders") % {"percent": percentage(offer.trial_percent)}


def _named_rows(offer: Offer) -> Iterator[tuple[StrOrPromise, str]]:
    if offer.price_levels:
        levels = PriceLevel.objects.for_partner(offer.partner).filter(pk__in=offer.price_levels)
        yield _("Price levels"), ", ".join(level.name for level in levels)
    if offer.customers:
        names = Customer.objects.for_partner(offer.partner).filter(pk__in=offer.customers).order_by("name")
        yield _("Customers"), one_or_other(list(names.values_list("name", flat=True)))
    if offer.owners:
        owners = Membership.objects.for_partner(offer.partner).filter(pk__in=offer.owners).select_related("user")
        yield _("Owners"), ", ".join(str(owner) for owner in owners)


def _size(offer: Offer) -> str:
    facts = {"least": offer.min_orders, "most": offer.max_orders}
    if offer.min_orders is None:
        return _("at most %(most)s orders") % facts
    if offer.max_orders is None:
        return _("at least %(least)s orders") % facts
    return _("%(least)s to %(most)s orders") % facts


def _when(offer: Offer) -> Iterator[tuple[StrOrPromise, str]]:
    if offer.code:
        yield _("Applies"), _("with the code %(code)s, on any day of the renewal window") % {"code": offer.code}
    elif (offer.days_from, offer.days_until) == (WINDOW_OPENS, WINDOW_CLOSES):
        yield _("Applies"), _("by itself, on every day of the renewal window")
    else:
        yield _("Applies"), _days(offer)
    yield _("Other offers"), _("adds to those that add up") if offer.stacks else _("stands alone")


def _days(offer: Offer) -> str:
    facts = {"from": offer.days_from, "until": abs(offer.days_until)}
    if offer.days_until < 0:
        return _("by itself, from %(from)s days before the end to %(until)s days after it") % facts
    return _("by itself, from %(from)s to %(until)s days before the end") % facts


def _limits(offer: Offer, currency: str, *, shows_costs: bool) -> Iterator[tuple[StrOrPromise, str]]:
    if shows_costs and offer.floor_margin is not None:
        yield _("Margin"), _("never below %(margin)s") % {"margin": percentage(offer.floor_margin.normalize())}
    if offer.redemption_limit is not None:
        yield _("Uses"), _("at most %(number)s") % {"number": offer.redemption_limit}
    if offer.customer_limit is not None:
        yield _("Uses per customer"), _("at most %(number)s") % {"number": offer.customer_limit}
    if offer.spend_cap is not None:
        yield _("Gives away"), _("at most %(amount)s") % {"amount": money(offer.spend_cap, currency)}


def period(offer: Offer) -> str:
    """ "from 1 December 2026 to 31 January 2027", by the UTC dates of its first and last moments."""
    starts = day(offer.starts_at.date())
    if offer.ends_at is None:
        return _("from %(start)s, without an end") % {"start": starts}
    return _("from %(start)s to %(end)s") % {"start": starts, "end": day(last_day(offer.ends_at))}


# Whether it pays


def break_even_words(even: BreakEven | BreakEvenOfMore) -> str:
    """ "At 40% margin, 10% off must lift renewals from 60% to 80% to pay for itself."."""
    if isinstance(even, BreakEvenOfMore):
        return _break_even_of_more(even)
    facts = {
        "margin": share(even.margin),
        "discount": share(even.discount),
        "rate": share(even.base_rate),
        "needed": share(even.needed) if even.needed is not None else "",
    }
    if even.needed is None:
        words = _(
            "At %(margin)s margin and %(rate)s renewals, %(discount)s off cannot pay for itself, "
            "even if every order were renewed."
        )
        return words % facts
    words = _(
        "At %(margin)s margin, %(discount)s off must lift renewals from %(rate)s to %(needed)s to pay for itself."
    )
    return words % facts


def share(of_one: Decimal) -> str:
    """0.125 -> "12.5%", with one decimal at most."""
    return percentage((of_one * 100).quantize(Decimal("0.1")).normalize())


def _break_even_of_more(even: BreakEvenOfMore) -> str:
    """ "An order earns EUR 80.00 as it is and EUR 50.00 with the offer: renewals must rise …"."""
    facts = {
        "before": money(even.as_it_is, even.currency),
        "after": money(even.with_offer, even.currency),
        "rate": share(even.base_rate),
        "needed": share(even.needed) if even.needed is not None else "",
    }
    if even.needed is None:
        words = _(
            "An order earns %(before)s as it is and %(after)s with the offer: from %(rate)s renewals that cannot pay "
            "for itself, even if every order were renewed."
        )
    elif even.needed <= even.base_rate:
        words = _(
            "An order earns %(before)s as it is and %(after)s with the offer: it pays even where renewals stay "
            "at %(rate)s."
        )
    else:
        words = _(
            "An order earns %(before)s as it is and %(after)s with the offer: renewals must rise from %(rate)s "
            "to %(needed)s for it to pay for itself."
        )
    return words % facts
