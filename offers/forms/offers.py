"""What an administrator types about an offer; every field is named here, and nothing else of an offer can be posted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from certificates.models import Product
from certificates.rules import last_day, start_of_day
from certificates.states import ValidationLevel
from offers.forms.segments import brand_choices, owner_choices, read_countries, read_customers, write_customers
from offers.models import Offer, PriceLevel
from offers.rules.discounts import WINDOW_CLOSES, WINDOW_OPENS
from offers.services.offers import NAMES, NEEDED, TERMS, UPGRADES, problems_of, with_terms
from offers.wording.offers import PROBLEMS
from portal.choices import Currency
from portal.models import Partner

AUTOMATIC, CODED = "automatic", "code"
# Which kinds ask for a field; the page shows it for them alone.
FIELD_KINDS: Mapping[str, str] = {
    **{
        field: " ".join(kind for kind, needed in NEEDED.items() if field in needed)
        for field in ("percent", "amount", "currency", "min_term_years", "free_names")
    },
    "upgrade_targets": " ".join(UPGRADES),
    # What is moved to us is no order yet.
    "trial_percent": " ".join(kind for kind in NEEDED if kind != Offer.Kind.CONSOLIDATION),
    # A cap on what has no amount says its own currency.
    "cap_currency": " ".join(kind for kind, needed in NEEDED.items() if "currency" not in needed),
}
# Fields whose values a row of Offer holds under the same name
_PLAIN = [name for name in TERMS if name not in ("code", "customers", "countries", "starts_at", "ends_at")]


def _whole(label: Any, *, least: int = 1, most: int = 1_000_000, **options: Any) -> forms.IntegerField:
    return forms.IntegerField(label=label, min_value=least, max_value=most, required=False, **options)


def _money(label: Any, **options: Any) -> forms.DecimalField:
    smallest = Decimal("0.01")
    return forms.DecimalField(
        label=label, min_value=smallest, max_digits=12, decimal_places=2, required=False, **options
    )


def _percent(label: Any, **options: Any) -> forms.DecimalField:
    return forms.DecimalField(label=label, max_value=100, max_digits=5, decimal_places=2, required=False, **options)


def _several(label: Any, **options: Any) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(label=label, widget=forms.CheckboxSelectMultiple, required=False, **options)


def _several_rows(label: Any, **options: Any) -> forms.TypedMultipleChoiceField:
    return forms.TypedMultipleChoiceField(
        label=label, coerce=int, widget=forms.CheckboxSelectMultiple, required=False, **options
    )


def _date(label: Any, **options: Any) -> forms.DateField:
    return forms.DateField(label=label, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **options)


class OfferForm(forms.Form):
    """The terms of a draft. `values` are as the services take them; `offer` is the draft they would make."""

    name = forms.CharField(
        label=_("Name"),
        max_length=120,
        help_text=_("What your colleagues call it. Customers read it only where there are no words for them."),
    )
    words_en = forms.CharField(label=_("Words for customers, English"), max_length=160, required=False)
    words_fr = forms.CharField(label=_("Words for customers, French"), max_length=160, required=False)
    kind = forms.ChoiceField(label=_("What it gives"), choices=Offer.Kind.choices, widget=forms.RadioSelect)
    percent = _percent(_("Percent off"), min_value=Decimal("0.01"))
    amount = _money(_("Amount off"))
    currency = forms.ChoiceField(
        label=_("Currency"), choices=Currency.choices, required=False, help_text=_("Of the amount and of the cap.")
    )
    cap_currency = forms.ChoiceField(label=_("Currency of the cap"), choices=Currency.choices, required=False)
    min_term_years = _whole(_("From how many years"), least=2, most=6)
    free_names = _whole(_("Names free of charge"), most=250)
    upgrade_targets = _several(_("Upgrades to"), help_text=_("None ticked: every published upgrade."))

    families = _several(_("Brands"))
    products = _several(_("Products"))
    levels = _several(_("Validation levels"), choices=ValidationLevel.choices)
    price_levels = _several_rows(_("Price levels"))
    owners = _several_rows(_("Owners of the customers"))
    customers = forms.CharField(
        label=_("Customers"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Names or customer numbers, one per line. Empty: all of them."),
    )
    countries = forms.CharField(
        label=_("Countries"), max_length=400, required=False, help_text=_("Two letters each, such as FR, BE, CH.")
    )
    min_orders = _whole(_("Customers with at least so many orders"))
    max_orders = _whole(_("Customers with at most so many orders"))
    trial_percent = _whole(
        _("Try it on a share of the orders, percent"),
        most=100,
        initial=100,
        help_text=_(
            "Below 100 the others are held back, so that the results show what the offer brings. "
            "Each order is drawn once: it and its renewals stay in or out."
        ),
    )
    first_renewal = forms.BooleanField(
        label=_("First renewals only"), required=False, help_text=_("Orders that were themselves no renewal.")
    )

    applies = forms.ChoiceField(
        label=_("How it applies"),
        choices=[(AUTOMATIC, _("By itself")), (CODED, _("With a code"))],
        widget=forms.RadioSelect,
        initial=AUTOMATIC,
    )
    code = forms.RegexField(
        r"^[A-Za-z0-9][A-Za-z0-9-]{2,39}$",
        label=_("Code"),
        required=False,
        error_messages={"invalid": _("Three to 40 letters, digits and hyphens.")},
        help_text=_("Letters, digits and hyphens; capitals make no difference."),
    )
    days_from = forms.IntegerField(
        label=_("From days before the end"), min_value=-365, max_value=400, initial=WINDOW_OPENS
    )
    days_until = forms.IntegerField(
        label=_("Until days before the end"),
        min_value=-365,
        max_value=400,
        initial=WINDOW_CLOSES,
        help_text=_("Below zero is after the end: -30 is 30 days after it."),
    )
    starts_on = _date(_("First day"), help_text=_("Days begin at midnight UTC."))
    ends_on = _date(_("Last day"), required=False, help_text=_("Empty: until you end it."))

    floor_margin = _percent(
        _("Never below this margin, percent"),
        min_value=0,
        help_text=_("The offer gives less where more would go below it. The house's own margin holds anyway."),
    )
    spend_cap = _money(_("Gives away at most"))
    redemption_limit = _whole(_("May be used so often"))
    customer_limit = _whole(_("Times per customer"))
    stacks = forms.BooleanField(
        label=_("Adds to other offers that add up"),
        required=False,
        help_text=_("Otherwise it stands alone, and customers get the better one."),
    )

    def __init__(self, data: Any = None, *, offer: Offer, now: datetime) -> None:
        self.draft, self.now = offer, now
        super().__init__(data, initial=_initial(offer))
        for name, choices in _choices(offer.partner).items():
            self.fields[name].choices = choices  # type: ignore[attr-defined]
            if not choices:
                del self.fields[name]

    @cached_property
    def offer(self) -> Offer:
        """The draft with what was typed, not saved; ask only a form without errors."""
        return self._as_typed()

    @property
    def narrows(self) -> bool:
        """Whether anything speaks of certain customers, so that the page shows those fields at once."""
        named = [self[name] for name in _OF_CUSTOMERS if name in self.fields]
        return any(field.value() or field.errors for field in named)

    @property
    def values(self) -> dict[str, Any]:
        typed = self.cleaned_data
        plain = {name: typed.get(name) or [] if name in _LISTS else typed[name] for name in _PLAIN}
        return plain | {
            "code": typed["code"] or "",
            "currency": typed["currency"] or typed["cap_currency"] or "",
            "trial_percent": typed["trial_percent"] or 100,
            "customers": typed["customers"],
            "countries": typed["countries"],
            "starts_at": start_of_day(typed["starts_on"]),
            "ends_at": start_of_day(typed["ends_on"] + timedelta(days=1)) if typed["ends_on"] else None,
        }

    def _as_typed(self) -> Offer:
        return with_terms(Offer(pk=self.draft.pk, partner=self.draft.partner, state=self.draft.state), self.values)

    def clean_code(self) -> str:
        return str(self.cleaned_data["code"]).upper()

    def clean_customers(self) -> list[int]:
        """Their keys, in the order of the lines; a line that names nobody, or two, is told."""
        return read_customers(self.draft.partner, self.cleaned_data["customers"])

    def clean_countries(self) -> list[str]:
        return read_countries(self.cleaned_data["countries"])

    def clean(self) -> None:
        """Beside the fields themselves: whether the terms as a whole can stand."""
        for name in self._not_asked_for():
            self.errors.pop(name, None)
            self.cleaned_data[name] = self.fields[name].initial
        if self.errors:
            return
        if self.cleaned_data["applies"] == CODED and not self.cleaned_data["code"]:
            self.add_error("code", _("Write the code, or let the offer apply by itself."))
            return
        self.add_problems(problems_of(self._as_typed(), now=self.now))

    def _not_asked_for(self) -> list[str]:
        """Fields that the page hides for the chosen kind and way: what is left in them is no mistake."""
        kind, applies = self.cleaned_data.get("kind"), self.cleaned_data.get("applies")
        hidden = [name for name, kinds in FIELD_KINDS.items() if kind and kind not in kinds.split()]
        return hidden + {AUTOMATIC: ["code"], CODED: ["days_from", "days_until"]}.get(str(applies), [])

    def add_problems(self, problems: Mapping[str, Any]) -> None:
        for name, problem in problems.items():
            field = {"starts_at": "starts_on", "ends_at": "ends_on"}.get(name, name)
            self.add_error(field, str(PROBLEMS[problem]))


_OF_CUSTOMERS = ("price_levels", "owners", "customers", "countries", "min_orders", "max_orders")
_LISTS = ("families", "products", "levels", "price_levels", "owners", "upgrade_targets")


def _initial(offer: Offer) -> dict[str, Any]:
    """The draft as the form shows it."""
    shown = {name: getattr(offer, name) for name in _PLAIN}
    return shown | {
        "currency": offer.currency or offer.partner.currency,
        "cap_currency": offer.currency or offer.partner.currency,
        "applies": CODED if offer.code else AUTOMATIC,
        "code": offer.code,
        "customers": write_customers(offer.partner, offer.customers),
        "countries": ", ".join(offer.countries),
        "starts_on": offer.starts_at.date(),
        "ends_on": last_day(offer.ends_at) if offer.ends_at else None,
    }


def _choices(partner: Partner) -> dict[str, list[tuple[Any, str]]]:
    """What of the catalogue and of the partner's own may be ticked; a field without choices is left out."""
    products = list(Product.objects.all())
    levels = PriceLevel.objects.for_partner(partner).order_by("name")
    named = [(one.name_id, one.name) for one in products]
    return {
        "families": brand_choices(),
        "products": named,
        "upgrade_targets": named,
        "price_levels": [(level.pk, level.name) for level in levels],
        "owners": owner_choices(partner),
    }


class EndForm(forms.Form):
    """An earlier end for a published offer."""

    ends_on = _date(_("Last day"))

    @property
    def ends_at(self) -> datetime:
        return start_of_day(self.cleaned_data["ends_on"] + timedelta(days=1))


class NamesForm(forms.Form):
    """What may be said anew about a published offer: its name, and what customers read."""

    name = forms.CharField(label=_("Name"), max_length=120)
    words_en = forms.CharField(label=_("Words for customers, English"), max_length=160, required=False)
    words_fr = forms.CharField(label=_("Words for customers, French"), max_length=160, required=False)

    @classmethod
    def of(cls, offer: Offer, data: Any = None) -> NamesForm:
        return cls(data, initial={name: getattr(offer, name) for name in NAMES})


class RateForm(forms.Form):
    """How many orders renew anyway, where the portal cannot know it yet."""

    base_rate = forms.DecimalField(min_value=0, max_value=100, max_digits=5, decimal_places=1, required=False)

    @property
    def share(self) -> Decimal | None:
        """Of one; None where nothing sensible was typed."""
        typed = self.cleaned_data.get("base_rate") if self.is_valid() else None
        return None if typed is None else typed / 100
