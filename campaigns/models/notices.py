"""Notices: every touchpoint that was planned for somebody, and what became of it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from campaigns.models.calendars import Step
from campaigns.models.calls import Call
from campaigns.querysets import NoticeQuerySet
from campaigns.states import OPEN_NOTICE_STATES, Channel, NoticeState, Reason
from certificates.models import Certificate, Contact, Customer, Order
from portal.access import PartnerManager
from portal.models import Membership, OutgoingMail, PartnerOwned


class Notice(PartnerOwned):
    """One step for one reader about one end of one order: there is never a second one of these.

    `ends_at` is the end it speaks of (of the certificate, where there is one); when that end moves, this notice falls
    silent and another is planned. `day` is the reader's own; between `due_at` and `expires_at` it may go out. Several
    notices of one reader share one letter (`mail`) or one call.
    """

    step = models.ForeignKey(Step, on_delete=models.PROTECT, related_name="notices")
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="notices")
    certificate = models.ForeignKey(
        Certificate, on_delete=models.CASCADE, null=True, blank=True, related_name="notices"
    )
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="notices")
    channel = models.CharField(_("channel"), max_length=9, choices=Channel)
    # What somebody was told is kept: whoever leaves is corrected or switched off, never deleted
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, null=True, blank=True, related_name="notices")
    # One of the partner's own people, where the step reaches the account manager
    member = models.ForeignKey(Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    ends_at = models.DateTimeField(_("speaks of the end"))
    day = models.DateField(_("day"))
    due_at = models.DateTimeField(_("due"))
    expires_at = models.DateTimeField(_("useful until"))

    state = models.CharField(_("state"), max_length=10, choices=NoticeState, default=NoticeState.PLANNED)
    reason = models.CharField(_("reason"), max_length=16, choices=Reason, blank=True)
    detail = models.TextField(blank=True)
    planned_at = models.DateTimeField(_("planned"))
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    mail = models.ForeignKey(OutgoingMail, on_delete=models.SET_NULL, null=True, blank=True, related_name="notices")
    call = models.ForeignKey(Call, on_delete=models.SET_NULL, null=True, blank=True, related_name="notices")

    objects = PartnerManager.from_queryset(NoticeQuerySet)()

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        ordering = ["due_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                "order",
                "step",
                "ends_at",
                "channel",
                Coalesce("certificate", 0),
                Coalesce("contact", 0),
                Coalesce("member", 0),
                name="notice_once_per_step",
            ),
            models.CheckConstraint(name="notice_has_one_reader", condition=Q(contact=None) | Q(member=None)),
            models.CheckConstraint(
                name="notice_expires_after_it_is_due", condition=Q(expires_at__gt=models.F("due_at"))
            ),
            models.CheckConstraint(
                name="notice_that_stays_home_says_why",
                condition=~Q(state__in=[NoticeState.MISSED, NoticeState.SUPPRESSED, NoticeState.SILENT])
                | ~Q(reason=""),
            ),
        ]
        indexes = [
            models.Index(fields=["due_at", "id"], name="notice_due", condition=Q(state=NoticeState.PLANNED)),
            models.Index(fields=["partner", "order"], name="notice_open", condition=Q(state__in=OPEN_NOTICE_STATES)),
            models.Index(fields=["partner", "state", "-due_at", "-id"], name="notice_by_state"),
            models.Index(fields=["partner", "-due_at", "-id"], name="notice_by_time"),
            models.Index(fields=["order", "-day"], name="notice_by_order"),
        ]

    def __str__(self) -> str:
        return f"{self.step} {self.order}"
