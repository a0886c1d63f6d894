"""What customers tell us: not now, no longer needed, which letters they want, and what they use of what they bought."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from certificates.catalogue import Benefit
from certificates.models.customers import Contact
from certificates.models.orders import Certificate, Order
from certificates.querysets import ReplyQuerySet
from portal.access import PartnerManager, PartnerQuerySet
from portal.models import Membership, PartnerOwned, User


class Reply(PartnerOwned):
    """What a customer answered to a reminder instead of renewing; until it is taken back, one stands per order.

    Apps above hear it: an order that is put off falls silent until that day, one that is no longer needed for good.
    `said_by` names who answered, whether signed in or behind a link.
    """

    class Kind(models.TextChoices):
        NOT_NOW = "not_now", _("Not now")
        NOT_NEEDED = "not_needed", _("No longer needed")

    class Reason(models.TextChoices):
        SITE_ENDED = "site_ended", _("The site has ended or will end")
        MOVED = "moved", _("It moved to another host name or certificate")
        ELSEWHERE = "elsewhere", _("We buy elsewhere")
        PRICE = "price", _("It costs too much")
        OTHER = "other", _("Another reason")

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="replies")
    kind = models.CharField(_("answer"), max_length=10, choices=Kind)
    # The first day on which to speak of it again
    until = models.DateField(_("until"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=10, choices=Reason, blank=True)
    words = models.TextField(_("in their own words"), blank=True)
    said_by = models.CharField(_("said by"), max_length=254)
    at = models.DateTimeField(_("when"))
    withdrawn_at = models.DateTimeField(_("taken back"), null=True, blank=True)

    objects = PartnerManager.from_queryset(ReplyQuerySet)()

    class Meta:
        verbose_name = _("reply")
        verbose_name_plural = _("replies")
        ordering = ["-at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["order"], name="reply_one_stands_per_order", condition=Q(withdrawn_at=None)
            ),
            models.CheckConstraint(
                name="reply_says_until_when_or_why",
                condition=Q(kind="not_now", until__isnull=False, reason="")
                | (Q(kind="not_needed", until=None) & ~Q(reason="")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.order}"


class OptOut(PartnerOwned):
    """What a contact wants no letters about; a row is the wish, its absence the consent."""

    class Scope(models.TextChoices):
        CERTIFICATE = "certificate", _("This certificate")
        ORDER = "order", _("This order")
        OFFERS = "offers", _("Offers")
        ALL = "all", _("Everything that is not essential")

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="opt_outs")
    scope = models.CharField(_("scope"), max_length=12, choices=Scope)
    order = models.ForeignKey(Order, on_delete=models.CASCADE, null=True, blank=True, related_name="opt_outs")
    certificate = models.ForeignKey(
        Certificate, on_delete=models.CASCADE, null=True, blank=True, related_name="opt_outs"
    )
    at = models.DateTimeField(_("when"))

    objects = PartnerManager.from_queryset(PartnerQuerySet)()

    class Meta:
        verbose_name = _("opt-out")
        verbose_name_plural = _("opt-outs")
        constraints = [
            models.UniqueConstraint(
                fields=["contact", "scope"], name="opt_out_once", condition=Q(scope__in=["offers", "all"])
            ),
            models.UniqueConstraint(
                fields=["contact", "order"], name="opt_out_once_per_order", condition=Q(scope="order")
            ),
            models.UniqueConstraint(
                fields=["contact", "certificate"], name="opt_out_once_per_certificate", condition=Q(scope="certificate")
            ),
            models.CheckConstraint(
                name="opt_out_names_what_it_is_about",
                condition=Q(scope="order", order__isnull=False, certificate=None)
                | Q(scope="certificate", certificate__isnull=False, order=None)
                | Q(scope__in=["offers", "all"], order=None, certificate=None),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.contact}: {self.get_scope_display()}"


class BenefitUse(PartnerOwned):
    """Whether a customer uses something that came with an order's product; no row: nobody has said."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="benefit_uses")
    benefit = models.CharField(_("benefit"), max_length=30, choices=Benefit)
    is_used = models.BooleanField(_("in use"))
    at = models.DateTimeField(_("when"))
    by = models.ForeignKey(Membership, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    objects = PartnerManager.from_queryset(PartnerQuerySet)()

    class Meta:
        verbose_name = _("use of a benefit")
        verbose_name_plural = _("uses of benefits")
        constraints = [models.UniqueConstraint(fields=["order", "benefit"], name="benefit_use_once_per_order")]

    def __str__(self) -> str:
        return f"{self.order}: {self.get_benefit_display()}"


class Consent(PartnerOwned):
    """Proof of what a contact said about letters: one row each time something was said, and none is ever changed."""

    class Source(models.TextChoices):
        ONE_CLICK = "one_click", _("The unsubscribe button of a mail program")
        LETTER = "letter", _("The link in a letter")
        HOME = "home", _("The customer's own pages")
        STAFF = "staff", _("Told to one of the house")
        COMPLAINT = "complaint", _("A complaint to the mail provider")

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="consents")
    scope = models.CharField(_("scope"), max_length=12, choices=OptOut.Scope)
    wanted = models.BooleanField(_("wanted"))
    order = models.ForeignKey(Order, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    certificate = models.ForeignKey(Certificate, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    source = models.CharField(_("source"), max_length=10, choices=Source)
    # The address it was said for, and the letter (its code) that it was said in answer to
    email = models.EmailField(_("e-mail"), blank=True)
    letter = models.CharField(max_length=40, blank=True)
    by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    at = models.DateTimeField(_("when"))

    objects = PartnerManager.from_queryset(PartnerQuerySet)()

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["contact", "-at"], name="consent_by_contact")]

    def __str__(self) -> str:
        return f"{self.contact}: {self.get_scope_display()}"
