"""What people write of a letter, and the name of a copy."""

from __future__ import annotations

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaigns.library import Source
from campaigns.liquid import LetterRefused, Problem
from campaigns.rules.letters import LONGEST_SOURCE
from campaigns.wording.refusals import refusal_words
from portal.texts import StraightForm


class LetterForm(StraightForm, forms.Form):
    """Subject, preheader and body in Liquid; a source that is too long is refused before it is read."""

    subject = forms.CharField(
        label=_("Subject"),
        max_length=500,
        widget=forms.TextInput(attrs={"class": "mono", "spellcheck": "true", "data-insert-into": ""}),
    )
    preheader = forms.CharField(
        label=_("Preheader"),
        required=False,
        max_length=500,
        widget=forms.TextInput(attrs={"class": "mono", "spellcheck": "true", "data-insert-into": ""}),
        help_text=_("What mailboxes show behind the subject."),
    )
    body = forms.CharField(
        label=pgettext_lazy("below a subject", "Letter"),
        widget=forms.Textarea(attrs={"rows": 22, "class": "mono", "spellcheck": "true", "data-insert-into": ""}),
        help_text=_("Plain words, a blank line between paragraphs, and variables in double braces."),
    )

    def clean_body(self) -> str:
        body = self.cleaned_data["body"].replace("\r\n", "\n")
        if len(body.encode()) > LONGEST_SOURCE:
            raise ValidationError(refusal_words(LetterRefused(Problem.TOO_LONG)))
        return str(body)

    @property
    def source(self) -> Source:
        """What was typed, once it is valid."""
        return Source(self.cleaned_data["subject"], self.cleaned_data["preheader"], self.cleaned_data["body"])


class CopyForm(StraightForm, forms.Form):
    name = forms.CharField(
        label=_("Name"), max_length=120, help_text=_("What your colleagues call it; readers never see it.")
    )
