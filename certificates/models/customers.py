"""Customers of a partner, the people one writes to and calls, and what was noted about them."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from certificates.querysets import ContactQuerySet, CustomerQuerySet
from certificates.states import ContactRole, EmailState
from portal.access import PartnerManager, PartnerQuerySet
from portal.choices import Language, time_zones, validate_time_zone
from portal.models import Membership, PartnerOwned, User


class Customer(PartnerOwned):
    """A company that buys certificates from the partner; its owner is one of the partner's account managers.

    `key` is what imports recognise it by: "org:200039" for an organisation of the authority, "domain:example.org"
    where only the registrable domain is known, "manual:…" where a person made it.
    """

    key = models.CharField(max_length=200)
    name = models.CharField(_("name"), max_length=200)
    number = models.CharField(_("customer number"), max_length=60, blank=True)
    owner = models.ForeignKey(
        Membership,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="customers",
        verbose_name=_("owner"),
    )
    address = models.TextField(_("address"), blank=True)
    city = models.CharField(_("city"), max_length=120, blank=True)
    country = models.CharField(_("country"), max_length=2, blank=True)
    vat_number = models.CharField(_("VAT number"), max_length=20, blank=True)
    language = models.CharField(_("language"), max_length=2, choices=Language, default=Language.ENGLISH)
    notices_enabled = models.BooleanField(_("renewal notices"), default=True)
    last_contacted_at = models.DateTimeField(_("last contact"), null=True, blank=True)
    search_text = models.TextField(default="", editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = PartnerManager.from_queryset(CustomerQuerySet)()

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        ordering = ["name", "pk"]
        constraints = [models.UniqueConstraint(fields=["partner", "key"], name="customer_once_per_key")]
        indexes = [
            models.Index(fields=["partner", "name", "id"], name="customer_by_name"),
            models.Index(fields=["partner", "owner", "name"], name="customer_by_owner"),
            models.Index(fields=["partner"], name="customer_silent", condition=models.Q(notices_enabled=False)),
        ]

    def __str__(self) -> str:
        return self.name


class Contact(PartnerOwned):
    """A person at the customer, with the language and the hours in which to reach them."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="contacts")
    name = models.CharField(_("name"), max_length=200)
    role = models.CharField(_("role"), max_length=12, choices=ContactRole, default=ContactRole.TECHNICAL)
    job_title = models.CharField(_("job title"), max_length=120, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    # The address by which imports know the person, lower-case; it stays when somebody corrects the e-mail above.
    source_email = models.EmailField(blank=True, editable=False)
    phone = models.CharField(_("telephone"), max_length=40, blank=True)
    language = models.CharField(_("language"), max_length=2, choices=Language, default=Language.ENGLISH)
    time_zone = models.CharField(
        _("time zone"), max_length=64, default="UTC", choices=time_zones, validators=[validate_time_zone]
    )
    email_state = models.CharField(_("e-mail state"), max_length=10, choices=EmailState, default=EmailState.OK)
    email_state_reason = models.CharField(max_length=255, blank=True)
    email_state_at = models.DateTimeField(null=True, blank=True)
    search_text = models.TextField(default="", editable=False)

    objects = PartnerManager.from_queryset(ContactQuerySet)()

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                "customer", Lower("email"), name="contact_once_per_address", condition=~models.Q(email="")
            ),
        ]
        indexes = [models.Index(fields=["partner", "email_state"], name="contact_by_email_state")]

    def __str__(self) -> str:
        return self.name or self.email


class Note(PartnerOwned):
    """A remark somebody left about a customer, and perhaps about one of its orders. Notes are never edited."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="notes")
    order = models.ForeignKey(
        "certificates.Order", on_delete=models.CASCADE, null=True, blank=True, related_name="notes"
    )
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    text = models.TextField(_("note"))
    at = models.DateTimeField(_("when"))

    objects = PartnerManager.from_queryset(PartnerQuerySet)()

    class Meta:
        verbose_name = _("note")
        verbose_name_plural = _("notes")
        ordering = ["-at", "-pk"]
        constraints = [models.CheckConstraint(name="note_says_something", condition=~models.Q(text=""))]

    def __str__(self) -> str:
        return self.text[:60]
