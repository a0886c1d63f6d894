"""Quotes: each row is one version; sent ones never change, and a change is a new version under the same number."""

from __future__ import annotations

from decimal import Decimal

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from certificates.models import Certificate, Contact, Customer, Order, Organization, Product
from offers.querysets import QuoteQuerySet
from portal.access import PartnerManager, PartnerQuerySet
from portal.choices import Currency, Language
from portal.models import PartnerOwned, User


class QuoteState(models.TextChoices):
    """draft → sent → viewed → accepted, declined, expired, withdrawn or superseded; sent may skip viewed."""

    DRAFT = "draft", _("Draft")
    SENT = "sent", _("Sent")
    VIEWED = "viewed", _("Viewed")
    ACCEPTED = "accepted", _("Accepted")
    DECLINED = "declined", _("Declined")
    EXPIRED = "expired", _("Expired")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    SUPERSEDED = "superseded", _("Replaced")


OPEN_QUOTE_STATES = (QuoteState.SENT, QuoteState.VIEWED)


class DeclineReason(models.TextChoices):
    PRICE = "price", _("Too dear")
    NOT_NEEDED = "not_needed", _("No longer needed")
    ELSEWHERE = "elsewhere", _("Bought elsewhere")
    LATER = "later", _("Not now")
    OTHER = "other", _("Another reason")


class Quote(PartnerOwned):
    """One version of a quote. From sending on, its figures, lines, names and words stand in `snapshot`."""

    # Taken at sending, without gaps; all versions share it.
    number = models.CharField(_("number"), max_length=40, blank=True)
    version = models.PositiveSmallIntegerField(_("version"), default=1)
    replaces = models.OneToOneField("self", on_delete=models.PROTECT, null=True, blank=True, related_name="replaced_by")
    state = models.CharField(_("state"), max_length=10, choices=QuoteState, default=QuoteState.DRAFT)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="quotes", verbose_name=_("customer"))
    contact = models.ForeignKey(
        Contact, on_delete=models.SET_NULL, null=True, blank=True, related_name="quotes", verbose_name=_("for")
    )
    language = models.CharField(_("language"), max_length=2, choices=Language, default=Language.ENGLISH)
    currency = models.CharField(_("currency"), max_length=3, choices=Currency)
    code = models.CharField(_("offer code"), max_length=40, blank=True)
    note = models.TextField(_("a word to the customer"), blank=True)
    purchase_order = models.CharField(_("purchase order"), max_length=60, blank=True)
    # The day whose day counts it shows, and the last day on which it can be accepted
    reference_day = models.DateField(_("date"))
    valid_until = models.DateField(_("valid until"))
    net = models.DecimalField(_("net"), max_digits=14, decimal_places=2, default=Decimal(0))
    tax = models.DecimalField(_("tax"), max_digits=14, decimal_places=2, default=Decimal(0))
    gross = models.DecimalField(_("total"), max_digits=14, decimal_places=2, default=Decimal(0))
    # offers.documents.snapshot.QuoteSnapshot as JSON; empty while it is a draft
    snapshot = models.JSONField(default=dict, blank=True, editable=False)
    verification_code = models.CharField(max_length=16, blank=True, editable=False)

    owner = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(_("made"))
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    viewed_at = models.DateTimeField(_("viewed"), null=True, blank=True)
    ended_at = models.DateTimeField(_("closed"), null=True, blank=True)
    # Who accepted, declined or asked for a change, in their own words
    answered_name = models.CharField(_("answered by"), max_length=120, blank=True)
    answered_role = models.CharField(_("role"), max_length=120, blank=True)
    # Set where an account manager took the answer on the telephone
    answered_for = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    decline_reason = models.CharField(_("reason"), max_length=12, choices=DeclineReason, blank=True)
    answer_words = models.TextField(_("in their words"), blank=True)
    change_asked_at = models.DateTimeField(null=True, blank=True)
    batch = models.ForeignKey(
        "offers.QuoteBatch", on_delete=models.SET_NULL, null=True, blank=True, related_name="quotes"
    )

    objects = PartnerManager.from_queryset(QuoteQuerySet)()

    class Meta:
        verbose_name = _("quote")
        verbose_name_plural = _("quotes")
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["partner", "number", "version"], name="quote_once_per_version", condition=~Q(number="")
            ),
            models.UniqueConstraint(
                fields=["verification_code"], name="quote_code_once", condition=~Q(verification_code="")
            ),
            models.CheckConstraint(
                name="quote_numbered_when_sent",
                condition=(Q(state=QuoteState.DRAFT, sent_at__isnull=True))
                | (~Q(state=QuoteState.DRAFT) & ~Q(number="") & Q(sent_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="quote_decline_has_reason", condition=~Q(state=QuoteState.DECLINED) | ~Q(decline_reason="")
            ),
        ]
        indexes = [
            models.Index(fields=["partner", "-created_at", "-id"], name="quote_by_time"),
            models.Index(fields=["partner", "state", "valid_until", "id"], name="quote_by_end"),
            models.Index(fields=["customer", "-created_at"], name="quote_by_customer"),
            models.Index(fields=["partner", "currency", "gross", "id"], name="quote_by_total"),
        ]

    def __str__(self) -> str:
        return self.number or str(_("Draft"))

    @property
    def is_draft(self) -> bool:
        return self.state == QuoteState.DRAFT

    @property
    def is_open(self) -> bool:
        """Whether the customer may still answer, its validity aside."""
        return self.state in OPEN_QUOTE_STATES


class QuoteLine(PartnerOwned):
    """One order to renew, or one certificate of another authority to move over, with what it costs."""

    quote = models.ForeignKey(Quote, on_delete=models.CASCADE, related_name="lines")
    position = models.PositiveSmallIntegerField()
    order = models.ForeignKey(Order, on_delete=models.PROTECT, null=True, blank=True, related_name="quote_lines")
    certificate = models.ForeignKey(
        Certificate, on_delete=models.PROTECT, null=True, blank=True, related_name="quote_lines"
    )
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="+", verbose_name=_("product"))
    term_years = models.PositiveSmallIntegerField(_("years"), default=1)
    names = models.JSONField(_("names"), default=list)
    # offers.rules.prices.Priced as JSON: the price that sending locks
    arithmetic = models.JSONField(default=dict)
    net = models.DecimalField(_("net"), max_digits=12, decimal_places=2, default=Decimal(0))
    # Last day of the new order: the same on whatever day it is accepted, for an order that has not ended
    new_ends_on = models.DateField(null=True, blank=True)

    objects = PartnerManager.from_queryset(PartnerQuerySet)()

    class Meta:
        verbose_name = _("line of a quote")
        verbose_name_plural = _("lines of quotes")
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["quote", "position"], name="quote_line_once_per_position"),
            models.UniqueConstraint(
                fields=["quote", "order"], name="quote_line_once_per_order", condition=Q(order__isnull=False)
            ),
            models.UniqueConstraint(
                fields=["quote", "certificate"],
                name="quote_line_once_per_certificate",
                condition=Q(certificate__isnull=False),
            ),
            models.CheckConstraint(
                name="quote_line_renews_or_moves", condition=Q(order__isnull=True) | Q(certificate__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quote} {self.position}"

    @property
    def host(self) -> str:
        return str(self.names[0]) if self.names else ""
