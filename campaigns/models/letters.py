"""The partner's own letters: each kind in versions, one of them in use per language."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaigns.rules.letters import LONGEST_SOURCE
from portal.access import PartnerManager, PartnerQuerySet
from portal.choices import Language
from portal.models import PartnerOwned, User


class Letter(PartnerOwned):
    """A letter that a partner has written; one of a library letter's key takes its place."""

    key = models.SlugField(_("key"), max_length=40)
    name = models.CharField(_("name"), max_length=120)
    # The letter of the library that it began as
    based_on = models.SlugField(max_length=40, blank=True)
    archived_at = models.DateTimeField(null=True, blank=True)

    objects = PartnerManager.from_queryset(PartnerQuerySet)()

    class Meta:
        verbose_name = _("letter")
        verbose_name_plural = _("letters")
        ordering = ["name", "pk"]
        constraints = [models.UniqueConstraint(fields=["partner", "key"], name="letter_once_per_key")]

    def __str__(self) -> str:
        return self.name


class LetterVersion(PartnerOwned):
    """What a letter says in one language, as Liquid; versions are never changed, only followed by others."""

    letter = models.ForeignKey(Letter, on_delete=models.CASCADE, related_name="versions")
    language = models.CharField(_("language"), max_length=2, choices=Language)
    number = models.PositiveIntegerField(_("version"))
    subject = models.CharField(_("subject"), max_length=500)
    preheader = models.CharField(_("preheader"), max_length=500, blank=True)
    body = models.TextField(_("letter"), max_length=LONGEST_SOURCE)
    is_live = models.BooleanField(_("in use"), default=False)
    created_at = models.DateTimeField(_("written"))
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    objects = PartnerManager.from_queryset(PartnerQuerySet)()

    class Meta:
        verbose_name = _("version of a letter")
        verbose_name_plural = _("versions of letters")
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["letter", "language", "number"], name="letter_version_once"),
            models.UniqueConstraint(
                fields=["letter", "language"], name="letter_one_live_per_language", condition=Q(is_live=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.letter} {self.language} {self.number}"
