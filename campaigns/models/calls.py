"""Calls to make: one open task per customer, the orders it is about, and every attempt with its outcome."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaigns.querysets import CallItemQuerySet, CallQuerySet
from certificates.models import Contact, Customer, Order
from portal.access import PartnerManager, PartnerQuerySet
from portal.models import PartnerOwned, User


class Call(PartnerOwned):
    """Somebody has to ring this customer; while it is open, whatever else comes up joins it."""

    class Cause(models.TextChoices):
        STEP = "step", _("A step of the calendar")
        BOUNCE = "bounce", _("Letters do not arrive")
        LATE = "late", _("A renewal is not issued yet")
        STAFF = "staff", _("Somebody asked for it")

    class State(models.TextChoices):
        OPEN = "open", _("To call")
        DONE = "done", _("Done")
        CLOSED = "closed", _("Settled by itself")

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="calls")
    contact = models.ForeignKey(Contact, on_delete=models.SET_NULL, null=True, blank=True, related_name="calls")
    cause = models.CharField(_("cause"), max_length=8, choices=Cause, default=Cause.STEP)
    detail = models.TextField(blank=True)
    state = models.CharField(_("state"), max_length=6, choices=State, default=State.OPEN)
    # The day on which to ring, again after each attempt that reached nobody
    due_on = models.DateField(_("on"))
    opened_at = models.DateTimeField(_("opened"))
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    objects = PartnerManager.from_queryset(CallQuerySet)()

    class Meta:
        verbose_name = _("call")
        verbose_name_plural = _("calls")
        ordering = ["due_on", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["customer"], name="call_one_open_per_customer", condition=Q(state="open")),
            models.CheckConstraint(
                name="call_ended_says_when",
                condition=Q(state="open", ended_at=None) | (~Q(state="open") & Q(ended_at__isnull=False)),
            ),
        ]
        indexes = [
            models.Index(fields=["partner", "due_on", "id"], name="call_open", condition=Q(state="open")),
            models.Index(fields=["partner", "state", "-ended_at", "-id"], name="call_by_state"),
        ]

    def __str__(self) -> str:
        return f"{self.customer} {self.due_on}"


class CallItem(PartnerOwned):
    """One order that a call is about: its renewal, or the free reissue of its certificate."""

    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="items")
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="call_items")
    # The certificate's end that asks for a reissue; empty where the order is to be renewed
    reissue_by = models.DateTimeField(null=True, blank=True)

    objects = PartnerManager.from_queryset(CallItemQuerySet)()

    class Meta:
        verbose_name = _("order to call about")
        verbose_name_plural = _("orders to call about")
        constraints = [models.UniqueConstraint(fields=["call", "order"], name="call_item_once")]

    def __str__(self) -> str:
        return f"{self.call}: {self.order}"


class Attempt(PartnerOwned):
    """What came of ringing. A promise pauses the letters about the call's orders until its day."""

    class Outcome(models.TextChoices):
        REACHED = "reached", _("Reached")
        VOICEMAIL = "voicemail", _("Voicemail")
        PROMISED = "promised", _("Promised by a date")
        DECLINED = "declined", _("Declined")
        WRONG_NUMBER = "wrong_number", _("Wrong number")

    class Decline(models.TextChoices):
        PRICE = "price", _("It costs too much")
        ELSEWHERE = "elsewhere", _("They buy elsewhere")
        SITE_ENDED = "site_ended", _("The site has ended or will end")
        OTHER = "other", _("Another reason")

    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="attempts")
    # Who was rung, and at what number as it stood: a number that was wrong is so until somebody corrects it
    contact = models.ForeignKey(Contact, on_delete=models.SET_NULL, null=True, blank=True, related_name="attempts")
    phone = models.CharField(_("telephone"), max_length=40, blank=True)
    outcome = models.CharField(_("outcome"), max_length=12, choices=Outcome)
    promised_on = models.DateField(_("promised by"), null=True, blank=True)
    decline = models.CharField(_("reason"), max_length=10, choices=Decline, blank=True)
    note = models.TextField(_("note"), blank=True)
    at = models.DateTimeField(_("when"))
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    # What it changed, to be put back: the call's day, and when the customer was last spoken to
    due_before = models.DateField(editable=False)
    contacted_before = models.DateTimeField(null=True, blank=True, editable=False)
    # Pressed by mistake and taken back: it counts no more.
    undone_at = models.DateTimeField(null=True, blank=True)

    objects = PartnerManager.from_queryset(PartnerQuerySet)()

    class Meta:
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")
        ordering = ["-at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="attempt_promise_has_its_day",
                condition=Q(outcome="promised", promised_on__isnull=False)
                | (~Q(outcome="promised") & Q(promised_on=None)),
            ),
            models.CheckConstraint(
                name="attempt_decline_has_its_reason",
                condition=(Q(outcome="declined") & ~Q(decline="")) | (~Q(outcome="declined") & Q(decline="")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.call}: {self.get_outcome_display()}"
