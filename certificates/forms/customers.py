"""Customers, their contacts and the notes about them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from certificates.models import Contact, Customer
from certificates.x509 import BadRequest
from certificates.x509.pem import refuse_private_key
from portal.models import Membership, Partner
from portal.roles import Role
from portal.texts import StraightForm

NOTE_LENGTH = 4000


class NoteForm(StraightForm, forms.Form):
    """A remark; whether it was a conversation decides what "last contact" says."""

    text = forms.CharField(
        label=_("Note"),
        max_length=NOTE_LENGTH,
        widget=forms.Textarea(attrs={"rows": 3, "required": True}),
        error_messages={"required": _("Write what you want to remember.")},
    )
    spoke = forms.BooleanField(label=_("I reached the customer"), required=False)

    def clean_text(self) -> str:
        text: str = self.cleaned_data["text"]
        try:
            refuse_private_key(text.encode())
        except BadRequest as error:
            self.data = {**self.data, "text": ""}
            raise ValidationError(
                _("This holds a private key, so it was not kept. A private key belongs on the server alone."),
                code="private_key",
            ) from error
        return text


class CustomerForm(StraightForm, forms.ModelForm):  # type: ignore[type-arg]
    # Longer than the column, so that a written-out country is answered by our own sentence.
    country = forms.CharField(
        label=_("Country"), max_length=60, required=False, help_text=_("Two letters, such as FR.")
    )

    class Meta:
        model = Customer
        fields = (
            "name",
            "number",
            "address",
            "city",
            "country",
            "vat_number",
            "language",
            "notices_enabled",
        )
        widgets = {"address": forms.Textarea(attrs={"rows": 2})}
        help_texts = {
            "notices_enabled": _("Off, nothing is sent to this customer, whatever an order says."),
        }

    def clean_name(self) -> str:
        return " ".join(self.cleaned_data["name"].split())

    def clean_country(self) -> str:
        country: str = self.cleaned_data["country"].strip().upper()
        if country and not (len(country) == 2 and country.isascii() and country.isalpha()):
            raise forms.ValidationError(_("Write the country as two letters, such as FR for France."))
        return country


class ContactForm(StraightForm, forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Contact
        fields = ("name", "role", "job_title", "email", "phone", "language", "time_zone")

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        if not self.errors and not values.get("email") and not values.get("phone"):
            raise forms.ValidationError(_("Write an e-mail address or a telephone number, or nobody can be reached."))
        return values


class OwnerForm(forms.Form):
    """Whose customer it is: an account manager or administrator of the partner, or nobody."""

    owner = forms.ModelChoiceField(
        label=_("Owner"), queryset=Membership.objects.none(), required=False, empty_label=_("Nobody")
    )

    def __init__(self, *args: Any, partner: Partner, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["owner"].queryset = possible_owners(partner)  # type: ignore[attr-defined]


def possible_owners(partner: Partner) -> Any:
    """Members who may be made owner of a customer."""
    members = Membership.objects.for_partner(partner).active().select_related("user")
    sales = (Role.ACCOUNT_MANAGER, Role.ADMINISTRATOR)
    return members.filter(role__in=sales).order_by("user__first_name", "user__last_name", "pk")
