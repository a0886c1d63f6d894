"""The limits of an authority as an administrator types them."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from certificates.models import AuthorityRule, Product
from certificates.services.authority_rules import LIMITS
from certificates.states import AuthorityKind, ValidationLevel

# A certificate's life was never longer than five years, nor will it be.
LONGEST_DAYS = 1826


class RuleForm(forms.Form):
    """The limits of one rule; days are whole days."""

    certificate_days = forms.IntegerField(
        label=_("Certificate at most, days"),
        min_value=1,
        max_value=LONGEST_DAYS,
        error_messages={"min_value": _("A certificate lives at least one day.")},
    )
    dcv_days = forms.IntegerField(label=_("Domain validation reused for, days"), min_value=0, max_value=LONGEST_DAYS)
    organization_days = forms.IntegerField(
        label=_("Organisation validation reused for, days"), min_value=0, max_value=LONGEST_DAYS
    )
    window_days = forms.IntegerField(
        label=_("Renewal opens, days before the order ends"),
        min_value=1,
        max_value=365,
        error_messages={"min_value": _("A renewal opens at least one day before the order ends.")},
    )
    grace_days = forms.IntegerField(label=_("Renewal closes, days after the order ended"), min_value=0, max_value=365)
    carry_over = forms.BooleanField(
        label=_("Days left are added to the renewal"),
        help_text=_("Only then do pages and letters promise that no day is lost."),
        required=False,
    )
    source = forms.CharField(
        label=_("Source"),
        max_length=255,
        required=False,
        help_text=_("Where this is written, for whoever reads it next year."),
    )

    @classmethod
    def of(cls, rule: AuthorityRule, data: Any = None) -> RuleForm:
        return cls(data, initial={name: getattr(rule, name) for name in LIMITS})


class NewRuleForm(RuleForm):
    """A rule the house does not know: for which authority, brand and level, and from when."""

    field_order = ("authority", "family", "level", "effective_from")
    authority = forms.ChoiceField(label=_("Authority"), choices=AuthorityKind.choices)
    family = forms.ChoiceField(label=_("Brand"), required=False)
    level = forms.ChoiceField(
        label=_("Level"), choices=[("", _("Every level")), *ValidationLevel.choices], required=False
    )
    effective_from = forms.DateField(
        label=_("For what is issued from"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        families = Product.objects.order_by("family").values_list("family", flat=True).distinct()
        brands = [("", _("Every brand")), *((family, family) for family in families)]
        self.fields["family"].choices = brands  # type: ignore[attr-defined]

    def clean_effective_from(self) -> date:
        day: date = self.cleaned_data["effective_from"]
        if day.year < 2000:
            raise forms.ValidationError(_("Before 2000 there were no such rules. Write the date as year-month-day."))
        return day
