"""What an administrator types about a calendar: its segment, its hours, and its steps, one row each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.forms.formsets import DELETION_FIELD_NAME, BaseFormSet, formset_factory
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaigns.library import LIBRARY
from campaigns.models import Calendar, Letter
from campaigns.rules import ladder
from campaigns.rules.ladder import Refusal, Rung
from campaigns.services.calendars import HOURS, SEGMENT
from campaigns.states import Basis, Channel, Recipient, Tone
from campaigns.wording.calendar import REFUSALS
from certificates.states import ValidationLevel
from offers.forms.segments import brand_choices, owner_choices, read_countries, read_customers, write_customers
from portal.models import Partner
from portal.types import StrOrPromise

PREFIX = "step"
MOST_STEPS = 40
# The days of a step that is added, the first that is free.
_PROPOSED = (14, 21, 45, 75, 10, 5, 1)
# Letters that hang on something else than a day of a calendar.
_NOT_BY_CALENDAR = ("digest", "quote_expiring", "not_installed")
_MOST_DAYS_OFF = 200


class When(StrEnum):
    """How a step says its moment."""

    BEFORE = "before"
    AFTER = "after"
    SHARE = "share"


WHENS = [
    (When.BEFORE, _("days before")),
    (When.AFTER, _("days after")),
    (When.SHARE, _("per cent of life left")),
]
LetterChoices = list[tuple[StrOrPromise, list[tuple[str, StrOrPromise]]]]


def letter_choices(partner: Partner) -> LetterChoices:
    """The letters that a step may send: the library's by what they ask for, and the partner's own."""
    by_calendar = [one for one in LIBRARY.values() if one.key not in _NOT_BY_CALENDAR]
    own = Letter.objects.for_partner(partner).filter(archived_at=None).exclude(key__in=LIBRARY)
    groups: LetterChoices = [
        (_("For renewals"), [(one.key, one.name) for one in by_calendar if one.basis == Basis.ORDER]),
        (_("For reissues"), [(one.key, one.name) for one in by_calendar if one.basis == Basis.CERTIFICATE]),
        (_("Your own letters"), list(own.values_list("key", "name"))),
    ]
    return [group for group in groups if group[1]]


def letter_names(choices: LetterChoices) -> dict[str, StrOrPromise]:
    return {key: name for _group, letters in choices for key, name in letters}


def _several(label: Any, **options: Any) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(label=label, widget=forms.CheckboxSelectMultiple, required=False, **options)


def _time(label: Any, **options: Any) -> forms.TimeField:
    return forms.TimeField(label=label, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"), **options)


class CalendarForm(forms.Form):
    """All but the steps. `terms` are as the services take them."""

    name = forms.CharField(label=_("Name"), max_length=80, help_text=_("What your colleagues call it."))

    families = _several(_("Brands"))
    levels = _several(_("Validation levels"), choices=ValidationLevel.choices)
    owners = forms.TypedMultipleChoiceField(
        label=_("Owners of the customers"), coerce=int, widget=forms.CheckboxSelectMultiple, required=False
    )
    customers = forms.CharField(
        label=_("Customers"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Names or customer numbers, one per line. Empty: all of them."),
    )
    countries = forms.CharField(
        label=_("Countries"), max_length=400, required=False, help_text=_("Two letters each, such as FR, BE, CH.")
    )

    sends_at = _time(_("Sent at"), help_text=_("By the clock of whoever reads it, as all times here."))
    quiet_from = _time(_("Quiet from"))
    quiet_until = _time(_("Quiet until"))
    working_days = forms.TypedMultipleChoiceField(
        label=_("Working days"),
        coerce=int,
        choices=[(day, WEEKDAYS_ABBR[day - 1]) for day in range(1, 8)],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Tick at least one day.")},
    )
    days_off = forms.CharField(
        label=_("Days off"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "class": "mono"}),
        help_text=_("Dates such as 2026-12-25, one per line. Nothing is sent on them."),
    )
    grace_days = forms.IntegerField(
        label=_("Days in which a late step is still sent"),
        min_value=1,
        max_value=14,
        help_text=_("If the portal stood still, or the step fell on days off. Later than that it counts as missed."),
    )

    def __init__(self, data: Any = None, *, calendar: Calendar) -> None:
        self.calendar = calendar
        super().__init__(data, initial=_initial(calendar))
        for name, choices in (("families", brand_choices()), ("owners", owner_choices(calendar.partner))):
            self.fields[name].choices = choices  # type: ignore[attr-defined]
            if not choices:
                del self.fields[name]

    @property
    def narrows(self) -> bool:
        """Whether it speaks of certain customers, so that the page shows those fields at once."""
        return any(
            self[name].value() or self[name].errors
            for name in ("customers", "countries", "owners")
            if name in self.fields
        )

    @property
    def terms(self) -> dict[str, Any]:
        """What was typed; ask only a form without errors."""
        typed = {name: self.cleaned_data.get(name) for name in ("name", *SEGMENT, *HOURS)}
        return typed | {name: list(typed[name] or []) for name in (*SEGMENT, "working_days")}

    def clean_customers(self) -> list[int]:
        return read_customers(self.calendar.partner, self.cleaned_data["customers"])

    def clean_countries(self) -> list[str]:
        return read_countries(self.cleaned_data["countries"])

    def clean_days_off(self) -> list[str]:
        days = self.cleaned_data["days_off"].replace(",", " ").split()
        if len(days) > _MOST_DAYS_OFF:
            raise ValidationError(_("At most %(number)s days."), params={"number": _MOST_DAYS_OFF})
        return sorted({_read_day(day) for day in days})

    def clean(self) -> None:
        typed = self.cleaned_data
        start, end, sent = (typed.get(name) for name in ("quiet_from", "quiet_until", "sends_at"))
        if start is None or end is None:
            return
        if start == end:
            self.add_error("quiet_until", _("From here to here is a whole day: nothing could ever be sent."))
        elif sent is not None and ((start <= sent < end) if start < end else (sent >= start or sent < end)):
            self.add_error("sends_at", _("This lies in the quiet hours."))


def _read_day(typed: str) -> str:
    try:
        return date.fromisoformat(typed).isoformat()
    except ValueError:
        raise ValidationError(_("“%(day)s” is no date. Write it as 2026-12-25."), params={"day": typed[:40]}) from None


def _initial(calendar: Calendar) -> dict[str, Any]:
    shown = {name: getattr(calendar, name) for name in ("name", *SEGMENT, *HOURS)}
    return shown | {
        "customers": write_customers(calendar.partner, calendar.customers),
        "countries": ", ".join(calendar.countries),
        "days_off": "\n".join(calendar.days_off),
    }


class StepForm(forms.Form):
    """One step, as a row."""

    channel = forms.ChoiceField(label=_("Channel"), choices=Channel.choices, initial=Channel.EMAIL)
    amount = forms.IntegerField(
        label=_("How many"),
        min_value=0,
        max_value=999,
        error_messages={"required": _("Write how many days, or how much of the life is left.")},
    )
    when = forms.ChoiceField(label=_("When"), choices=WHENS, initial=When.BEFORE)
    letter = forms.ChoiceField(label=_("Letter"), required=False)
    tone = forms.ChoiceField(label=pgettext_lazy("of a letter", "Tone"), choices=Tone.choices, initial=Tone.PLAIN)
    recipients = _several(_("Recipients"), choices=Recipient.choices, initial=[Recipient.TECHNICAL.value])

    def __init__(self, *args: Any, letters: LetterChoices, **options: Any) -> None:
        super().__init__(*args, **options)
        field: Any = self.fields["letter"]
        field.choices = [("", _("None")), *self._with_own(letters)]

    def _with_own(self, letters: LetterChoices) -> LetterChoices:
        """The choices, and the letter that the step has, even where it is archived by now."""
        own = str(self.initial.get("letter") or "")
        return letters if not own or own in letter_names(letters) else [*letters, (_("No longer in use"), [(own, own)])]

    @property
    def rung(self) -> Rung | None:
        """What was typed as a step; None where it cannot be read, or is to go."""
        said: Mapping[str, Any] = self.cleaned_data if self.is_bound else {}
        if not said or said.get(DELETION_FIELD_NAME) or self.errors:
            return None
        amount, when = said["amount"], said["when"]
        recipients = [one for one in ladder.Recipient if one in said["recipients"]]
        return Rung(
            channel=ladder.Channel(said["channel"]),
            days={When.BEFORE: -amount, When.AFTER: amount}.get(when),
            share=amount if when == When.SHARE else None,
            letter=said["letter"],
            tone=ladder.Tone(said["tone"]),
            recipients=tuple(recipients) if said["channel"] in ladder.TO_READERS else (),
        )


if TYPE_CHECKING:
    _Rows = BaseFormSet[StepForm]
else:
    # what it holds is known to the stubs alone
    _Rows = BaseFormSet


class _Steps(_Rows):
    """The rows of a calendar. `rungs` are the steps that can stand, with the number of their row."""

    deletion_widget = forms.CheckboxInput

    def get_form_kwargs(self, index: int | None) -> dict[str, Any]:
        """Every row counts, also one that says what its step says already."""
        kwargs: dict[str, Any] = super().get_form_kwargs(index)
        return kwargs if index is None else kwargs | {"empty_permitted": False}

    def clean(self) -> None:
        """Tell each row why its step cannot stand."""
        typed = self.typed
        for place, why in ladder.refusals([rung for _number, rung in typed]).items():
            row = self.forms[typed[place][0]]
            row.add_error("amount" if why in _OF_MOMENT else _FIELDS[why], str(REFUSALS[why]))

    @property
    def typed(self) -> list[tuple[int, Rung]]:
        """Every row that can be read, with its number, whether or not its step can stand."""
        return [(number, rung) for number, form in enumerate(self.forms) if (rung := form.rung)]

    @property
    def rungs(self) -> list[Rung]:
        return [rung for _number, rung in self.typed]


_FIELDS: Mapping[Refusal, str] = {Refusal.NO_LETTER: "letter", Refusal.NO_RECIPIENT: "recipients"}
_OF_MOMENT = frozenset(Refusal) - frozenset(_FIELDS)
StepSet = formset_factory(
    StepForm,
    formset=_Steps,
    extra=0,
    can_delete=True,
    max_num=MOST_STEPS,
    absolute_max=MOST_STEPS + 10,
    validate_max=True,
)


def steps_form(data: Any, *, rungs: Sequence[Rung], letters: LetterChoices) -> _Steps:
    """The rows for these steps, or what was typed in them."""
    made: Any = StepSet(data, prefix=PREFIX, initial=[_row(rung) for rung in rungs], form_kwargs={"letters": letters})
    return cast(_Steps, made)


def _row(rung: Rung) -> dict[str, Any]:
    when = When.SHARE if rung.share is not None else When.AFTER if (rung.days or 0) > 0 else When.BEFORE
    return {
        "channel": rung.channel.value,
        "amount": rung.share if rung.share is not None else abs(rung.days or 0),
        "when": when.value,
        "letter": rung.letter,
        "tone": rung.tone.value,
        "recipients": [one.value for one in rung.recipients],
    }


def with_one_more(data: Any, channel: str) -> Any:
    """What was posted, and a row for another step on the channel, where there is none yet."""
    posted = data.copy()
    typed = str(posted.get(f"{PREFIX}-TOTAL_FORMS") or "0")
    number = min(int(typed), MOST_STEPS) if typed.isdecimal() else 0
    taken = {posted.get(f"{PREFIX}-{row}-amount") for row in range(number)}
    blank = {
        "channel": channel,
        "amount": next((day for day in map(str, _PROPOSED) if day not in taken), ""),
        "when": When.BEFORE.value,
        "letter": "days_30" if channel == Channel.EMAIL else "",
        "tone": Tone.PLAIN.value,
    }
    for name, value in blank.items():
        posted[f"{PREFIX}-{number}-{name}"] = value
    posted.setlist(f"{PREFIX}-{number}-recipients", [Recipient.TECHNICAL.value])
    posted[f"{PREFIX}-TOTAL_FORMS"] = str(number + 1)
    return posted
