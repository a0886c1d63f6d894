"""What came of a call, as it is typed or pressed, and whom to ask for instead."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from campaigns.models import Attempt
from campaigns.rules.calling import LONGEST_PROMISE, may_promise
from campaigns.services.attempts import LONGEST_NOTE, Said
from portal.texts import StraightForm

Outcome = Attempt.Outcome


class AttemptForm(StraightForm, forms.Form):
    """One press: the outcome, and what belongs to it."""

    outcome = forms.ChoiceField(choices=Outcome.choices, widget=forms.HiddenInput)
    promised_on = forms.DateField(
        label=_("They renew by"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    decline = forms.ChoiceField(
        label=_("Why?"), required=False, choices=Attempt.Decline.choices, widget=forms.RadioSelect
    )
    not_needed = forms.BooleanField(
        label=_("No longer needed: send no more letters about these orders"), required=False
    )
    note = forms.CharField(
        label=_("Note"), required=False, max_length=LONGEST_NOTE, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, *args: Any, today: date, **options: Any) -> None:
        super().__init__(*args, **options)
        self.today = today
        bounds = {"min": today.isoformat(), "max": (today + LONGEST_PROMISE).isoformat()}
        self.fields["promised_on"].widget.attrs |= bounds

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        outcome = values.get("outcome")
        if outcome == Outcome.PROMISED and "promised_on" not in self.errors and not self._is_promise(values):
            self.add_error("promised_on", _("Choose the day by which they renew: from today on, within 90 days."))
        if outcome == Outcome.DECLINED and not values.get("decline"):
            self.add_error("decline", _("Choose a reason, whichever comes closest."))
        return values

    def _is_promise(self, values: dict[str, Any]) -> bool:
        promised_on: date | None = values.get("promised_on")
        return promised_on is not None and may_promise(promised_on, today=self.today)

    def said(self) -> Said:
        values = self.cleaned_data
        is_no = values["outcome"] == Outcome.DECLINED
        return Said(
            outcome=values["outcome"],
            promised_on=values["promised_on"] if values["outcome"] == Outcome.PROMISED else None,
            decline=values["decline"] if is_no else "",
            note=values["note"],
            not_needed=is_no and values["not_needed"],
        )
