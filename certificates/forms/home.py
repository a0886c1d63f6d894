"""What customers type about themselves and their colleagues."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from certificates.models import Contact
from portal.choices import Language, time_zones
from portal.texts import StraightForm


class ColleagueForm(StraightForm, forms.ModelForm):  # type: ignore[type-arg]
    """A person at the customer, with an address: without one nobody can be written to."""

    may_sign_in = forms.BooleanField(
        label=_("Let them sign in"),
        required=False,
        help_text=_("They get an invitation by e-mail, and see and order what you do."),
    )

    class Meta:
        model = Contact
        fields = ("name", "email", "role", "language")
        help_texts = {"role": _("It decides who gets which letters.")}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["email"].required = True
        if self.instance.pk:
            # An address is a person's way in: whoever changes it hands that on. The house does it, on the telephone.
            del self.fields["email"], self.fields["may_sign_in"]


class SpokenForm(forms.Form):
    """In which language somebody is written to, and by which clock."""

    language = forms.ChoiceField(label=_("Language"), choices=Language.choices)
    time_zone = forms.ChoiceField(label=_("Time zone"), choices=time_zones)
