"""What people type about prices, levels, terms and taxes; every form names its fields, and nothing else is taken."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Div, Fieldset, Layout
from django import forms
from django.core.exceptions import ValidationError
from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _

from offers.models import CustomerTerms, PriceLevel, SalesSettings
from offers.rules.baskets import UnitPrices
from offers.rules.money import decimals
from offers.rules.taxes import Treatment
from offers.rules.timelines import Span
from offers.services.prices.cells import BadCell, amount
from offers.services.vatnumbers import Form, form_of
from offers.wording.prices import amount_sentence, is_country
from portal.choices import Currency
from portal.models import Partner

MOST_RATES = 60
_LATEST = date(2100, 12, 31)
_NUMBER = re.compile(r"-?\d{1,3}(?:[.,]\d{1,2})?", re.ASCII)


class AmountField(forms.CharField):
    """Money with a comma or a point; `currency` says how many digits follow it."""

    def __init__(self, *, label: Any, currency: str, **options: Any) -> None:
        widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off", "class": "num"})
        super().__init__(label=label, widget=widget, max_length=30, **options)
        self.currency = currency

    def prepare_value(self, value: Any) -> Any:
        return _written(value, decimals(self.currency)) if isinstance(value, Decimal) else value

    def clean(self, value: Any) -> Any:
        text = str(super().clean(value) or "")
        try:
            return amount(text, self.currency) if text else None
        except BadCell as bad:
            raise ValidationError(amount_sentence(bad)) from bad


class PercentField(forms.CharField):
    """Per cent with a comma or a point, at most two digits after it."""

    def __init__(self, *, label: Any, least: int, most: int, not_zero: bool = False, **options: Any) -> None:
        widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off", "class": "form-control-narrow"})
        super().__init__(label=label, widget=widget, max_length=8, **options)
        self.least, self.most, self.not_zero = least, most, not_zero

    def prepare_value(self, value: Any) -> Any:
        return _written(value, None) if isinstance(value, Decimal) else value

    def clean(self, value: Any) -> Any:
        text = str(super().clean(value) or "").replace("\u2212", "-").replace("%", "").strip()
        if not text:
            return None
        if not _NUMBER.fullmatch(text):
            raise ValidationError(_("Write a number such as 7.5."))
        found = Decimal(text.replace(",", "."))
        if not self.least <= found <= self.most or (self.not_zero and not found):
            limits = {"least": self.least, "most": self.most}
            words = _("Choose a number from %(least)s to %(most)s.")
            if self.not_zero and not found:
                words = _("With 0 nothing would change.")
            raise ValidationError(words, params=limits)
        return found


def _written(value: Decimal, places: int | None) -> str:
    plain = value if places is not None else value.normalize()
    return number_format(f"{plain:f}" if places is None else plain, places, use_l10n=True, force_grouping=False)


class _DayField(forms.DateField):
    def __init__(self, *, label: Any, **options: Any) -> None:
        widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        super().__init__(label=label, widget=widget, **options)


def _from_today(day: date, today: date) -> date:
    if day < today:
        raise ValidationError(_("What has held stays as it was. Choose today or a later day."))
    if day > _LATEST:
        raise ValidationError(_("Write the date as year-month-day, such as 2027-01-01."))
    return day


# Prices


class PriceForm(forms.Form):
    """What a plan costs from a day on."""

    def __init__(self, data: Any = None, *, currency: str, span: Span | None, begins: date, today: date) -> None:
        self.today = today
        super().__init__(data, initial=_initial(span, begins))
        fields: dict[str, forms.Field] = {
            "base": AmountField(label=_("Base price"), currency=currency),
            "name": AmountField(label=_("Per host name"), currency=currency, required=False),
            "wildcard": AmountField(label=_("Per wildcard"), currency=currency, required=False),
            "cost_base": AmountField(label=_("Cost, base"), currency=currency, required=False),
            "cost_name": AmountField(label=_("Cost per host name"), currency=currency, required=False),
            "cost_wildcard": AmountField(label=_("Cost per wildcard"), currency=currency, required=False),
            "begins": _DayField(label=_("First day"), help_text=_("Days begin at midnight UTC.")),
            "until": _DayField(
                label=_("Last day"),
                required=False,
                help_text=_("Empty: until another price begins. After a last day the price before it holds again."),
            ),
        }
        self.fields.update(fields)

    @property
    def helper(self) -> FormHelper:
        return _helper(
            Fieldset(_("What customers pay"), _thirds("base", "name", "wildcard")),
            Fieldset(_("What you pay the authority"), _thirds("cost_base", "cost_name", "cost_wildcard")),
            Fieldset(_("When"), _grid("begins", "until")),
        )

    def clean_begins(self) -> date:
        return _from_today(self.cleaned_data["begins"], self.today)

    def clean(self) -> None:
        begins, until = self.cleaned_data.get("begins"), self.cleaned_data.get("until")
        if begins and until and until < begins:
            self.add_error("until", _("It has to end after it begins."))

    @property
    def span(self) -> Span:
        """The span of a valid form; an empty price of a name is nothing, an empty cost is unknown."""
        values = self.cleaned_data
        prices = UnitPrices(
            base=values["base"],
            name=values["name"] or Decimal("0.00"),
            wildcard=values["wildcard"] or Decimal("0.00"),
            cost_base=values["cost_base"],
            cost_name=values["cost_name"],
            cost_wildcard=values["cost_wildcard"],
        )
        return Span(values["begins"], values["until"], prices)


def _initial(span: Span | None, begins: date) -> dict[str, Any]:
    initial: dict[str, Any] = {"begins": begins}
    if span:
        names = ("base", "name", "wildcard", "cost_base", "cost_name", "cost_wildcard")
        initial |= {name: getattr(span.prices, name) for name in names}
        initial["until"] = span.until if span.begins == begins else None
    return initial


class RaiseForm(forms.Form):
    percent = PercentField(
        label=_("Raise by, percent"),
        least=-90,
        most=500,
        not_zero=True,
        help_text=_("Below zero lowers them."),
    )
    currency = forms.ChoiceField(label=_("Currency"), choices=Currency.choices)
    begins = _DayField(label=_("From"))

    def __init__(self, *args: Any, today: date, **options: Any) -> None:
        self.today = today
        super().__init__(*args, **options)

    def clean_begins(self) -> date:
        return _from_today(self.cleaned_data["begins"], self.today)


class FillForm(RaiseForm):
    field_order = ("level", "percent", "currency", "begins", "replaces")
    level = forms.ModelChoiceField(label=_("Level"), queryset=PriceLevel.objects.none(), empty_label=None)
    percent = PercentField(label=_("Below the list by, percent"), least=-100, most=99)
    replaces = forms.BooleanField(
        label=_("Also where the level has a price already"),
        required=False,
        help_text=_("Otherwise those prices stay as they are."),
    )

    def __init__(self, *args: Any, partner: Partner, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["level"].queryset = PriceLevel.objects.for_partner(partner)  # type: ignore[attr-defined]


class LevelForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=60, help_text=_("Such as Gold, or Public sector."))


class PriceFileForm(forms.Form):
    file = forms.FileField(
        label=_("File"),
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.tsv,text/csv", "class": "drop-zone"}),
        allow_empty_file=True,
        error_messages={"required": _("Choose a file first.")},
    )


# Terms and settings


class TermsForm(forms.Form):
    """What was agreed with a customer."""

    level = forms.ModelChoiceField(
        label=_("Price level"),
        queryset=PriceLevel.objects.none(),
        required=False,
        empty_label=_("None: the price list"),
    )
    currency = forms.ChoiceField(label=_("Currency"), required=False)
    tax_treatment = forms.ChoiceField(label=_("Tax"), choices=CustomerTerms.TaxTreatment.choices)
    exemption_reason = forms.CharField(
        label=_("Reason of the exemption"),
        max_length=200,
        required=False,
        help_text=_("It stands on quotes. Needed where the customer is exempt."),
    )

    def __init__(self, *args: Any, partner: Partner, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["level"].queryset = PriceLevel.objects.for_partner(partner)  # type: ignore[attr-defined]
        house = _("Yours: %(currency)s") % {"currency": partner.currency}
        self.fields["currency"].choices = [("", house), *Currency.choices]  # type: ignore[attr-defined]

    def clean(self) -> None:
        values = self.cleaned_data
        if values.get("tax_treatment") != Treatment.EXEMPT:
            values["exemption_reason"] = ""
        elif not values.get("exemption_reason"):
            self.add_error("exemption_reason", _("Say why: the law asks for the reason on the document."))


class SalesForm(forms.ModelForm):  # type: ignore[type-arg]
    """How the house sells. The counter of quotes and the websites of the selector are not among it."""

    floor_margin = PercentField(
        label=_("No offer goes below this margin, percent"),
        least=0,
        most=99,
        help_text=_("Of the net price, where the cost is known."),
    )
    country = forms.CharField(
        label=_("Country"), max_length=60, required=False, help_text=_("Where you are taxed: two letters, such as FR.")
    )

    class Meta:
        model = SalesSettings
        fields = (
            "country",
            "vat_number",
            "tax_name_en",
            "tax_name_fr",
            "floor_margin",
            "quote_prefix",
            "quote_days",
            "terms_en",
            "terms_fr",
            "legal_footer",
        )
        widgets = {"terms_en": forms.Textarea(attrs={"rows": 6}), "terms_fr": forms.Textarea(attrs={"rows": 6})}
        help_texts = {
            "quote_prefix": _("Q gives Q-2026-00042. Quotes already sent keep their numbers."),
            "quote_days": _("From 1 to 365. The price stays locked as long."),
            "terms_en": _("They stand on every quote. An empty one is replaced by that of the other language."),
            "legal_footer": _("Such as the legal form, capital and registration of your company."),
        }

    @property
    def helper(self) -> FormHelper:
        return _helper(
            Fieldset(_("Tax"), _grid("country", "vat_number", "tax_name_en", "tax_name_fr")),
            Fieldset(_("Offers"), _grid("floor_margin")),
            Fieldset(_("Quotes"), _grid("quote_prefix", "quote_days"), "terms_en", "terms_fr", "legal_footer"),
        )

    def clean_country(self) -> str:
        return country_code(self.cleaned_data["country"], required=False)

    def clean(self) -> dict[str, Any]:
        """A VAT number stands on every quote, so it must be one of the country."""
        values = super().clean() or self.cleaned_data
        form = form_of(values.get("vat_number", ""), values.get("country", ""))
        if "country" in values and form in (Form.WRONG, Form.OTHER_COUNTRY):
            self.add_error("vat_number", _("This is not a VAT number of the country. Correct it, or leave it empty."))
        return values

    def clean_quote_prefix(self) -> str:
        prefix = str(self.cleaned_data["quote_prefix"]).strip()
        if prefix and not re.fullmatch(r"[A-Za-z0-9]+(?:[-.][A-Za-z0-9]+)*", prefix):
            raise ValidationError(_("Letters and digits only, with hyphens or points between them."))
        return prefix

    def clean_quote_days(self) -> int:
        days: int = self.cleaned_data["quote_days"]
        if not 1 <= days <= 365:
            raise ValidationError(_("Choose a number from 1 to 365."))
        return days

    @property
    def values(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self.Meta.fields}


def country_code(text: str, *, required: bool = True) -> str:
    """Two capitals that name a country; raises ValidationError for anything else."""
    code = text.strip().upper()
    if not code and not required:
        return code
    if not (len(code) == 2 and code.isascii() and code.isalpha()):
        raise ValidationError(_("Write the country as two letters, such as FR for France."))
    if not is_country(code):
        raise ValidationError(_("“%(code)s” is no code of a country."), params={"code": code})
    return code


class RateForm(forms.Form):
    """The rate of one country; a row that is emptied or ticked goes."""

    country = forms.CharField(label=_("Country"), max_length=60, required=False)
    rate = PercentField(label=_("Rate, percent"), least=0, most=100, required=False)
    drop = forms.BooleanField(label=_("Remove"), required=False)

    def clean(self) -> None:
        values = self.cleaned_data
        if self.is_gone or self.errors:
            return
        try:
            values["country"] = country_code(values["country"])
        except ValidationError as error:
            self.add_error("country", error)
        if values.get("rate") is None:
            self.add_error("rate", _("Which rate? Write 0 where nothing is charged."))

    @property
    def is_gone(self) -> bool:
        values = self.cleaned_data
        return bool(values.get("drop")) or (not values.get("country") and values.get("rate") is None)


class RateFormSet(forms.BaseFormSet):  # type: ignore[type-arg]
    """All rates there are; rows are known by their country alone, so that no key of a row can be forged."""

    def clean(self) -> None:
        seen: set[str] = set()
        for form in self._kept:
            country = form.cleaned_data.get("country", "")
            if country in seen:
                form.add_error("country", _("This country is named twice. Keep one of its rates."))
            seen.add(country)

    @cached_property
    def _kept(self) -> list[RateForm]:
        return [form for form in self.forms if form.is_valid() and not form.is_gone]

    @property
    def rates(self) -> dict[str, Decimal]:
        return {form.cleaned_data["country"]: form.cleaned_data["rate"] for form in self._kept}


_Rates: Any = forms.formset_factory(
    RateForm, formset=RateFormSet, extra=2, max_num=MOST_RATES, absolute_max=MOST_RATES + 5, validate_max=True
)


def rates_formset(data: Any = None, *, rates: Mapping[str, Decimal]) -> RateFormSet:
    initial = [{"country": country, "rate": rate} for country, rate in rates.items()]
    formset: RateFormSet = _Rates(data, prefix="rates", initial=initial)
    return formset


def _helper(*fields: Any) -> FormHelper:
    helper = FormHelper()
    helper.form_tag = False
    helper.layout = Layout(*fields)
    return helper


def _grid(*names: str) -> Div:
    return Div(*names, css_class="form-grid")


def _thirds(*names: str) -> Div:
    return Div(*names, css_class="form-grid form-thirds")
