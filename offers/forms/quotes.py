"""What is typed into a draft, line by line, and what somebody says on the telephone about a quote."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from certificates.models import Contact, Customer, Product
from certificates.wording import years
from certificates.x509 import BadRequest, display_name, normalise_names
from offers.forms.renewal import names_as_typed
from offers.models import Quote
from offers.models.quotes import DeclineReason
from offers.services.quotes import LineProblem, LineWish
from offers.services.quotes.figures import misfit
from offers.wording import quotes as quote_wording
from offers.wording import renewal as wording
from portal.choices import Language

MOST_YEARS = 6
_SELECT = {"class": "form-select"}


class HeaderForm(forms.Form):
    """Whom the quote is for, until when, with which code and under which number of theirs."""

    contact = forms.ModelChoiceField(Contact.objects.none(), label=_("For"), required=False, empty_label=_("Nobody"))
    language = forms.ChoiceField(label=_("Language"), choices=Language.choices)
    valid_until = forms.DateField(
        label=_("Valid until"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("At the latest the day on which the first of these orders ends."),
    )
    code = forms.CharField(label=_("Offer code"), max_length=40, required=False)
    purchase_order = forms.CharField(label=_("Purchase order"), max_length=60, required=False)
    note = forms.CharField(
        label=_("A word to the customer"), max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, data: QueryDict | None = None, *, quote: Quote, today: date) -> None:
        self.today = today
        names = ("contact", "language", "valid_until", "code", "purchase_order", "note")
        super().__init__(data, initial={name: getattr(quote, name) for name in names})
        people = Contact.objects.for_partner(quote.partner).filter(customer=quote.customer)
        self.fields["contact"].queryset = people  # type: ignore[attr-defined]

    def clean_valid_until(self) -> date:
        day: date = self.cleaned_data["valid_until"]
        if day < self.today:
            raise forms.ValidationError(_("This day is over: choose a later one."))
        return day


class LineForm(forms.Form):
    """One line: its product, its years, its names, and whether it stays."""

    product = forms.TypedChoiceField(label=_("Product"), coerce=int, widget=forms.Select(attrs=_SELECT))
    term_years = forms.TypedChoiceField(label=_("Validity"), coerce=int, widget=forms.Select(attrs=_SELECT))
    names = forms.CharField(
        label=_("Names"),
        widget=forms.Textarea(
            attrs={"rows": 3, "class": "form-control mono", "spellcheck": "false", "autocapitalize": "off"}
        ),
        help_text=_("One host name per line; the first is the common name."),
    )
    dropped = forms.BooleanField(
        label=_("Leave out"), required=False, widget=forms.CheckboxInput(attrs={"class": "form-check-input"})
    )

    wish_names: tuple[str, ...] = ()

    def __init__(self, data: QueryDict | None = None, *, wish: LineWish, products: Sequence[Product]) -> None:
        self.wish = wish
        initial = {
            "product": wish.product.pk,
            "term_years": wish.term_years,
            "names": names_as_typed(wish.names),
        }
        super().__init__(data, prefix=key_of(wish), initial=initial)
        self._offer("product", [(one.pk, one.name) for one in products])
        # Read as widely as any product is sold, so that too many years are told in a sentence of their own.
        self._offer("term_years", _years(MOST_YEARS))
        self.chosen = self._chosen({one.pk: one for one in products})
        self.fields["term_years"].widget.choices = _years(self.chosen.max_years)

    def _chosen(self, products: Mapping[int, Product]) -> Product:
        """The product that was typed, where it is one of these; otherwise the line's own."""
        typed = str(self["product"].value())
        return products.get(int(typed) if typed.isdecimal() else 0, self.wish.product)

    def _offer(self, name: str, choices: Sequence[tuple[int, str]]) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]

    @property
    def key(self) -> str:
        return str(self.prefix)

    @property
    def host(self) -> str:
        return display_name(self.wish.names[0]) if self.wish.names else ""

    @property
    def complaints(self) -> list[str]:
        """What is wrong with it, in sentences; nothing before anything was typed."""
        return [str(words) for found in self.errors.values() for words in found] if self.is_bound else []

    def clean_names(self) -> str:
        typed: str = self.cleaned_data["names"]
        try:
            self.wish_names = normalise_names(typed.replace(",", " ").split())
        except BadRequest as error:
            raise forms.ValidationError(wording.refusal(error)) from error
        if not self.wish_names:
            raise forms.ValidationError(_("A certificate holds one name at least."))
        return typed

    def clean(self) -> dict[str, Any]:
        """Product, years and names are each right, and go together."""
        typed: dict[str, Any] = super().clean() or self.cleaned_data
        if {"product", "term_years", "names"} <= typed.keys() and not typed["dropped"]:
            found = misfit(self.chosen, term_years=typed["term_years"], names=self.wish_names)
            if found:
                reason, detail = found
                self.add_error(None, quote_wording.sentence(LineProblem(reason=reason, detail=detail)))
        return typed


def _years(most: int) -> list[tuple[int, str]]:
    return [(number, years(number)) for number in range(1, most + 1)]


def key_of(wish: LineWish) -> str:
    """What a line is called in a form: "order-17", "certificate-4"."""
    return f"order-{wish.order.pk}" if wish.order else f"certificate-{wish.certificate.pk if wish.certificate else 0}"


class DraftForm:
    """The whole draft: its header, a form for each line, and what is to be added.

    Lines are named by orders and certificates of the quote's own customer; any other name adds nothing.
    """

    def __init__(
        self,
        quote: Quote,
        wishes: Sequence[LineWish],
        further: Sequence[LineWish] = (),
        data: QueryDict | None = None,
        *,
        today: date,
    ) -> None:
        self.quote, self.data = quote, data
        self.header = HeaderForm(data, quote=quote, today=today)
        self.products = list(Product.objects.filter(is_offered=True))
        self.further = {key_of(wish): wish for wish in further}
        kept = [wish for wish in wishes if data is None or self._is_typed(key_of(wish))]
        added = [wish for key, wish in self.further.items() if data is not None and self._is_wanted(key)]
        self.lines = [self._line(wish) for wish in (*kept, *added)]

    def _is_typed(self, key: str) -> bool:
        """Whether the form that was posted had this line."""
        return self.data is not None and f"{key}-product" in self.data

    def _is_wanted(self, key: str) -> bool:
        return self.data is not None and (key in self.data.getlist("add") or self._is_typed(key))

    def _line(self, wish: LineWish) -> LineForm:
        known = wish.product in self.products
        products = self.products if known else [wish.product, *self.products]
        typed = self.data if self._is_typed(key_of(wish)) else None
        return LineForm(typed, wish=wish, products=products)

    @property
    def addable(self) -> list[LineWish]:
        """What could still be added."""
        there = {line.key for line in self.lines}
        return [wish for key, wish in self.further.items() if key not in there]

    def is_valid(self) -> bool:
        bound = [line for line in self.lines if line.is_bound]
        valid = [self.header.is_valid(), *(line.is_valid() for line in bound)]
        return all(valid)

    @property
    def values(self) -> Mapping[str, Any]:
        """The header's, once it is valid."""
        return self.header.cleaned_data

    @property
    def wishes(self) -> list[LineWish]:
        """The lines as they are wanted now, once they are valid; one that was just added as it is."""
        products = {one.pk: one for one in self.products}
        found = {form.key: form for form in self.lines}
        return [wish for form in found.values() if (wish := _wish(form, products)) is not None]

    @property
    def complaints(self) -> Iterator[str]:
        """Everything that could not be read, with the line's host or the field's label."""
        for name, errors in self.header.errors.items():
            yield from (_complaint(self.header.fields[name].label, words) for words in errors)
        for line in self.lines:
            yield from (_complaint(line.host, words) for words in line.complaints)


def _complaint(where: object, words: object) -> str:
    return gettext("%(label)s: %(value)s") % {"label": where, "value": words}


def _wish(form: LineForm, products: Mapping[int, Product]) -> LineWish | None:
    if not form.is_bound:
        return form.wish
    values = form.cleaned_data
    if values["dropped"]:
        return None
    product = products.get(values["product"], form.wish.product)
    return LineWish(
        order=form.wish.order,
        certificate=form.wish.certificate,
        organization=form.wish.organization,
        product=product,
        term_years=values["term_years"],
        names=form.wish_names,
    )


# Answers on the telephone


class SpokenAcceptForm(forms.Form):
    """An account manager writes down that somebody accepted, and who."""

    prefix = "accept"

    name = forms.CharField(label=_("Who accepted?"), max_length=120)
    role = forms.CharField(
        label=pgettext_lazy("of a person in a company", "Their role"), max_length=120, required=False
    )
    purchase_order = forms.CharField(label=_("Purchase order"), max_length=60, required=False)
    terms = forms.BooleanField(
        label=_("They know the terms of sale and accept them."),
        error_messages={"required": _("Without the terms of sale nothing can be ordered: read them out, and tick.")},
    )


class SpokenDeclineForm(forms.Form):
    """The same for a no."""

    prefix = "decline"

    reason = forms.ChoiceField(
        label=_("Why?"),
        choices=DeclineReason.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose a reason, whichever comes closest.")},
    )
    name = forms.CharField(label=_("Who said so?"), max_length=120, required=False)
    words = forms.CharField(
        label=_("In their words"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )


class SpokenChangeForm(forms.Form):
    """The same for what they want otherwise."""

    prefix = "change"

    words = forms.CharField(
        label=_("What should be different?"), max_length=2000, widget=forms.Textarea(attrs={"rows": 2})
    )
    name = forms.CharField(label=_("Who said so?"), max_length=120, required=False)


class MakeForm(forms.Form):
    """Which of a customer's orders and certificates to quote, and how."""

    ONE, EACH = "one", "each"

    def __init__(self, data: QueryDict | None = None, *, customer: Customer, orders: Any, certificates: Any) -> None:
        super().__init__(data)
        self.fields["orders"] = forms.ModelMultipleChoiceField(orders, required=False)
        self.fields["certificates"] = forms.ModelMultipleChoiceField(certificates, required=False)
        self.fields["how"] = forms.ChoiceField(
            choices=[(self.ONE, _("One quote for all")), (self.EACH, _("One quote for each order"))], required=False
        )
        self.fields["code"] = forms.CharField(max_length=40, required=False)
