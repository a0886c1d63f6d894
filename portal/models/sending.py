"""What is known of sending as a whole: how much leaves in a day, what was stopped, what went wrong, what came back."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from portal.access import PartnerManager, PartnerQuerySet
from portal.models.base import PartnerOwned


class SendingCount(PartnerOwned):
    """Letters of one day in the partner's zone: to one address, or all of the house where no address is named.

    A letter is counted once a day, when a worker takes it. `mass` are notices and offers, of which `released` left
    because an administrator said so.
    """

    day = models.DateField()
    address = models.CharField(max_length=254, blank=True, default="")
    letters = models.PositiveIntegerField(default=0)
    mass = models.PositiveIntegerField(default=0)
    released = models.PositiveIntegerField(default=0)

    objects = PartnerManager.from_queryset(PartnerQuerySet)()

    class Meta:
        indexes = [models.Index(fields=["day"], name="sending_by_day", condition=models.Q(address=""))]
        constraints = [
            models.UniqueConstraint(fields=["partner", "day", "address"], name="sending_count_once"),
            models.CheckConstraint(
                name="sending_counts_parts_of_the_whole",
                condition=models.Q(mass__lte=models.F("letters"), released__lte=models.F("mass")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.address} {self.letters}"


class SendingHold(PartnerOwned):
    """A partner's notices and offers wait until an administrator answers; one question is open at a time."""

    class Kind(models.TextChoices):
        GUARD = "guard", _("Far more letters than usual")
        BY_HAND = "by_hand", _("Stopped by hand")

    class Answer(models.TextChoices):
        SENT = "sent", pgettext_lazy("answer", "Sent")
        REFUSED = "refused", pgettext_lazy("answer", "Not sent")

    kind = models.CharField(_("why"), max_length=8, choices=Kind)
    since = models.DateTimeField(_("since"))
    # Letters that wanted to leave on this day when the question was asked, and on a usual one
    wants = models.PositiveIntegerField(_("letters"), default=0)
    usual = models.PositiveIntegerField(_("usual"), default=0)
    held_by = models.ForeignKey("portal.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    answer = models.CharField(_("answer"), max_length=8, choices=Answer, blank=True, default="")
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)
    answered_by = models.ForeignKey("portal.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    # How many letters the answer was about
    letters = models.PositiveIntegerField(default=0)

    objects = PartnerManager.from_queryset(PartnerQuerySet)()

    class Meta:
        verbose_name = _("question about a mass of letters")
        verbose_name_plural = _("questions about masses of letters")
        ordering = ["-since", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["partner", "kind"], name="sending_hold_open_once", condition=models.Q(answer="")
            ),
            models.CheckConstraint(
                name="sending_hold_answered_at_a_time",
                condition=models.Q(answer="") | models.Q(answered_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return str(self.Kind(self.kind).label)


class MailAlarm(models.Model):
    """Something about sending that a person must see; open until it has ended. Of the server, it has no partner."""

    class Kind(models.TextChoices):
        REFUSED = "refused", _("The mail server refuses every letter")
        UNREACHABLE = "unreachable", _("The mail server cannot be reached")
        MASS = "mass", _("Far more letters than usual want to leave")
        LISTENER = "listener", _("What became of letters could not be noted")

    partner = models.ForeignKey(
        "portal.Partner", on_delete=models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )
    kind = models.CharField(max_length=11, choices=Kind)
    since = models.DateTimeField()
    last_at = models.DateTimeField()
    # Nothing is sent before
    until = models.DateTimeField(null=True, blank=True)
    told_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    facts = models.JSONField(default=dict, blank=True)

    objects = PartnerManager.from_queryset(PartnerQuerySet)()

    class Meta:
        ordering = ["-since", "-pk"]
        constraints = [
            models.UniqueConstraint(
                "kind",
                Coalesce("partner", 0),
                name="mail_alarm_open_once",
                condition=models.Q(ended_at=None),
            ),
        ]

    def __str__(self) -> str:
        return str(self.Kind(self.kind).label)


class MailReturn(PartnerOwned):
    """What came back of a letter, once for each event: said by a mail server, or by the provider that sends."""

    class Kind(models.TextChoices):
        GONE = "gone", _("The address does not exist")
        COMPLAINT = "complaint", _("The reader complained")
        UNSUBSCRIBED = "unsubscribed", _("The reader does not want offers")
        NOTE = "note", _("Noted only")

    letter = models.ForeignKey("portal.OutgoingMail", on_delete=models.CASCADE, related_name="returns")
    event = models.CharField(max_length=200, unique=True)
    kind = models.CharField(max_length=12, choices=Kind)
    detail = models.TextField(blank=True)
    at = models.DateTimeField()

    objects = PartnerManager.from_queryset(PartnerQuerySet)()

    class Meta:
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.kind} {self.event}"
