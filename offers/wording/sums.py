"""What an order costs, told to people: every step of the sum, what comes off and why, the tax, and the total."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from django.utils.translation import get_language, gettext, ngettext

from certificates.models import Product
from certificates.wording import years
from offers.models import Offer, SalesSettings
from offers.rules.baskets import UnitPrices
from offers.rules.prices import Line, LineKind, Priced
from offers.rules.taxes import Tax, TaxCode, Totals
from offers.services.pricing import Coded, CodeRefusal, OrderPrice
from portal.money import money
from portal.quantities import percentage


@dataclass(frozen=True, slots=True)
class Step:
    """One row of a sum: what it is, how it is reckoned (3 times €25.00), what it comes to; negative where it saves."""

    label: str
    reckoning: str
    amount: str
    note: str = ""
    is_saving: bool = False


@dataclass(frozen=True, slots=True)
class Sum:
    """A whole sum in words, ready for `offers/arithmetic.html`; every amount is written in its currency."""

    steps: Sequence[Step]
    subtotal: str
    saving: str
    net: str
    tax_label: str
    tax: str
    tax_note: str
    total: str

    @property
    def has_saving(self) -> bool:
        return any(step.is_saving for step in self.steps)


def sum_of(found: OrderPrice, *, product: Product, term_years: int, settings: SalesSettings) -> Sum:
    """The sum of a price as it would be ordered now, in the active language."""
    return sum_in_words(
        found.priced,
        found.offers,
        tax=found.tax,
        totals=found.totals,
        base=plan_words(product, term_years),
        names=settings,
    )


def for_customers(told: Sum, tax: Tax, *, tax_name: str) -> Sum:
    """The same sum in the words of a quote: why no tax is charged, and nothing of the house's own limits."""
    steps = [replace(step, note=gettext("as far as this price allows") if step.note else "") for step in told.steps]
    notes = {
        TaxCode.REVERSE_CHARGE: gettext(
            "Reverse charge: the customer accounts for the tax (articles 44 and 196 of Directive 2006/112/EC)."
        ),
        TaxCode.EXPORT: gettext("This sale lies outside the scope of the seller's tax."),
    }
    label = gettext("%(tax)s, not charged") % {"tax": tax_name} if tax.code is TaxCode.NONE else told.tax_label
    return replace(told, steps=steps, tax_label=label, tax_note=notes.get(tax.code, ""))


def each_costs(units: UnitPrices, currency: str) -> str:
    """What another name costs for the whole term; empty where names are free."""
    facts = {"name": money(units.name, currency), "wildcard": money(units.wildcard, currency)}
    if units.name and units.wildcard:
        return gettext("Each host name costs %(name)s, each wildcard %(wildcard)s, tax excluded.") % facts
    if units.name:
        return gettext("Each host name costs %(name)s, tax excluded.") % facts
    return gettext("Each wildcard costs %(wildcard)s, tax excluded.") % facts if units.wildcard else ""


def sum_in_words(
    priced: Priced, offers: Mapping[int, Offer], *, tax: Tax, totals: Totals, base: str, names: SalesSettings
) -> Sum:
    """The same of a price that was agreed: `offers` by id, `base` the words of the first row."""
    tax_name = names.tax_name(get_language() or "en")
    return Sum(
        steps=steps_of(priced, offers, base=base),
        subtotal=money(priced.subtotal, priced.currency),
        saving=money(-priced.discount, priced.currency),
        net=money(totals.net, priced.currency),
        tax_label=tax_label(tax, tax_name),
        tax=money(totals.tax, priced.currency),
        tax_note=tax_note(tax, tax_name),
        total=money(totals.gross, priced.currency),
    )


def plan_words(product: Product, term_years: int) -> str:
    """Secure Site Flex, 1 year."""
    return gettext("%(product)s, %(years)s") % {"product": product.name, "years": years(term_years)}


def share_off(discount: Decimal, subtotal: Decimal) -> str:
    """20.00 of 200.00 -> "10% off", to the nearest whole percent."""
    share = round(100 * discount / subtotal) if subtotal else 0
    return gettext("%(percent)s off") % {"percent": percentage(share)}


def steps_of(priced: Priced, offers: Mapping[int, Offer], *, base: str) -> list[Step]:
    """One row for each line of the price, in its order."""
    return [_step(line, offers, priced.currency, base) for line in priced.lines]


def _step(line: Line, offers: Mapping[int, Offer], currency: str, base: str) -> Step:
    amount = money(line.amount, currency)
    if line.kind is LineKind.DISCOUNT:
        offer = offers.get(line.offer or 0)
        return Step(_offer(line, offer), _share(line, offer), amount, _limit(line), is_saving=True)
    labels = {
        LineKind.BASE: base,
        LineKind.NAMES: ngettext("Host name", "Host names", line.quantity),
        LineKind.WILDCARDS: ngettext("Wildcard", "Wildcards", line.quantity),
    }
    reckoning = "" if line.kind is LineKind.BASE else _times(line, currency)
    return Step(labels[line.kind], reckoning, amount)


def _times(line: Line, currency: str) -> str:
    return f"{line.quantity} \N{MULTIPLICATION SIGN} {money(line.unit, currency)}"


def _offer(line: Line, offer: Offer | None) -> str:
    return offer.words(get_language() or "en") if offer else gettext("Offer")


def _share(line: Line, offer: Offer | None) -> str:
    """10 %, unless the offer's own words say the figure already."""
    if line.percent is None:
        return ""
    share = percentage(line.percent.normalize())
    words = _offer(line, offer)
    return "" if f"{line.percent.normalize():f}" in words else share


def _limit(line: Line) -> str:
    if not line.is_limited:
        return ""
    if line.by_ceiling:
        return gettext("Less than the whole offer: this order was offered no more before, and waiting never pays.")
    return gettext("Less than the whole offer: it stops at the lowest price allowed.")


# Tax


def tax_label(tax: Tax, name: str) -> str:
    """What stands beside the amount: VAT at 20 %."""
    facts = {"tax": name, "rate": percentage(tax.rate.normalize())}
    words = {
        TaxCode.STANDARD: gettext("%(tax)s at %(rate)s"),
        TaxCode.REVERSE_CHARGE: gettext("%(tax)s, reverse charge"),
        TaxCode.EXPORT: gettext("%(tax)s, not charged"),
        TaxCode.EXEMPT: gettext("%(tax)s, exempt"),
        TaxCode.NONE: gettext("%(tax)s, no rate set"),
    }
    return words[tax.code] % facts


def tax_note(tax: Tax, name: str) -> str:
    """Why the tax is what it is, in a sentence; nothing where it is charged as everywhere."""
    words = {
        TaxCode.STANDARD: "",
        TaxCode.REVERSE_CHARGE: gettext(
            "Reverse charge: the customer accounts for the %(tax)s (articles 44 and 196 of Directive 2006/112/EC)."
        ),
        TaxCode.EXPORT: gettext("The customer is outside the area in which you charge %(tax)s."),
        TaxCode.EXEMPT: gettext("This customer is exempt from %(tax)s."),
        TaxCode.NONE: gettext("No rate of %(tax)s is set for this country yet, so none is added."),
    }
    return words[tax.code] % {"tax": name}


# Codes


def code_words(coded: Coded) -> str:
    """What became of a code that was typed."""
    facts = {"code": coded.code.strip(), "offer": coded.offer.words(get_language() or "en") if coded.offer else ""}
    words = {
        None: gettext("%(code)s applies: %(offer)s."),
        CodeRefusal.UNKNOWN: gettext("There is no offer with the code %(code)s. Look at how it is written."),
        CodeRefusal.NOT_LIVE: gettext("The offer with the code %(code)s is not running at the moment."),
        CodeRefusal.NOT_FOR_THIS: gettext("The code %(code)s is not for this order as it is: %(offer)s."),
        CodeRefusal.USED_UP: gettext("The code %(code)s has been used as often as it may."),
        CodeRefusal.NOT_BETTER: gettext("The code %(code)s takes off less than what applies already, so it is kept."),
    }
    return words[coded.refusal] % facts


def refused_code(found: OrderPrice | None) -> Coded | None:
    """The code where it stands in the way of a press: one that merely saves less than what applies does not."""
    coded = found.coded if found else None
    return coded if coded and coded.refusal not in (None, CodeRefusal.NOT_BETTER) else None


@dataclass(frozen=True, slots=True)
class Tag:
    """A price on a choice: its price, the list price where an offer counts, and how much more it is."""

    net: str
    before: str = ""
    more: str = ""


def tag(found: OrderPrice | None, present: OrderPrice | None = None) -> Tag | None:
    """The price tag of a choice; beside the `present` one where that is another: +€80.00."""
    if found is None:
        return None
    priced = found.priced
    before = money(priced.subtotal, priced.currency) if priced.discount else ""
    return Tag(money(priced.net, priced.currency), before, _more(priced, present.priced if present else None))


def _more(priced: Priced, present: Priced | None) -> str:
    if present is None or present.currency != priced.currency or present.net == priced.net:
        return ""
    sign = "+" if priced.net > present.net else ""
    return f"{sign}{money(priced.net - present.net, priced.currency)}"
