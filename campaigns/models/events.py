"""Letters that hang on an event and not on a day of the calendar: what each spoke of, so that nothing is said twice."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from certificates.models import Contact, Order
from offers.models import Quote
from portal.access import PartnerManager, PartnerQuerySet
from portal.models import OutgoingMail, PartnerOwned
from portal.models.mail import UNSENT


class EventLetter(PartnerOwned):
    """One order in one letter about one event.

    `letter` is its key in the library; `about` tells one event of an order from the next: the day of its end, the last
    day of a validation, the quote, the certificate. Taken back before it left, the row goes too, and the event may be
    told anew.
    """

    letter = models.SlugField(_("letter"), max_length=40)
    about = models.CharField(max_length=40)
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="event_letters")
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="event_letters")
    quote = models.ForeignKey(Quote, on_delete=models.CASCADE, null=True, blank=True, related_name="event_letters")
    mail = models.ForeignKey(
        OutgoingMail, on_delete=models.SET_NULL, null=True, blank=True, related_name="event_letters"
    )
    queued_at = models.DateTimeField(_("queued"))

    objects = PartnerManager.from_queryset(PartnerQuerySet)()

    class Meta:
        verbose_name = _("letter about an event")
        verbose_name_plural = _("letters about events")
        ordering = ["-queued_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["order", "letter", "about"], name="event_letter_once"),
        ]
        indexes = [models.Index(fields=["partner", "-queued_at", "-id"], name="event_letter_by_time")]

    def __str__(self) -> str:
        return f"{self.letter} {self.order}"

    def told_at(self, mail: OutgoingMail) -> datetime:
        """When its `mail` left, or was last to leave; of what waits, since when: a cap puts `due_at` off."""
        return mail.sent_at or (self.queued_at if mail.state in UNSENT else mail.due_at)
