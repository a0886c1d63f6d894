"""Banners for the partner's own website: a design, its words, an offer, and where it may be shown."""

from __future__ import annotations

import secrets

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from offers.models import Offer
from portal.access import PartnerManager, PartnerQuerySet
from portal.models import PartnerOwned, User


def new_public_key() -> str:
    """What a banner is called in addresses that anybody may see: it cannot be guessed from another one."""
    return secrets.token_hex(8)


class Banner(PartnerOwned):
    """One banner; a page of another site shows it in a frame or as a picture, with a countdown to its end."""

    class Design(models.TextChoices):
        CALM = "calm", _("Calm")
        BOLD = "bold", _("Bold")
        COUNTDOWN = "countdown", _("Countdown")
        OFFER = "offer", _("Offer")

    class Size(models.TextChoices):
        WIDE = "wide", _("Wide, 970 by 120")
        BOARD = "board", _("Board, 728 by 90")
        BOX = "box", _("Box, 300 by 250")

    public_key = models.CharField(max_length=16, unique=True, default=new_public_key, editable=False)
    name = models.CharField(_("name"), max_length=120, help_text=_("What your colleagues call it."))
    design = models.CharField(_("design"), max_length=9, choices=Design, default=Design.CALM)
    size = models.CharField(_("size"), max_length=5, choices=Size, default=Size.WIDE)
    headline_en = models.CharField(_("headline in English"), max_length=80, blank=True)
    headline_fr = models.CharField(_("headline in French"), max_length=80, blank=True)
    text_en = models.CharField(_("text in English"), max_length=160, blank=True)
    text_fr = models.CharField(_("text in French"), max_length=160, blank=True)
    offer = models.ForeignKey(Offer, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    # What the countdown runs to, where the reader is not a known customer with an end of its own
    ends_at = models.DateTimeField(_("counts down to"), null=True, blank=True)
    # Origins such as "https://www.example.com", each with its scheme
    origins = models.JSONField(_("websites that may show it"), default=list, blank=True)
    is_active = models.BooleanField(_("shown"), default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    objects = PartnerManager.from_queryset(PartnerQuerySet)()

    class Meta:
        verbose_name = _("banner")
        verbose_name_plural = _("banners")
        ordering = ["name", "pk"]
        constraints = [
            models.CheckConstraint(name="banner_has_a_headline", condition=~Q(headline_en="") | ~Q(headline_fr="")),
        ]

    def __str__(self) -> str:
        return self.name
