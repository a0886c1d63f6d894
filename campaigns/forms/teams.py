"""What administrators type about a channel of their team."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from campaigns.models import TeamChannel
from campaigns.wording.teams import EVENTS
from portal.texts import StraightForm


class TeamChannelForm(StraightForm, forms.ModelForm):  # type: ignore[type-arg]
    """The address is a secret: it is typed, and never shown again."""

    address = forms.URLField(
        label=_("Address"),
        assume_scheme="https",
        max_length=2000,
        help_text=_("The incoming webhook of the room, or of your own program. It begins with https://."),
    )
    hears = forms.MultipleChoiceField(
        label=_("Is told of"),
        required=False,
        choices=list(EVENTS.items()),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Without a tick it is told of everything."),
    )

    class Meta:
        model = TeamChannel
        fields = ("name", "kind")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.initial.setdefault("hears", self.instance.events)
        if self.instance.pk:
            self.fields["address"].required = False
            self.fields["address"].help_text = _("It is kept. Type another one only to replace it.")

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        others = TeamChannel.objects.for_partner(self.instance.partner).exclude(pk=self.instance.pk)
        if others.filter(name=name).exists():
            raise ValidationError(_("Another channel has this name."))
        return name

    def clean_address(self) -> str:
        typed: str = self.cleaned_data["address"]
        parts = urlsplit(typed)
        if typed and (parts.scheme != "https" or parts.username):
            raise ValidationError(_("The address has to begin with https:// and hold no name or password."))
        return typed

    def channel(self) -> TeamChannel:
        """The channel as it was typed, not stored yet."""
        chosen: TeamChannel = self.save(commit=False)
        chosen.events = self.cleaned_data["hears"]
        return chosen
