"""Offers that make renewing early worthwhile, which orders they have reached, and every time one was used."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

from certificates.models import Customer, Order
from offers.querysets import OfferQuerySet
from portal.access import PartnerManager, PartnerQuerySet
from portal.choices import Currency
from portal.models import PartnerOwned, User

_PERCENT = [MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(100))]


class OfferStatus(StrEnum):
    """What an offer is at one moment; computed from its state and its period."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    LIVE = "live"
    PAUSED = "paused"
    ENDED = "ended"


class Offer(PartnerOwned):
    """One incentive: what it takes off, for whom, when, and how often.

    Once published its terms stand for ever, so that an order's history can be told; it may be paused, resumed, ended,
    renamed, or given an earlier end. A change is a copy. Empty lists mean everybody.
    """

    class Kind(models.TextChoices):
        PERCENT = "percent", _("Percent off")
        AMOUNT = "amount", _("Amount off")
        UPGRADE_SAME_PRICE = "upgrade_same_price", _("Upgrade at the present price")
        UPGRADE_PERCENT = "upgrade_percent", _("Percent off an upgrade")
        LONGER_PLAN = "longer_plan", _("Percent off a longer plan")
        EXTRA_NAMES = "extra_names", _("Further names free")
        CONSOLIDATION = "consolidation", _("Percent off a certificate moved to us")

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        PUBLISHED = "published", _("Published")
        PAUSED = "paused", _("Paused")
        ENDED = "ended", _("Ended")

    name = models.CharField(_("name"), max_length=120, help_text=_("What your colleagues call it."))
    # What customers read; where one language is missing the other is shown.
    words_en = models.CharField(_("words for customers, English"), max_length=160, blank=True)
    words_fr = models.CharField(_("words for customers, French"), max_length=160, blank=True)
    state = models.CharField(_("state"), max_length=9, choices=State, default=State.DRAFT)
    kind = models.CharField(_("what it gives"), max_length=20, choices=Kind, default=Kind.PERCENT)
    percent = models.DecimalField(
        _("percent"), max_digits=5, decimal_places=2, null=True, blank=True, validators=_PERCENT
    )
    amount = models.DecimalField(_("amount"), max_digits=12, decimal_places=2, null=True, blank=True)
    currency = models.CharField(_("currency"), max_length=3, choices=Currency, blank=True)
    min_term_years = models.PositiveSmallIntegerField(_("from how many years"), null=True, blank=True)
    free_names = models.PositiveSmallIntegerField(_("names free of charge"), null=True, blank=True)
    # `name_id`s of products; empty: every published upgrade
    upgrade_targets = models.JSONField(_("upgrades to"), default=list, blank=True)

    # Empty: it applies by itself. A code is asked for, and is not bound to the days before the end.
    code = models.CharField(_("code"), max_length=40, blank=True)
    stacks = models.BooleanField(_("adds to other offers"), default=False)
    floor_margin = models.DecimalField(
        _("never below this margin, percent"),
        max_digits=5,
        decimal_places=2,
        null=True,
        blank=True,
        validators=_PERCENT,
    )
    spend_cap = models.DecimalField(_("gives away at most"), max_digits=14, decimal_places=2, null=True, blank=True)
    redemption_limit = models.PositiveIntegerField(_("may be used so often"), null=True, blank=True)
    customer_limit = models.PositiveIntegerField(_("times per customer"), null=True, blank=True)
    # Kept under the offer's row lock together with the rows of Redemption; the checks below hold whatever happens.
    redeemed = models.PositiveIntegerField(default=0, editable=False)
    spent = models.DecimalField(max_digits=14, decimal_places=2, default=Decimal(0), editable=False)

    # Who: of the present product, and of the customer. Lists of words or primary keys, each compared with the order's
    # own; a stranger's key would match nothing.
    families = models.JSONField(_("brands"), default=list, blank=True)
    products = models.JSONField(_("products"), default=list, blank=True)
    levels = models.JSONField(_("validation levels"), default=list, blank=True)
    price_levels = models.JSONField(_("price levels"), default=list, blank=True)
    customers = models.JSONField(_("customers"), default=list, blank=True)
    # of memberships
    owners = models.JSONField(_("owners"), default=list, blank=True)
    countries = models.JSONField(_("countries"), default=list, blank=True)
    min_orders = models.PositiveIntegerField(_("customers with at least so many orders"), null=True, blank=True)
    max_orders = models.PositiveIntegerField(_("customers with at most so many orders"), null=True, blank=True)
    first_renewal = models.BooleanField(_("first renewals only"), default=False)
    # Whole days before the order's end; negative is after it
    days_from = models.SmallIntegerField(_("from days before the end"), default=90)
    days_until = models.SmallIntegerField(_("until days before the end"), default=-30)
    # Which orders these are is drawn once for each and its renewals (offers.rules.arms).
    trial_percent = models.PositiveSmallIntegerField(
        _("try it on a share of the orders"), default=100, validators=[MinValueValidator(1), MaxValueValidator(100)]
    )

    starts_at = models.DateTimeField(_("starts"))
    ends_at = models.DateTimeField(_("ends"), null=True, blank=True)
    published_at = models.DateTimeField(null=True, blank=True)
    # Forecast kept from the press of "Publish", so that results can be held against it
    forecast = models.JSONField(default=dict, blank=True, editable=False)
    copied_from = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="copies")
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = PartnerManager.from_queryset(OfferQuerySet)()

    class Meta:
        verbose_name = _("offer")
        verbose_name_plural = _("offers")
        ordering = ["-starts_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                "partner", Upper("code"), name="offer_once_per_code", condition=~Q(code="") & ~Q(state="ended")
            ),
            models.CheckConstraint(
                name="offer_ends_after_it_starts", condition=Q(ends_at__isnull=True) | Q(ends_at__gt=F("starts_at"))
            ),
            models.CheckConstraint(
                name="offer_within_its_limit",
                condition=Q(redemption_limit__isnull=True) | Q(redeemed__lte=F("redemption_limit")),
            ),
            models.CheckConstraint(
                name="offer_within_its_cap", condition=Q(spend_cap__isnull=True) | Q(spent__lte=F("spend_cap"))
            ),
            models.CheckConstraint(
                name="offer_percent", condition=Q(percent__isnull=True) | Q(percent__gt=0, percent__lte=100)
            ),
            models.CheckConstraint(
                name="offer_amount_has_currency",
                condition=Q(amount__isnull=True) | (Q(amount__gt=0) & ~Q(currency="")),
            ),
            models.CheckConstraint(name="offer_trial_percent", condition=Q(trial_percent__range=(1, 100))),
            models.CheckConstraint(name="offer_days_in_order", condition=Q(days_from__gte=F("days_until"))),
            # Starting late would pay customers for waiting.
            models.CheckConstraint(
                name="automatic_offer_begins_with_the_window", condition=~Q(code="") | Q(days_from__gte=90)
            ),
        ]
        indexes = [models.Index(fields=["partner", "state", "starts_at"], name="offer_by_state")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_automatic(self) -> bool:
        return not self.code

    def status(self, now: datetime) -> OfferStatus:
        """Where it stands at the moment."""
        if self.state == self.State.DRAFT:
            return OfferStatus.DRAFT
        if self.state == self.State.ENDED or (self.ends_at and self.ends_at <= now):
            return OfferStatus.ENDED
        if self.state == self.State.PAUSED:
            return OfferStatus.PAUSED
        return OfferStatus.SCHEDULED if self.starts_at > now else OfferStatus.LIVE

    def words(self, language: str) -> str:
        """What a customer reads, in the language where it was written."""
        ours, theirs = (self.words_fr, self.words_en) if language == "fr" else (self.words_en, self.words_fr)
        return ours or theirs or self.name


class Reach(PartnerOwned):
    """At this moment the order was reached by these automatic offers, and no choice of it could have more.

    A row is written when they change. The ceiling of a choice is the lowest of the order's rows, so its discount never
    rises as the end nears (offers.rules.ceilings). No offer is a row too: the order had been reached, and was offered
    nothing.
    """

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="reaches")
    since = models.DateTimeField()
    offers = models.JSONField(default=list)
    # Shares of the list price, from 0 to 1, by choice: {"ssl_basic/1": "0.1"}
    ceilings = models.JSONField(default=dict)

    objects = PartnerManager.from_queryset(PartnerQuerySet)()

    class Meta:
        verbose_name = _("reach")
        verbose_name_plural = _("reaches")
        ordering = ["since", "pk"]
        constraints = [models.UniqueConstraint(fields=["order", "since"], name="reach_once_per_moment")]

    def __str__(self) -> str:
        return f"{self.order_id} {self.offers}"


class Redemption(PartnerOwned):
    """One use of an offer: held by an open quote, used by a renewal or new order, or given back."""

    class State(models.TextChoices):
        HELD = "held", _("Held by a quote")
        USED = "used", _("Used")
        RELEASED = "released", _("Given back")

    offer = models.ForeignKey(Offer, on_delete=models.PROTECT, related_name="redemptions")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    # What it was used for, once: "order:17" for its renewal, "certificate:40" for moving it to us, "request:40" for
    # another new order
    subject = models.CharField(max_length=40)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, null=True, blank=True, related_name="redemptions")
    # Counted from one within the offer: two uses cannot take the same place, so a limit holds without luck.
    place = models.PositiveIntegerField()
    amount = models.DecimalField(_("amount"), max_digits=12, decimal_places=2)
    currency = models.CharField(max_length=3, choices=Currency)
    state = models.CharField(max_length=8, choices=State, default=State.USED)
    at = models.DateTimeField(_("when"))

    objects = PartnerManager.from_queryset(PartnerQuerySet)()

    class Meta:
        verbose_name = _("use of an offer")
        verbose_name_plural = _("uses of offers")
        ordering = ["-at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["offer", "subject"], name="redemption_once_per_subject", condition=~Q(state="released")
            ),
            models.UniqueConstraint(
                fields=["offer", "place"], name="redemption_one_per_place", condition=~Q(state="released")
            ),
            models.CheckConstraint(name="redemption_saves_something", condition=Q(amount__gt=0)),
        ]
        indexes = [models.Index(fields=["partner", "order"], name="redemption_by_order")]

    def __str__(self) -> str:
        return f"{self.offer} {self.subject}"
