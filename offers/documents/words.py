"""What a quote says, on its page and on paper: every step of its arithmetic, its tax and its days, in words.

Everything is read off the snapshot; nothing is computed but sums of its figures for the drawing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from babel import Locale
from django.utils.formats import number_format
from django.utils.translation import gettext, ngettext

from certificates.wording import day, day_parts
from certificates.x509 import display_name
from offers.documents.snapshot import (
    CustomerPart,
    LineKind,
    LinePart,
    PriceKind,
    PricePart,
    QuoteSnapshot,
    TaxKind,
    TaxPart,
)
from portal.drawings import Part

# Names told one by one; of more, these and how many others.
MOST_NAMES = 10


@dataclass(frozen=True, slots=True)
class Step:
    """One row of a line's arithmetic; an offer has neither quantity nor unit price."""

    words: str
    amount: Decimal
    quantity: int | None = None
    unit: Decimal | None = None
    detail: str = ""
    is_saving: bool = False

    @property
    def size(self) -> Decimal:
        """The amount without its sign, for a sum that writes the sign before the words."""
        return abs(self.amount)


@dataclass(frozen=True, slots=True)
class Item:
    """One order of the quote, ready to be read; `is_end_counted` where its new end hangs on the day of acceptance."""

    line: LinePart
    host: str
    lead: str
    instead: str
    is_end_counted: bool
    moved: str
    steps: Sequence[Step]
    bar_title: str
    bar: Sequence[Part]
    bar_sentence: str


def title(quote: QuoteSnapshot) -> str:
    """What the quote is for: the one host name, or how many certificates."""
    if len(quote.lines) > 1:
        words = ngettext("Quote for %(count)s certificate", "Quote for %(count)s certificates", len(quote.lines))
        return words % {"count": number_format(len(quote.lines))}
    (line,) = quote.lines
    words = gettext("Renewal of %(host)s") if line.kind is LineKind.RENEWAL else gettext("Certificate for %(host)s")
    return words % {"host": display_name(line.host)}


def lead(quote: QuoteSnapshot) -> str:
    """Whom it was made for, and until when its prices hold."""
    facts = {"customer": quote.customer.name, "date": day(quote.valid_until), "person": quote.prepared_by}
    if quote.prepared_by:
        words = gettext("Prepared for %(customer)s by %(person)s. These prices hold until %(date)s.")
    else:
        words = gettext("Prepared for %(customer)s. These prices hold until %(date)s.")
    return words % facts


def items(quote: QuoteSnapshot) -> list[Item]:
    return [
        Item(
            line=line,
            host=display_name(line.host),
            lead=_line_lead(line, quote),
            instead=_instead(line),
            is_end_counted=line.new_ends_on is not None and not quote.keeps_days(line),
            moved=_moved(line),
            steps=[_step(price, line) for price in line.prices],
            bar_title=_bar_title(line, quote),
            bar=_bar(line),
            bar_sentence=_bar_sentence(line, quote),
        )
        for line in quote.lines
    ]


def _line_lead(line: LinePart, quote: QuoteSnapshot) -> str:
    """Which order ends when, and when the new one will; where that hangs on the day of acceptance, on which day."""
    facts = {
        "number": line.order_number,
        "old": day(line.old_ends_on) if line.old_ends_on else "",
        "new": day(line.new_ends_on) if line.new_ends_on else "",
        "date": day(quote.reference_day),
    }
    if not line.new_ends_on:
        return gettext("Order %(number)s") % facts if line.order_number else ""
    if line.is_moved:
        words = gettext(
            "The present certificate ends on %(old)s; if accepted on %(date)s, the new order ends on %(new)s."
        )
        return f"{words % facts} {_not_kept(line)}"
    if not (line.order_number and line.old_ends_on):
        return gettext("If accepted on %(date)s, the new order ends on %(new)s.") % facts
    if quote.keeps_days(line):
        words = gettext("Order %(number)s ends on %(old)s; the new order ends on %(new)s.")
    elif line.old_ends_on < quote.reference_day:
        words = gettext("Order %(number)s ended on %(old)s; if accepted on %(date)s, the new order ends on %(new)s.")
    else:
        words = gettext("Order %(number)s ends on %(old)s; if accepted on %(date)s, the new order ends on %(new)s.")
    return words % facts


def _moved(line: LinePart) -> str:
    """Of a certificate that is moved over: all its names, and what becomes of its days."""
    if not line.is_moved:
        return ""
    if line.names_count < 2:
        return _not_kept(line)
    names = gettext("The certificate holds %(names)s.") % {"names": names_told(line)}
    return f"{names} {_not_kept(line)}"


def _not_kept(line: LinePart) -> str:
    if not line.moved_from:
        return gettext("It moves from another authority: the days left there are not kept.")
    return gettext("It moves from %(issuer)s: the days left there are not kept.") % {"issuer": line.moved_from}


@dataclass(frozen=True, slots=True)
class Ends:
    """What is said of the new ends of many orders."""

    title: str
    sentence: str


def new_ends(quote: QuoteSnapshot) -> Ends:
    """Whether the dates in the table stand, or hang on the day of acceptance."""
    if quote.keeps_all_days:
        return Ends(
            gettext("No day is lost on any of these orders"),
            gettext(
                "Each new order ends on the date in the table, on whatever day you accept: what is left of the present "
                "one is added."
            ),
        )
    counted = gettext("A new end with an asterisk is counted as if accepted on %(date)s.")
    others = gettext("Every other one stays the same, on whatever day you accept.")
    told = [counted % {"date": day(quote.reference_day)}]
    if any(map(quote.keeps_days, quote.lines)):
        told.append(others)
    return Ends(gettext("When the new orders end"), " ".join(told))


def names_told(line: LinePart) -> str:
    """The names of the certificate, the host first; of very many, some and how many more."""
    told = ", ".join(display_name(name) for name in line.names[:MOST_NAMES])
    others = len(line.names) - MOST_NAMES
    if others <= 0:
        return told
    return gettext("%(names)s and %(count)s more") % {"names": told, "count": others}


def country_name(customer: CustomerPart, language: str) -> str:
    return Locale.parse(language).territories.get(customer.country, customer.country) if customer.country else ""


def _step(price: PricePart, line: LinePart) -> Step:
    if price.kind is PriceKind.OFFER:
        return Step(_offer(price), price.amount, detail=_limit(price), is_saving=True)
    words = {PriceKind.BASE: _product(line), PriceKind.NAMES: _names(price), PriceKind.WILDCARDS: _wildcards(price)}
    detail = _upgrade(line) if price.kind is PriceKind.BASE else ""
    return Step(words[price.kind], price.amount, price.quantity, price.unit, detail)


def _product(line: LinePart) -> str:
    words = ngettext("%(product)s, %(years)s year", "%(product)s, %(years)s years", line.term_years)
    return words % {"product": line.product, "years": line.term_years}


def _names(price: PricePart) -> str:
    return ngettext("Host name", "Host names", price.quantity)


def _wildcards(price: PricePart) -> str:
    return ngettext("Wildcard name", "Wildcard names", price.quantity)


def _upgrade(line: LinePart) -> str:
    if not (line.upgrade_from and line.benefits):
        return _instead(line)
    facts = {"product": line.upgrade_from, "benefits": ", ".join(line.benefits)}
    return gettext("instead of %(product)s; it adds: %(benefits)s") % facts


def _instead(line: LinePart) -> str:
    return gettext("instead of %(product)s") % {"product": line.upgrade_from} if line.upgrade_from else ""


def _offer(price: PricePart) -> str:
    words = price.offer_words or gettext("Offer")
    if price.percent is None or _tight(percent(price.percent)) in _tight(words):
        return words
    return gettext("%(offer)s (%(percent)s)") % {"offer": words, "percent": percent(price.percent)}


def _tight(words: str) -> str:
    return "".join(words.split())


def _limit(price: PricePart) -> str:
    return gettext("as far as this price allows") if price.is_limited else ""


def percent(rate: Decimal) -> str:
    """20.00 -> "20%", 5.50 -> "5.5%"; French keeps a space before the sign."""
    return gettext("%(number)s%%") % {"number": number_format(rate.normalize().__format__("f"))}


def tax_label(tax: TaxPart) -> str:
    """What stands beside the amount of the tax."""
    name = tax.name or gettext("Tax")
    if tax.kind is TaxKind.STANDARD:
        return gettext("%(tax)s at %(rate)s") % {"tax": name, "rate": percent(tax.rate)}
    return {
        TaxKind.REVERSE_CHARGE: gettext("%(tax)s, reverse charge"),
        TaxKind.EXPORT: gettext("%(tax)s, not charged"),
        TaxKind.EXEMPT: gettext("%(tax)s, exempt"),
        TaxKind.NONE: gettext("%(tax)s, not charged"),
    }[tax.kind] % {"tax": name}


def tax_sentence(tax: TaxPart) -> str:
    """Why no tax is charged, as the invoice will say it too; nothing where it is."""
    if tax.kind is TaxKind.REVERSE_CHARGE:
        return gettext(
            "Reverse charge: the customer accounts for the tax (articles 44 and 196 of Directive 2006/112/EC)."
        )
    if tax.kind is TaxKind.EXPORT:
        return gettext("This sale lies outside the scope of the seller's tax.")
    if tax.kind is TaxKind.EXEMPT and tax.reason:
        return gettext("Exempt from tax: %(reason)s") % {"reason": tax.reason}
    return ""


def _bar_title(line: LinePart, quote: QuoteSnapshot) -> str:
    if line.new_ends_on and quote.keeps_days(line):
        words = gettext("No day is lost: the new order runs to %(date)s, whenever you accept.")
        return words % {"date": day(line.new_ends_on)}
    return gettext("What the new order gives")


def _bar(line: LinePart) -> list[Part]:
    """The new order's days side by side, as the renew page draws them; none where they are not known."""
    if not line.order_days:
        return []
    return day_parts(
        carried=line.carried_days,
        certificate=line.certificate_days,
        order=line.order_days,
        certificate_ends_on=line.certificate_ends_on,
        order_ends_on=line.new_ends_on,
    )


def _bar_sentence(line: LinePart, quote: QuoteSnapshot) -> str:
    """On which day the days were counted, and how the rest is collected."""
    facts = {"date": day(quote.reference_day), "reissues": line.reissues}
    if not line.reissues:
        return gettext("Counted as if renewed on %(date)s.") % facts
    words = ngettext(
        "Counted as if renewed on %(date)s. The rest follows by a free reissue, of which we remind you.",
        "Counted as if renewed on %(date)s. The rest follows by %(reissues)s free reissues, of which we remind you.",
        line.reissues,
    )
    return words % facts
