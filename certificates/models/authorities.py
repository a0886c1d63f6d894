"""The way to an authority, and its rules as data: limits, window and carry-over by date."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from certificates import rules
from certificates.states import AuthorityKind, ValidationLevel
from portal.access import PartnerManager, PartnerQuerySet
from portal.models import Partner, PartnerOwned


class AuthorityConnection(PartnerOwned):
    """How a partner reaches one authority. The key is stored encrypted."""

    kind = models.CharField(_("authority"), max_length=12, choices=AuthorityKind)
    name = models.CharField(_("name"), max_length=120)
    base_url = models.CharField(_("address"), max_length=200, blank=True)
    account_number = models.CharField(_("account"), max_length=60, blank=True)
    api_key = models.BinaryField(blank=True, default=b"")
    is_default = models.BooleanField(_("new orders go here"), default=False)
    last_checked_at = models.DateTimeField(_("last checked"), null=True, blank=True)
    last_error = models.TextField(_("last error"), blank=True)

    objects = PartnerManager.from_queryset(PartnerQuerySet)()

    class Meta:
        verbose_name = _("authority connection")
        verbose_name_plural = _("authority connections")
        constraints = [
            models.UniqueConstraint(fields=["partner", "kind"], name="connection_once_per_authority"),
            models.UniqueConstraint(
                fields=["partner"], name="connection_one_default", condition=models.Q(is_default=True)
            ),
        ]

    def __str__(self) -> str:
        return self.name


class AuthorityRuleQuerySet(models.QuerySet["AuthorityRule"]):
    def effective_for(self, partner: Partner, authority: str | None = None) -> AuthorityRuleQuerySet:
        """The house's rules for the authority (or all), each replaced by the partner's own where it has one."""
        own = self.filter(
            partner=partner,
            authority=models.OuterRef("authority"),
            family=models.OuterRef("family"),
            level=models.OuterRef("level"),
            effective_from=models.OuterRef("effective_from"),
        )
        wanted = self.filter(authority=authority) if authority else self
        return wanted.filter(models.Q(partner=partner) | models.Q(partner__isnull=True) & ~models.Exists(own))


class AuthorityRule(models.Model):
    """Limits of an authority from a date on, for one product family or all, one level or all.

    Rows without a partner are the house's rules; an administrator's change makes the partner's own row, which wins.
    Days are whole days; the certificate limit holds by the date of issuance (BR 6.3.2).
    """

    partner = models.ForeignKey(Partner, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    authority = models.CharField(_("authority"), max_length=12, choices=AuthorityKind)
    family = models.CharField(_("brand"), max_length=60, blank=True)
    level = models.CharField(_("level"), max_length=2, choices=ValidationLevel, blank=True)
    effective_from = models.DateField(_("from"))
    certificate_days = models.PositiveSmallIntegerField(_("certificate at most, days"))
    dcv_days = models.PositiveSmallIntegerField(_("domain validation reuse, days"))
    organization_days = models.PositiveSmallIntegerField(_("organisation validation reuse, days"))
    window_days = models.PositiveSmallIntegerField(_("renewal opens, days before"), default=90)
    grace_days = models.PositiveSmallIntegerField(_("renewal closes, days after"), default=30)
    carry_over = models.BooleanField(_("days left are added"), default=True)
    source = models.CharField(_("source"), max_length=255, blank=True)

    objects = models.Manager.from_queryset(AuthorityRuleQuerySet)()

    class Meta:
        verbose_name = _("authority rule")
        verbose_name_plural = _("authority rules")
        ordering = ["authority", "effective_from", "family", "level"]
        constraints = [
            models.UniqueConstraint(
                fields=["partner", "authority", "family", "level", "effective_from"],
                name="authority_rule_once",
            ),
            models.UniqueConstraint(
                fields=["authority", "family", "level", "effective_from"],
                name="authority_rule_once_in_house",
                condition=models.Q(partner__isnull=True),
            ),
            models.CheckConstraint(name="authority_rule_days", condition=models.Q(certificate_days__gte=1)),
        ]

    def __str__(self) -> str:
        return f"{self.get_authority_display()} {self.effective_from}"

    def as_rule(self) -> rules.Rule:
        """The row as the pure rules read it."""
        return rules.Rule(
            effective_from=self.effective_from,
            certificate_days=self.certificate_days,
            dcv_days=self.dcv_days,
            organization_days=self.organization_days,
            window_days=self.window_days,
            grace_days=self.grace_days,
            carry_over=self.carry_over,
            family=self.family,
            level=rules.Level(self.level) if self.level else None,
            source=self.source,
        )
