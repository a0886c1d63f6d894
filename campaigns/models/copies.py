"""What letters of touchpoints said, for whoever asks later: without anything that opens something."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.access import PartnerManager, PartnerQuerySet
from portal.models import OutgoingMail, PartnerOwned


class LetterCopy(PartnerOwned):
    """The words of one letter; its own row forgets them once it has left, since its links open something."""

    mail = models.OneToOneField(OutgoingMail, on_delete=models.CASCADE, related_name="copy")
    # {"text": …, "html": …} as JSON, packed by zlib
    packed = models.BinaryField()
    kept_at = models.DateTimeField(_("kept"))

    objects = PartnerManager.from_queryset(PartnerQuerySet)()

    class Meta:
        verbose_name = _("copy of a letter")
        verbose_name_plural = _("copies of letters")
        indexes = [models.Index(fields=["kept_at"], name="letter_copy_by_age")]

    def __str__(self) -> str:
        return str(self.mail_id)
