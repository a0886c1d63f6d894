"""A partner: the tenant, its brand, its voice, and its people at the certificate authority."""

from __future__ import annotations

from pathlib import PurePath

from django.core.validators import RegexValidator, URLValidator
from django.db import models
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from portal.choices import Currency, Language, time_zones, validate_time_zone

HEX_COLOUR = r"^#[0-9a-f]{6}$"
colour = RegexValidator(HEX_COLOUR, _("Write a colour as # and six hexadecimal digits, such as #0b5cad."))
DEFAULT_BRAND_COLOUR, DEFAULT_ACCENT_COLOUR = "#0b5cad", "#10233a"
web_address = URLValidator(schemes=["http", "https"])


class Partner(models.Model):
    """One reseller of certificates. Partners live side by side and never see each other."""

    name = models.CharField(_("name"), max_length=120)
    slug = models.SlugField(_("short name"), max_length=60, unique=True)
    host = models.CharField(_("host name"), max_length=253, blank=True)
    is_active = models.BooleanField(_("active"), default=True)

    logo = models.ImageField(_("logo"), upload_to="logos/", blank=True)
    brand_colour = models.CharField(_("main colour"), max_length=7, default=DEFAULT_BRAND_COLOUR, validators=[colour])
    accent_colour = models.CharField(
        _("second colour"), max_length=7, default=DEFAULT_ACCENT_COLOUR, validators=[colour]
    )

    currency = models.CharField(_("currency"), max_length=3, choices=Currency, default=Currency.EUR)
    language = models.CharField(_("language"), max_length=2, choices=Language, default=Language.ENGLISH)
    time_zone = models.CharField(
        _("time zone"), max_length=64, default="UTC", choices=time_zones, validators=[validate_time_zone]
    )

    postal_address = models.TextField(_("postal address"), blank=True)
    support_email = models.EmailField(_("support e-mail"), blank=True)
    support_phone = models.CharField(_("support telephone"), max_length=40, blank=True)
    website = models.CharField(_("website"), max_length=200, blank=True, validators=[web_address])
    sender_name = models.CharField(_("sender name"), max_length=120, blank=True)
    sender_email = models.EmailField(_("sender e-mail"), blank=True)
    # [{"network": "LinkedIn", "url": "https://…"}, …] in the order in which letters show them
    social_links = models.JSONField(_("social links"), default=list, blank=True)

    # What the law wants said: who is behind the site, and what becomes of people's data; shown to customers as text.
    legal_en = models.TextField(_("legal notice in English"), blank=True)
    legal_fr = models.TextField(_("legal notice in French"), blank=True)
    privacy_en = models.TextField(_("privacy notice in English"), blank=True)
    privacy_fr = models.TextField(_("privacy notice in French"), blank=True)
    # Whether we may open a connection to customers' servers to see which certificate they show.
    checks_live_hosts = models.BooleanField(_("see whether certificates are installed"), default=False)

    authority_manager_name = models.CharField(_("account manager at the CA"), max_length=120, blank=True)
    authority_manager_email = models.EmailField(_("e-mail of the account manager"), blank=True)
    authority_manager_phone = models.CharField(_("telephone of the account manager"), max_length=40, blank=True)
    authority_marketing_name = models.CharField(_("marketing contact at the CA"), max_length=120, blank=True)
    authority_marketing_email = models.EmailField(_("e-mail of the marketing contact"), blank=True)

    # An administrator approves what account managers ask for before it goes to the authority.
    approval_required = models.BooleanField(_("requests wait for an administrator"), default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("partner")
        verbose_name_plural = _("partners")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(Lower("host"), name="partner_host_once", condition=~models.Q(host="")),
            models.CheckConstraint(
                name="partner_colours_are_hex",
                condition=models.Q(brand_colour__regex=HEX_COLOUR) & models.Q(accent_colour__regex=HEX_COLOUR),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def logo_url(self) -> str:
        """Where the logo is served, an address of its own for each picture; empty without one."""
        if not self.logo:
            return ""
        return f"{reverse('portal:logo', args=[self.slug])}?{PurePath(str(self.logo.name)).stem}"
