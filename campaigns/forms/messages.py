"""What staff write into customers' consoles."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from campaigns.models import Message
from portal.texts import StraightForm

LONGEST = 2000
_MOMENT = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")


class MessageForm(StraightForm, forms.ModelForm):  # type: ignore[type-arg]
    """One language is enough: customers who read the other see this one. Whom it is for comes with the address."""

    class Meta:
        model = Message
        fields = ("urgency", "title_en", "text_en", "title_fr", "text_fr", "starts_at", "expires_at")
        widgets = {
            "text_en": forms.Textarea(attrs={"rows": 3}),
            "text_fr": forms.Textarea(attrs={"rows": 3}),
            "starts_at": _MOMENT,
            "expires_at": _MOMENT,
        }
        help_texts = {
            "expires_at": _("Without one it is shown until you take it back."),
            "urgency": _("Urgent messages stand on top."),
        }

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for name in ("text_en", "text_fr"):
            self.fields[name].max_length = LONGEST  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        if not (values.get("title_en") or values.get("title_fr")):
            self.add_error("title_en", _("Write a title in one language at least."))
        for language in ("en", "fr"):
            if values.get(f"text_{language}") and not values.get(f"title_{language}"):
                self.add_error(f"title_{language}", _("This text has no title."))
        starts, ends = values.get("starts_at"), values.get("expires_at")
        if starts and ends and ends <= starts:
            self.add_error("expires_at", ValidationError(_("It would end before it begins.")))
        return values
