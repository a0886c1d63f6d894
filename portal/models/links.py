"""Links in letters: rows that name one purpose, one subject and one reader, and can be taken back."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.access import PartnerManager, PartnerQuerySet
from portal.choices import Language
from portal.models.base import PartnerOwned
from portal.models.partners import Partner

HANDLE_LENGTH = 12


class LinkQuerySet(PartnerQuerySet["Link"]):
    def about(self, subject: str, *, purpose: str) -> LinkQuerySet:
        return self.filter(subject=subject, purpose=purpose)

    def unrevoked(self) -> LinkQuerySet:
        return self.filter(revoked_at=None)


class Link(PartnerOwned):
    """A link to one subject for one purpose, given to one audience; the row holds only the hash of its token.

    `purpose` is a key that an app above registers (`portal.links.purposes`); `subject` ("quote:17") and `source` are
    words of that app. Openings are counted for people only, never for programs that fetch the address.
    """

    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    purpose = models.CharField(_("purpose"), max_length=20)
    subject = models.CharField(_("subject"), max_length=60)
    audience = models.CharField(_("audience"), max_length=254)
    language = models.CharField(_("language"), max_length=2, choices=Language, blank=True)
    source = models.CharField(_("source"), max_length=120, blank=True)
    created_at = models.DateTimeField(_("created"))
    expires_at = models.DateTimeField(_("expires"))
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)
    opened_count = models.PositiveIntegerField(_("openings"), default=0)
    first_opened_at = models.DateTimeField(_("first opened"), null=True, blank=True)
    last_opened_at = models.DateTimeField(_("last opened"), null=True, blank=True)

    objects = PartnerManager.from_queryset(LinkQuerySet)()

    class Meta:
        verbose_name = _("link")
        verbose_name_plural = _("links")
        indexes = [
            models.Index(fields=["partner", "purpose", "subject"], name="link_subject"),
            models.Index(fields=["partner", "source"], name="link_source"),
        ]
        constraints = [
            models.CheckConstraint(
                name="link_expires_after_it_is_made", condition=models.Q(expires_at__gt=models.F("created_at"))
            ),
            models.CheckConstraint(
                name="link_counts_what_was_opened",
                condition=models.Q(opened_count=0, first_opened_at=None, last_opened_at=None)
                | models.Q(opened_count__gt=0, first_opened_at__isnull=False, last_opened_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject} → {self.audience}"

    @property
    def handle(self) -> str:
        """What stands for the link in clean addresses: tells nothing, and opens nothing without the link's cookie."""
        return self.token_hash[:HANDLE_LENGTH]

    def is_open(self, now: datetime) -> bool:
        """Neither expired nor taken back, of a partner that is not suspended."""
        partner: Partner = self.partner
        return self.revoked_at is None and now < self.expires_at and partner.is_active
