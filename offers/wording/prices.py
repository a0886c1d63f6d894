"""Prices in words: why a cell or a file cannot be taken, whose a price is, and what tax a customer pays and why."""

from __future__ import annotations

from collections.abc import Mapping

from babel import Locale
from babel.core import get_global
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from certificates.models import Customer
from certificates.services.imports.reasons import file_sentence
from offers.models import CustomerTerms, SalesSettings
from offers.rules.taxes import Tax, TaxCode, Treatment
from offers.services.prices.cells import BadCell, Fault
from offers.services.prices.files import ColumnsMissing, Line
from offers.services.prices.reading import Whose
from portal import csvio
from portal.quantities import percentage
from portal.types import StrOrPromise

_FAULTS: Mapping[Fault, StrOrPromise] = {
    Fault.UNREADABLE: gettext_lazy("The line cannot be read: a quotation mark is open, or its letters are damaged."),
    Fault.TOO_MANY_CELLS: gettext_lazy(
        "The line has more cells than the header (%(value)s). Put amounts and texts with a comma in quotation marks."
    ),
    Fault.TOO_FEW_CELLS: gettext_lazy("The line has fewer cells than the header (%(value)s)."),
    Fault.UNKNOWN_PRODUCT: gettext_lazy("“%(value)s” is not a product of the catalogue."),
    Fault.UNKNOWN_LEVEL: gettext_lazy("There is no price level “%(value)s”. Add it first, or correct the name."),
    Fault.UNKNOWN_CUSTOMER: gettext_lazy("No customer has the number or key “%(value)s”."),
    Fault.TWO_CUSTOMERS: gettext_lazy(
        "Several customers have the number “%(value)s”. Use the key that an export writes."
    ),
    Fault.LEVEL_AND_CUSTOMER: gettext_lazy("A price is for a level or for a customer, not for both."),
    Fault.UNKNOWN_CURRENCY: gettext_lazy("“%(value)s” is not a currency in use here. Write EUR, USD or another code."),
    Fault.BAD_YEARS: gettext_lazy("“%(value)s” is not a number of years."),
    Fault.NOT_SOLD_SO_LONG: gettext_lazy("The product is not sold for %(value)s years."),
    Fault.NO_AMOUNT: gettext_lazy("The base price is missing. Write 0 where it costs nothing."),
    Fault.NOT_AN_AMOUNT: gettext_lazy("“%(value)s” is not an amount."),
    Fault.TWO_WAYS: gettext_lazy("“%(value)s” can be read in two ways. Write all digits together, or two decimals."),
    Fault.NEGATIVE: gettext_lazy("“%(value)s” is below zero. A price is zero or more."),
    Fault.TOO_LARGE: gettext_lazy("“%(value)s” is larger than any price can be."),
    Fault.NO_CENTS: gettext_lazy("“%(value)s” has decimals, which this currency does not have."),
    Fault.NOT_A_DAY: gettext_lazy("“%(value)s” is not a date. Write it as 2027-01-31."),
    Fault.DAY_TWO_WAYS: gettext_lazy("“%(value)s” can be two dates. Write it as 2027-01-31."),
    Fault.ENDS_BEFORE: gettext_lazy("It ends on %(value)s, before it begins."),
    Fault.TWICE: gettext_lazy("The same price, from the same day on, stands on line %(value)s already."),
    Fault.PAST: gettext_lazy(
        "This would change what has held since %(value)s. Give the new price a first day from today on."
    ),
}
_FILES: Mapping[str, StrOrPromise] = {
    csvio.Refusal.TOO_MANY_ROWS: gettext_lazy(
        "The file has more than %(limit)s prices. Split it and import the parts."
    ),
    csvio.Refusal.LINE_TOO_LONG: gettext_lazy(
        "Line %(line)s has more than %(limit)s characters, so this is probably not a price list."
    ),
    csvio.Refusal.TOO_MANY_BAD_RECORDS: gettext_lazy(
        "More than %(limit)s lines up to line %(line)s cannot be read, so this is probably not a price list."
    ),
}


def amount_sentence(bad: BadCell) -> str:
    """Why something typed into a field is no amount."""
    return str(_FAULTS[bad.fault]) % {"value": bad.value}


def line_sentence(line: Line) -> str:
    """Why a line is rejected, with the name of its column in front; empty for the others."""
    if line.fault is None:
        return ""
    sentence = str(_FAULTS[line.fault]) % {"value": line.value}
    return _("%(label)s: %(value)s") % {"label": line.column, "value": sentence} if line.column else sentence


def refusal_sentence(refused: csvio.FileRefused | ColumnsMissing) -> str:
    """Why a whole file is not taken, and what to do."""
    if isinstance(refused, ColumnsMissing):
        words = ngettext(
            "The file has no column %(columns)s. Export a list to see how it has to look.",
            "The file has no columns %(columns)s. Export a list to see how it has to look.",
            len(refused.columns),
        )
        return words % {"columns": ", ".join(refused.columns)}
    if refused.code in _FILES:
        return str(_FILES[refused.code]) % refused.facts
    return file_sentence({"code": refused.code, **refused.facts})


def whose_name(whose: Whose) -> str:
    """ "Price list", the name of the level, or that of the customer."""
    if whose.customer:
        return whose.customer.name
    return whose.level.name if whose.level else _("Price list")


# Tax


def country_name(code: str) -> str:
    """ "Germany" for DE in the active language; the code itself where nobody knows it."""
    territories = Locale.parse(get_language() or "en", sep="-").territories
    return str(territories.get(code, code))


def is_country(code: str) -> bool:
    """Whether two capitals are the code of a country, as CLDR knows them."""
    return code != "ZZ" and code in get_global("territory_languages")


def tax_sentence(tax: Tax, customer: Customer, terms: CustomerTerms, settings: SalesSettings) -> str:
    """What tax the customer pays and why, in one sentence or two."""
    name = settings.tax_name(get_language() or "en")
    country = country_name(tax.country) or _("your country")
    facts = {"tax": name, "rate": percentage(tax.rate.normalize()), "country": country}
    return _why(tax, customer, terms, settings) % {**facts, "reason": terms.exemption_reason.rstrip(".")}


def _why(tax: Tax, customer: Customer, terms: CustomerTerms, settings: SalesSettings) -> str:
    if tax.code is TaxCode.NONE:
        return _("No rate of %(tax)s is set for %(country)s, so none is added. Set it in the sales settings.")
    if tax.code is TaxCode.STANDARD:
        return _why_taxed(tax, customer, terms, settings)
    return {
        TaxCode.EXEMPT: _("They pay no %(tax)s: exempt (%(reason)s)."),
        TaxCode.REVERSE_CHARGE: _(
            "They pay no %(tax)s to you: a business of %(country)s with a VAT number of its own accounts for it "
            "itself (reverse charge)."
        ),
        TaxCode.EXPORT: _("They pay no %(tax)s: %(country)s is outside the area in which you charge it."),
    }[tax.code]


def _why_taxed(tax: Tax, customer: Customer, terms: CustomerTerms, settings: SalesSettings) -> str:
    if terms.tax_treatment == Treatment.STANDARD:
        return _("They pay %(tax)s at %(rate)s: it was agreed that your own rate always holds.")
    if not customer.country:
        return _("They pay %(tax)s at %(rate)s, your own rate, because their country is not known.")
    if customer.country == settings.country:
        return _("They pay %(tax)s at %(rate)s, because they are in your own country.")
    if tax.country == customer.country:
        return _("They pay %(tax)s at %(rate)s, the rate of %(country)s that you listed.")
    return _("They pay %(tax)s at %(rate)s, the rate of %(country)s, because no VAT number of their country is known.")
