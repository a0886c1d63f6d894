"""What customers type instead of renewing: until when, why not, and which colleague to ask."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from certificates.models import Reply
from certificates.services.forwarding import LONGEST_MESSAGE, Part, Task
from certificates.services.replies import LONGEST_WORDS, Choice
from certificates.wording import day
from portal.choices import Language
from portal.texts import StraightForm, one_line
from portal.types import StrOrPromise

OTHER = "other"
_PRESETS: dict[str, StrOrPromise] = {
    "week": _("In a week, on %(date)s"),
    "month": _("In a month, on %(date)s"),
    "before_end": _("A week before the end, on %(date)s"),
    "last": _("On the day before the end, %(date)s"),
}


# With a scheme, with its www, or with a path: what mail programs make a link of.
_WEB_ADDRESS = re.compile(r"://|\bwww\.|\w\.\w+/\S", re.IGNORECASE)


class LineField(forms.CharField):
    """A name: what was pasted comes onto one line, without what nobody can see."""

    def to_python(self, value: Any) -> str:
        typed = str(super().to_python(value))
        return one_line(typed, len(typed))


def without_addresses(typed: str) -> None:
    """A letter of ours leads nowhere else; a host name by itself may be spoken of. Raises ValidationError."""
    if _WEB_ADDRESS.search(typed):
        raise ValidationError(_("Write it without web addresses: our letter brings the one that is needed."))


class NotNowForm(forms.Form):
    """Until when; `cleaned_data["until"]` is the day, whether it was offered or typed."""

    prefix = "not_now"

    when = forms.ChoiceField(
        label=_("When should we remind you again?"),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose a day.")},
    )
    until = forms.DateField(
        label=_("Another day"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def __init__(self, *args: Any, choice: Choice, **options: Any) -> None:
        super().__init__(*args, **options)
        self.choice = choice
        presets = [(name, _PRESETS[name] % {"date": day(when)}) for name, when in choice.presets.items()]
        self.fields["when"].choices = [*presets, (OTHER, _("On another day"))]  # type: ignore[attr-defined]
        self.fields["when"].initial = next(iter(choice.presets), OTHER)
        bounds = {"min": choice.first.isoformat(), "max": choice.last.isoformat()}
        self.fields["until"].widget.attrs |= bounds

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if "when" in values and "until" in values:
            values["until"] = self._day(values["when"], values["until"])
        return values

    def _day(self, when: str, typed: date | None) -> date | None:
        until = self.choice.presets.get(when, typed)
        if until is None:
            self.add_error("until", _("Choose a day."))
        elif not self.choice.first <= until <= self.choice.last:
            words = _("Choose a day from %(first)s to %(last)s: after that it can no longer be renewed.")
            facts = {"first": day(self.choice.first), "last": day(self.choice.last)}
            self.add_error("until", ValidationError(words, params=facts))
        return until


class NotNeededForm(StraightForm, forms.Form):
    """Why not."""

    prefix = "not_needed"

    reason = forms.ChoiceField(
        label=_("Why?"),
        choices=Reply.Reason.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose a reason, whichever comes closest.")},
    )
    words = forms.CharField(
        label=_("In your words"), required=False, max_length=LONGEST_WORDS, widget=forms.Textarea(attrs={"rows": 3})
    )


class SpeakerForm(forms.Form):
    """Who said it on the telephone."""

    name = LineField(label=_("Who said so?"), max_length=120)


class ForwardForm(StraightForm, forms.Form):
    """Which colleague, and what they are asked for."""

    name = LineField(label=_("Your colleague's name"), max_length=120, validators=[without_addresses])
    email = forms.EmailField(label=_("E-mail"), max_length=254)
    task = forms.ChoiceField(label=_("What should they do?"), choices=Task.choices, widget=forms.RadioSelect)
    part = forms.ChoiceField(label=_("What for?"), choices=Part.choices, widget=forms.RadioSelect)
    message = forms.CharField(
        label=_("Your message"),
        required=False,
        max_length=LONGEST_MESSAGE,
        validators=[without_addresses],
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("It stands in our letter in your name, as one plain paragraph."),
    )
    language = forms.ChoiceField(label=_("Language of the letter"), choices=Language.choices)

    def __init__(self, *args: Any, parts: list[Part], **options: Any) -> None:
        super().__init__(*args, **options)
        if len(parts) > 1:
            self.fields["part"].initial = parts[0]
        else:
            del self.fields["part"]
