"""What a buyer types under a quote: a name and a tick to accept it, a reason to decline it, words to change it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from offers.models.quotes import DeclineReason
from portal.texts import one_line

_WORDS = {"rows": 3}


class LineField(forms.CharField):
    """A name or a number: what was pasted comes onto one line, without what nobody can see."""

    def to_python(self, value: Any) -> str:
        typed = str(super().to_python(value))
        return one_line(typed, len(typed))


class AcceptForm(forms.Form):
    """Who accepts, under which number, and that the terms were read; `told` is what the page said."""

    prefix = "accept"

    name = LineField(label=_("Your name"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    role = LineField(
        label=pgettext_lazy("of a person in a company", "Your role"),
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "organization-title"}),
    )
    purchase_order = LineField(
        label=_("Purchase order"),
        max_length=60,
        required=False,
        help_text=_("The number under which your company orders, if it uses one."),
    )
    terms = forms.BooleanField(
        label=_("I may order for this company, and I accept the terms of sale."),
        error_messages={"required": _("Tick this to order: without your word nothing can be ordered.")},
    )
    told = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, has_terms: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        if not has_terms:
            self.fields["terms"].label = _("I may order for this company, and I order at this price.")


class DeclineForm(forms.Form):
    """Why not."""

    prefix = "decline"

    reason = forms.ChoiceField(
        label=_("Why?"),
        choices=DeclineReason.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose a reason, whichever comes closest.")},
    )
    words = forms.CharField(
        label=_("In your words"), required=False, max_length=2000, widget=forms.Textarea(attrs=_WORDS)
    )


class ChangeForm(forms.Form):
    """What should be different, and who says so."""

    prefix = "change"

    words = forms.CharField(
        label=_("What should be different?"),
        max_length=2000,
        widget=forms.Textarea(attrs=_WORDS),
        help_text=_("Another product, another term, fewer names, another address: you will get a new version."),
        error_messages={"required": _("Say in a few words what should be different.")},
    )
    name = LineField(label=_("Your name"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"}))


def forms_for(purchase_order: str, told: str, *, name: str, has_terms: bool) -> dict[str, Any]:
    """The three of them, empty but for what is known: the purchase order, and the reader's name."""
    known = {"purchase_order": purchase_order, "told": told, "name": name}
    return {
        "accept": AcceptForm(initial=known, has_terms=has_terms),
        "decline": DeclineForm(),
        "change": ChangeForm(initial={"name": name}),
    }
