"""The states of orders, requests and addresses, and which of them count as what."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class AuthorityKind(models.TextChoices):
    SANDBOX = "sandbox", _("Embedded authority")
    CERTCENTRAL = "certcentral", "DigiCert CertCentral"
    OTHER = "other", _("Another authority")


class ValidationLevel(models.TextChoices):
    DV = "dv", _("Domain validated")
    OV = "ov", _("Organisation validated")
    EV = "ev", _("Extended validation")


class OrderStatus(models.TextChoices):
    PENDING = "pending", _("Pending")
    NEEDS_APPROVAL = "needs_approval", _("Waiting for approval")
    WAITING_PICKUP = "waiting_pickup", _("Waiting for pickup")
    ISSUED = "issued", _("Issued")
    REISSUE_PENDING = "reissue_pending", _("Reissue pending")
    REVOKED = "revoked", _("Revoked")
    REJECTED = "rejected", _("Rejected")
    CANCELED = "canceled", _("Cancelled")
    UNKNOWN = "unknown", _("Unknown")


LIVE_ORDER_STATES = (OrderStatus.ISSUED, OrderStatus.REISSUE_PENDING)
WAITING_ORDER_STATES = (OrderStatus.PENDING, OrderStatus.NEEDS_APPROVAL, OrderStatus.WAITING_PICKUP)


class RenewalMark(models.TextChoices):
    """Why an order counts as renewed; only NONE stands in the lists of what expires."""

    NONE = "none", _("Not renewed")
    IN_HAND = "in_hand", _("Renewal in hand")
    RENEWED = "renewed", _("Renewed")
    ELSEWHERE = "elsewhere", _("Renewed elsewhere")


class CertificateStatus(models.TextChoices):
    ISSUED = "issued", _("Issued")
    REVOKED = "revoked", _("Revoked")


class RequestKind(models.TextChoices):
    RENEWAL = "renewal", _("Renewal")
    NEW = "new", _("New order")
    REISSUE = "reissue", _("Reissue")


class RequestState(models.TextChoices):
    """waiting_key, waiting_approval → queued → placing → placed → issued; failed, rejected and cancelled leave."""

    WAITING_KEY = "waiting_key", _("Waiting for a key request")
    WAITING_APPROVAL = "waiting_approval", _("Waiting for approval")
    QUEUED = "queued", _("Queued")
    PLACING = "placing", _("Being placed")
    PLACED = "placed", _("Placed, waiting for the authority")
    ISSUED = "issued", _("Issued")
    FAILED = "failed", _("Failed")
    REJECTED = "rejected", _("Rejected")
    CANCELED = "canceled", _("Cancelled")


OPEN_REQUEST_STATES = (
    RequestState.WAITING_KEY,
    RequestState.WAITING_APPROVAL,
    RequestState.QUEUED,
    RequestState.PLACING,
    RequestState.PLACED,
)
# Nothing came of it.
ENDED_STATES = (RequestState.FAILED, RequestState.REJECTED, RequestState.CANCELED)
# The only ones in which a request may be without the key it is to certify.
KEYLESS_STATES = (RequestState.WAITING_KEY, RequestState.REJECTED, RequestState.CANCELED)
# A renewal in one of these keeps its order out of every list and queue.
RENEWING_STATES = (*OPEN_REQUEST_STATES, RequestState.ISSUED)


class EmailState(models.TextChoices):
    OK = "ok", _("Reachable")
    BOUNCED = "bounced", _("Bounced")
    COMPLAINED = "complained", _("Complained")


class ContactRole(models.TextChoices):
    TECHNICAL = "technical", _("Technical contact")
    ORGANIZATION = "organization", _("Organisation contact")
    BUYER = "buyer", _("Buyer")
    MANAGER = "manager", _("Manager")
