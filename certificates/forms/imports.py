"""What people say about an upload: the file, which column is which, and whose certificates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from certificates.models import Customer
from certificates.services.imports.columns import FIELDS, REQUIRED
from certificates.services.imports.reading import DATE_ORDER
from certificates.services.imports.values import DateOrder
from certificates.states import AuthorityKind

_KINDS = ".csv,.txt,.tsv,.pem,.crt,.cer,.der,.p7b,text/csv,application/x-pem-file,application/pkix-cert"
_DATE_ORDERS = (
    (DateOrder.DAY_FIRST, _("Day first: 22/11/2026")),
    (DateOrder.MONTH_FIRST, _("Month first: 11/22/2026")),
)


class UploadForm(forms.Form):
    file = forms.FileField(
        label=_("File"),
        widget=forms.FileInput(attrs={"accept": _KINDS, "class": "drop-zone"}),
        allow_empty_file=True,
        error_messages={"required": _("Choose a file first.")},
    )
    authority = forms.ChoiceField(
        label=_("Where these orders were placed"),
        choices=AuthorityKind.choices,
        initial=AuthorityKind.CERTCENTRAL,
        required=False,
    )
    # Where the upload begins on a customer's page, a bundle of certificates is known to be theirs.
    customer = forms.ModelChoiceField(queryset=Customer.objects.none(), required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, customers: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["customer"].queryset = customers  # type: ignore[attr-defined]

    def clean_authority(self) -> str:
        return str(self.cleaned_data["authority"] or AuthorityKind.CERTCENTRAL)


class ColumnsForm(forms.Form):
    """One choice of a column for each of our fields, and how the file writes its dates."""

    def __init__(self, header: Sequence[str], *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        choices = [("", _("Not in this file")), *((column, column) for column in header if column)]
        for name, label in FIELDS.items():
            self.fields[name] = forms.ChoiceField(
                label=str(label),
                choices=choices,
                required=name in REQUIRED,
                error_messages={"required": _("Choose the column; no order can be recognised without it.")},
            )
        self.fields[DATE_ORDER] = forms.ChoiceField(
            label=_("Dates with the year last"), choices=_DATE_ORDERS, required=False
        )

    @property
    def mapping(self) -> Mapping[str, str]:
        """{our field: their column} of a valid form, and the order of its dates."""
        return {name: value for name, value in self.cleaned_data.items() if value}


class HolderForm(forms.Form):
    """Whose certificates a bundle holds."""

    customer = forms.ModelChoiceField(
        label=_("Customer"),
        queryset=Customer.objects.none(),
        widget=forms.RadioSelect,
        empty_label=None,
        error_messages={
            "required": _("Choose whose certificates these are."),
            "invalid_choice": _("Choose whose certificates these are."),
        },
    )

    def __init__(self, customers: Any, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["customer"].queryset = customers  # type: ignore[attr-defined]
