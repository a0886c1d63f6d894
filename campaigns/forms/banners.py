"""What staff choose for a banner: its look, its words, its offer, and which websites may show it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from campaigns.models import Banner
from offers.forms.embed import OriginsField
from offers.models import Offer
from portal.models import Partner
from portal.texts import StraightForm


class BannerForm(StraightForm, forms.ModelForm):  # type: ignore[type-arg]
    """One language is enough: visitors who read the other see this one."""

    offer_choice = forms.TypedChoiceField(
        label=_("Offer"), required=False, coerce=int, empty_value=None, help_text=_("It is named while it is live.")
    )
    websites = OriginsField(
        label=_("Websites that may show it"),
        help_text=_("One per line, such as https://www.relais.example. The picture can stand anywhere."),
    )

    class Meta:
        model = Banner
        fields = ("name", "design", "size", "headline_en", "text_en", "headline_fr", "text_fr", "ends_at")
        widgets = {"ends_at": forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")}
        help_texts = {
            "ends_at": _("Afterwards the banner leaves its place empty. A customer's own end comes first."),
        }

    def __init__(self, *args: Any, partner: Partner, **options: Any) -> None:
        super().__init__(*args, **options)
        offers = Offer.objects.for_partner(partner).exclude(state=Offer.State.DRAFT).order_by("name", "pk")
        choice: Any = self.fields["offer_choice"]
        choice.choices = [("", _("None")), *offers.values_list("pk", "name")]
        self.initial.setdefault("offer_choice", self.instance.offer_id)
        self.initial.setdefault("websites", "\n".join(self.instance.origins))

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        if not (values.get("headline_en") or values.get("headline_fr")):
            self.add_error("headline_en", _("Write a headline in one language at least."))
        for language in ("en", "fr"):
            if values.get(f"text_{language}") and not values.get(f"headline_{language}"):
                self.add_error(f"headline_{language}", _("This text has no headline."))
        return values

    def banner(self) -> Banner:
        """The banner as it was chosen, not stored yet."""
        chosen: Banner = self.save(commit=False)
        chosen.offer_id = self.cleaned_data["offer_choice"]
        chosen.origins = self.cleaned_data["websites"]
        return chosen
