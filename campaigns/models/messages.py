"""Messages in the customer's console: those of the calendar are notices, these are the partner's own words."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaigns.models.notices import Notice
from certificates.models import Customer
from portal.access import PartnerManager, PartnerQuerySet
from portal.models import PartnerOwned, User


class Message(PartnerOwned):
    """What the partner tells one customer, or all of them, in their console."""

    class Urgency(models.TextChoices):
        CALM = "calm", _("For information")
        SOON = "soon", _("Soon")
        URGENT = "urgent", _("Urgent")

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    urgency = models.CharField(_("urgency"), max_length=6, choices=Urgency, default=Urgency.CALM)
    title_en = models.CharField(_("title in English"), max_length=120, blank=True)
    title_fr = models.CharField(_("title in French"), max_length=120, blank=True)
    text_en = models.TextField(_("text in English"), blank=True)
    text_fr = models.TextField(_("text in French"), blank=True)
    starts_at = models.DateTimeField(_("shown from"))
    expires_at = models.DateTimeField(_("shown until"), null=True, blank=True)
    withdrawn_at = models.DateTimeField(_("taken back"), null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    objects = PartnerManager.from_queryset(PartnerQuerySet)()

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ["-starts_at", "-pk"]
        constraints = [
            models.CheckConstraint(name="message_has_a_title", condition=~Q(title_en="") | ~Q(title_fr="")),
            models.CheckConstraint(
                name="message_ends_after_it_starts",
                condition=Q(expires_at=None) | Q(expires_at__gt=models.F("starts_at")),
            ),
        ]
        indexes = [models.Index(fields=["partner", "customer", "-starts_at"], name="message_by_customer")]

    def __str__(self) -> str:
        return self.title_en or self.title_fr


class MessageMark(PartnerOwned):
    """That one person has read or dismissed a message, or a notice shown in the console."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, null=True, blank=True, related_name="marks")
    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, null=True, blank=True, related_name="marks")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    read_at = models.DateTimeField(null=True, blank=True)
    dismissed_at = models.DateTimeField(null=True, blank=True)

    objects = PartnerManager.from_queryset(PartnerQuerySet)()

    class Meta:
        verbose_name = _("mark on a message")
        verbose_name_plural = _("marks on messages")
        constraints = [
            models.UniqueConstraint(
                fields=["message", "user"], name="mark_once_per_message", condition=Q(message__isnull=False)
            ),
            models.UniqueConstraint(
                fields=["notice", "user"], name="mark_once_per_notice", condition=Q(notice__isnull=False)
            ),
            models.CheckConstraint(
                name="mark_is_on_one_thing",
                condition=Q(message=None, notice__isnull=False) | Q(message__isnull=False, notice=None),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.message or self.notice}"
