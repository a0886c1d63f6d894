"""The touchpoint calendar of a partner: which word goes out, on which channel, how long before or after an end."""

from __future__ import annotations

from datetime import time

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from campaigns.states import Basis, Channel, Tone
from portal.access import PartnerManager, PartnerQuerySet
from portal.models import PartnerOwned

# Days relative to the order's end; the renewal window opens 90 days before it.
FIRST_DAY, LAST_DAY = -90, 60


def working_week() -> list[int]:
    """Monday to Friday, as ISO week days."""
    return [1, 2, 3, 4, 5]


class Calendar(PartnerOwned):
    """The steps for one segment of orders, and the hours in which they may reach anybody.

    An order follows the first calendar, by position, whose segment holds it; empty lists mean everything. Times of day
    are the reader's own, by the zone of the contact.
    """

    name = models.CharField(_("name"), max_length=80)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    is_active = models.BooleanField(_("in use"), default=True)

    families = models.JSONField(_("brands"), default=list, blank=True)
    levels = models.JSONField(_("validation levels"), default=list, blank=True)
    countries = models.JSONField(_("countries"), default=list, blank=True)
    # of customers and of memberships
    customers = models.JSONField(_("customers"), default=list, blank=True)
    owners = models.JSONField(_("owners"), default=list, blank=True)

    sends_at = models.TimeField(_("sent at"), default=time(9))
    quiet_from = models.TimeField(_("quiet from"), default=time(18))
    quiet_until = models.TimeField(_("quiet until"), default=time(8))
    # ISO week days, 1 is Monday; and single dates (ISO) that are none
    working_days = models.JSONField(_("working days"), default=working_week)
    days_off = models.JSONField(_("days off"), default=list, blank=True)
    grace_days = models.PositiveSmallIntegerField(
        _("days in which a late step is still sent"),
        default=5,
        validators=[MinValueValidator(1), MaxValueValidator(14)],
    )
    changed_at = models.DateTimeField(auto_now=True)
    # Every step up to this moment has been planned: whoever was down meanwhile knows where to go on.
    planned_until = models.DateTimeField(null=True, blank=True, editable=False)

    objects = PartnerManager.from_queryset(PartnerQuerySet)()

    class Meta:
        verbose_name = _("calendar")
        verbose_name_plural = _("calendars")
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["partner", "name"], name="calendar_once_per_name"),
            models.CheckConstraint(
                name="calendar_has_hours_that_are_not_quiet", condition=~Q(quiet_from=F("quiet_until"))
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Step(PartnerOwned):
    """One touchpoint of a calendar.

    `days` counts from the order's last day, negative before it; `share` is the part of the certificate's life that is
    left, in per cent (at least 3 days). Steps are never deleted, only removed: what they sent is history.
    """

    calendar = models.ForeignKey(Calendar, on_delete=models.CASCADE, related_name="steps")
    basis = models.CharField(_("hangs on"), max_length=11, choices=Basis, default=Basis.ORDER)
    days = models.SmallIntegerField(
        _("days"),
        null=True,
        blank=True,
        validators=[MinValueValidator(FIRST_DAY), MaxValueValidator(LAST_DAY)],
    )
    share = models.PositiveSmallIntegerField(
        _("per cent of its life left"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(90)],
    )
    channel = models.CharField(_("channel"), max_length=9, choices=Channel, default=Channel.EMAIL)
    # A letter of the library, or the partner's own of the same key
    letter = models.SlugField(_("letter"), max_length=40, blank=True)
    tone = models.CharField(_("tone"), max_length=8, choices=Tone, default=Tone.PLAIN)
    # campaigns.states.Recipient, in the order in which they are asked for
    recipients = models.JSONField(_("recipients"), default=list, blank=True)
    # What was due before is not planned by this step: its readers had the step, or the calendar, that it replaces.
    since = models.DateTimeField(null=True, blank=True, editable=False)
    removed_at = models.DateTimeField(null=True, blank=True)

    objects = PartnerManager.from_queryset(PartnerQuerySet)()

    class Meta:
        verbose_name = _("step")
        verbose_name_plural = _("steps")
        ordering = ["basis", "days", "-share", "channel", "pk"]
        constraints = [
            models.UniqueConstraint(
                "calendar",
                "basis",
                Coalesce("days", -999),
                Coalesce("share", 0),
                "channel",
                name="step_once_per_moment_and_channel",
                condition=Q(removed_at=None),
            ),
            models.CheckConstraint(
                name="step_hangs_on_one_end",
                condition=Q(basis=Basis.ORDER, days__range=(FIRST_DAY, LAST_DAY), share=None)
                | Q(basis=Basis.CERTIFICATE, days=None, share__range=(1, 90)),
            ),
            models.CheckConstraint(
                name="step_by_mail_has_a_letter", condition=~Q(channel=Channel.EMAIL) | ~Q(letter="")
            ),
        ]

    def __str__(self) -> str:
        when = f"{self.days:+d}" if self.days is not None else f"{self.share} %"
        return f"{when} {self.get_channel_display()}"
