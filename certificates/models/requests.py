"""What was asked of the authority: renewals, new orders and reissues, each stored before anyone is called."""

from __future__ import annotations

import secrets
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from certificates.models.customers import Customer
from certificates.models.orders import Certificate, Order
from certificates.models.products import Product
from certificates.models.validations import Organization
from certificates.querysets import RequestQuerySet
from certificates.states import (
    KEYLESS_STATES,
    OPEN_REQUEST_STATES,
    RENEWING_STATES,
    AuthorityKind,
    RequestKind,
    RequestState,
)
from portal.access import PartnerManager
from portal.models import PartnerOwned, User


def new_reference() -> str:
    """Our own name for a request at the authority: 128 random bits, by which it is looked up before any retry."""
    return secrets.token_hex(16)


class Request(PartnerOwned):
    """One intent to have something issued, and how far it has come.

    The row is committed before the authority is called; `sent_at` says that a call may have arrived, so the next
    worker looks the reference up instead of placing it again. One open request of a kind per order; an issued
    renewal also bars a second one, as an issued new order does for the certificate it moves over to us.
    """

    kind = models.CharField(_("kind"), max_length=8, choices=RequestKind)
    state = models.CharField(_("state"), max_length=16, choices=RequestState, default=RequestState.QUEUED)
    reference = models.CharField(max_length=40, unique=True, default=new_reference, editable=False)
    authority = models.CharField(_("authority"), max_length=12, choices=AuthorityKind)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="requests")
    # The order to renew or reissue; none for a new order
    order = models.ForeignKey(Order, on_delete=models.PROTECT, null=True, blank=True, related_name="requests")
    # The certificate of another authority that a new order takes the place of
    moves = models.ForeignKey(Certificate, on_delete=models.PROTECT, null=True, blank=True, related_name="moved_by")
    # What came of it: the new order, or the same one for a reissue
    result = models.ForeignKey(Order, on_delete=models.PROTECT, null=True, blank=True, related_name="placed_by")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, verbose_name=_("product"))
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    common_name = models.CharField(_("common name"), max_length=253)
    names = models.JSONField(_("names"), default=list)
    # Empty while it waits for a key: what was agreed can be ordered before its server has made one.
    csr = models.TextField(blank=True)
    term_years = models.PositiveSmallIntegerField(_("validity in years"), default=1)
    purchase_order = models.CharField(_("purchase order"), max_length=60, blank=True)
    # What was agreed for it, tax excluded; the new order takes it over. Unknown where no price was agreed.
    price = models.DecimalField(_("price"), max_digits=12, decimal_places=2, null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    # Where it came from: "staff", "auto_renew", later a letter or an offer; opaque to this app
    source = models.CharField(max_length=60, default="staff")
    # What the person was told: days kept and ends as they stood at the press (ISO dates and whole days)
    promise = models.JSONField(default=dict, blank=True)

    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    # Who asked, where it was a reader of a link: nobody was signed in.
    asked_by = models.CharField(_("asked for by"), max_length=200, blank=True)
    requested_at = models.DateTimeField(_("requested"))
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    due_at = models.DateTimeField()
    claimed_until = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    # Somebody wants it dropped; the worker tells the authority, whose answer decides.
    cancel_asked_at = models.DateTimeField(null=True, blank=True)
    authority_number = models.CharField(_("order number"), max_length=40, blank=True)
    # What the authority asks to be proved: [{"kind", "name", "where", "value", "done"}]
    steps = models.JSONField(default=list, blank=True)
    last_error = models.TextField(_("last error"), blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = PartnerManager.from_queryset(RequestQuerySet)()

    class Meta:
        verbose_name = _("request")
        verbose_name_plural = _("requests")
        ordering = ["-requested_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["order"],
                name="request_one_renewal_per_order",
                condition=Q(kind=RequestKind.RENEWAL, state__in=RENEWING_STATES),
            ),
            models.UniqueConstraint(
                fields=["order"],
                name="request_one_open_reissue_per_order",
                condition=Q(kind=RequestKind.REISSUE, state__in=OPEN_REQUEST_STATES),
            ),
            models.UniqueConstraint(
                fields=["moves"],
                name="request_one_order_per_certificate_moved",
                condition=Q(moves__isnull=False, state__in=RENEWING_STATES),
            ),
            models.CheckConstraint(
                name="request_new_has_no_order",
                condition=Q(kind=RequestKind.NEW, order__isnull=True)
                | (~Q(kind=RequestKind.NEW) & Q(order__isnull=False)),
            ),
            models.CheckConstraint(name="request_has_its_key", condition=Q(state__in=KEYLESS_STATES) | ~Q(csr="")),
            models.CheckConstraint(
                name="request_claim_has_lease",
                condition=~Q(state=RequestState.PLACING) | Q(claimed_until__isnull=False),
            ),
            models.CheckConstraint(
                name="request_issued_has_result",
                condition=~Q(state=RequestState.ISSUED) | Q(result__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["due_at", "id"], name="request_due", condition=Q(state__in=OPEN_REQUEST_STATES)),
            models.Index(fields=["partner", "state", "-requested_at", "-id"], name="request_by_state"),
            models.Index(fields=["partner", "-requested_at", "-id"], name="request_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.common_name}"

    @property
    def person(self) -> str:
        """Who asked for it; empty where nobody did, as for automatic renewals."""
        return str(self.requested_by) if self.requested_by else self.asked_by

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_REQUEST_STATES


class RenewalManager(PartnerManager.from_queryset(RequestQuerySet)):  # type: ignore[misc]
    def get_queryset(self) -> Any:
        return super().get_queryset().filter(kind=RequestKind.RENEWAL)


class Renewal(Request):
    """A request that renews an order: at most one per order that is open or issued."""

    objects: ClassVar[RenewalManager] = RenewalManager()

    class Meta:
        proxy = True
        verbose_name = _("renewal")
        verbose_name_plural = _("renewals")
