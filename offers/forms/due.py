"""What is typed beside the ticks of all that is due."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from offers.forms.answers import LineField


class DueForm(forms.Form):
    """The customer's own number for what is ordered or quoted."""

    purchase_order = LineField(
        label=_("Purchase order"),
        max_length=60,
        required=False,
        help_text=_("The number under which your company orders, if it uses one."),
        widget=forms.TextInput(attrs={"class": "form-control", "autocomplete": "off"}),
    )
