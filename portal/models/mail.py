"""Letters on their way out: each is a row with a state, claimed by one worker at a time."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from portal.access import PartnerManager, PartnerQuerySet
from portal.models.base import PartnerOwned
from portal.models.partners import Partner
from portal.models.sending import SendingHold


class MailState(models.TextChoices):
    QUEUED = "queued", _("Waiting")
    CLAIMED = "claimed", _("Being sent")
    SENT = "sent", _("Sent")
    PARKED = "parked", _("Set aside")
    SUPPRESSED = "suppressed", _("Not sent")
    WITHDRAWN = "withdrawn", _("No longer needed")


class MailPurpose(models.TextChoices):
    SIGN_IN = "sign_in", _("Sign-in")
    SERVICE = "service", _("Service")
    QUOTE = "quote", _("Quote")
    NOTICE = "notice", _("Notice")
    OFFER = "offer", _("Offer")


UNSENT = (MailState.QUEUED, MailState.CLAIMED)
# SQLite takes an index of some rows only where these stand in the question itself: parameters it does not look into.
_WRITTEN_OUT = models.Func(
    models.F("state"),
    template="%(expressions)s IN ({})".format(", ".join(f"'{state}'" for state in UNSENT)),
    output_field=models.BooleanField(),
)
# Sent to many at once: counted, held and asked about, while whoever waits for an answer gets it.
MASS_PURPOSES = (MailPurpose.NOTICE, MailPurpose.OFFER)
# Somebody has asked for each of these, and waits: no cap keeps them.
UNCAPPED_PURPOSES = (MailPurpose.SIGN_IN, MailPurpose.QUOTE)
# Their letters hold a code, or a link that opens something for whoever reads it.
SECRET_PURPOSES = (MailPurpose.SIGN_IN, MailPurpose.QUOTE, MailPurpose.NOTICE, MailPurpose.OFFER)


class Waiting(models.TextChoices):
    """Why a letter that could leave waits."""

    ADDRESS_CAP = "address_cap", _("The reader has had as many letters as one gets in a day")
    PARTNER_CAP = "partner_cap", _("The house has sent as many letters as it may in a day")


class MailReason(models.TextChoices):
    """Why a letter has come to its end; stored with it, for apps above and for people."""

    SENT = "sent", _("The mail server has taken it")
    WITHDRAWN = "withdrawn", _("It was taken back")
    UNTRUE = "untrue", _("What it says is no longer so")
    LATE = "late", _("Its time had passed")
    REFUSED = "refused", _("An administrator has stopped it")
    SWITCHED_OFF = "switched_off", _("The address is switched off")
    GONE = "gone", _("The address does not exist")
    UNANSWERED = "unanswered", _("Handed over twice, and never an answer")
    SERVER = "server", _("The mail server refused it")
    TOO_OFTEN = "too_often", _("The mail server put it off too often")
    UNWRITABLE = "unwritable", _("The letter could not be written")


class OutgoingMailQuerySet(PartnerQuerySet["OutgoingMail"]):
    """Questions about letters. Conditions on other tables are EXISTS, so that a claim re-checks the row itself."""

    def due(self, now: datetime) -> OutgoingMailQuerySet:
        """Waiting and due, or claimed by a worker that has been silent for longer than its lease."""
        waiting = models.Q(state=MailState.QUEUED, due_at__lte=now)
        return self.unsent().filter(waiting | _silent(now))

    def mass(self) -> OutgoingMailQuerySet:
        return self.filter(purpose__in=MASS_PURPOSES)

    def unsent(self) -> OutgoingMailQuerySet:
        """Waiting, or being sent."""
        return self.filter(_WRITTEN_OUT)

    def asked_about(self) -> OutgoingMailQuerySet:
        """Kept back until an administrator has answered."""
        return self.filter(_held())

    def urgent(self) -> OutgoingMailQuerySet:
        """Letters that somebody is waiting for at a screen."""
        return self.filter(purpose=MailPurpose.SIGN_IN)

    def suppressed(self) -> OutgoingMailQuerySet:
        """To an address that the letter's partner must not write to, or not with offers."""
        return self.filter(switched_off())

    def claimable(self, now: datetime) -> OutgoingMailQuerySet:
        """Due and in time, still wanted, of a partner that sends, to an address that has not been switched off.

        What apps above know to have become untrue is for `portal.mail.wanted` to leave out.
        """
        active = Partner.objects.filter(pk=models.OuterRef("partner"), is_active=True)
        sending = models.Q(partner=None) | models.Exists(active)
        passed = ~switched_off() & ~late(now) & ~unanswered_twice(now) & ~_held()
        return self.due(now).filter(sending, passed, is_wanted=True)


def _silent(now: datetime) -> models.Q:
    """Claimed longer ago than the lease by a worker that has said nothing since."""
    return models.Q(state=MailState.CLAIMED, claimed_until__lte=now)


def unanswered_twice(now: datetime) -> models.Q:
    """Nobody knows whether it arrived, and it has gone once more already."""
    return _silent(now) & models.Q(is_handing=True, unanswered__gte=1)


def late(now: datetime) -> models.Q:
    """Past the moment by which they were to leave. What may have left once is not told anew: it goes once more."""
    return models.Q(state=MailState.QUEUED, leave_by__lte=now, unanswered=0)


def _held() -> models.Q:
    """Mass letters while a question about them is open; those of an answered one pass, unless a person holds all."""
    asked = _holds().filter(kind=SendingHold.Kind.GUARD)
    by_hand = _holds().filter(kind=SendingHold.Kind.BY_HAND)
    kept = models.Q(models.Exists(asked), is_released=False) | models.Q(models.Exists(by_hand))
    return kept & models.Q(purpose__in=MASS_PURPOSES)


def _holds() -> models.QuerySet[SendingHold]:
    return SendingHold.objects.filter(partner=models.OuterRef("partner"), answer="")


def switched_off() -> models.Q:
    """The partner must not write to this address; readers who are unsubscribed get no offers, but the rest."""
    reason = SuppressedAddress.Reason
    never = _listed(reason.BOUNCED, reason.COMPLAINED)
    no_offers = _listed(reason.UNSUBSCRIBED)
    return models.Q(models.Exists(never)) | models.Q(models.Exists(no_offers), purpose=MailPurpose.OFFER)


def _listed(*reasons: str) -> models.QuerySet[SuppressedAddress]:
    of_letter = SuppressedAddress.objects.annotate(address=Lower("email")).filter(
        partner=models.OuterRef("partner"), address=Lower(models.OuterRef("to_email"))
    )
    return of_letter.filter(reason__in=reasons)


class OutgoingMail(models.Model):
    """One letter to one address. Sign-in letters have no partner; all others belong to one.

    `key` is the business key: asking for the same letter twice makes one row. `message_id` follows from it, so a
    letter handed over twice after a crash is recognisable as the same.
    """

    partner = models.ForeignKey(
        "portal.Partner", on_delete=models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )
    key = models.CharField(max_length=200, unique=True)
    message_id = models.CharField(max_length=255, unique=True)
    purpose = models.CharField(max_length=10, choices=MailPurpose)
    to_email = models.EmailField(_("to"))
    to_name = models.CharField(max_length=200, blank=True)
    from_email = models.CharField(max_length=400, blank=True)
    reply_to = models.CharField(max_length=320, blank=True)
    subject = models.CharField(_("subject"), max_length=255)
    text = models.TextField()
    html = models.TextField(blank=True)
    headers = models.JSONField(default=dict, blank=True)
    # Printed in the letter, so that its reader can ask whether we sent it; empty where a letter bears none.
    code = models.CharField(_("verification code"), max_length=20, blank=True)

    state = models.CharField(_("state"), max_length=10, choices=MailState, default=MailState.QUEUED)
    # Turned off by whoever asked for the letter once it has become untrue; the claim re-checks it.
    is_wanted = models.BooleanField(default=True)
    due_at = models.DateTimeField(_("due"))
    # Names the batch that holds the letter; whoever lost it to another worker after the lease records nothing.
    claim = models.CharField(max_length=32, blank=True, default="", editable=False)
    claimed_until = models.DateTimeField(null=True, blank=True)
    # A letter about a moment, or within hours, is not sent after this; whoever asked for it is told.
    leave_by = models.DateTimeField(null=True, blank=True)
    # Set before the letter is handed over: without it, a letter whose lease has run out has certainly not left.
    is_handing = models.BooleanField(default=False, editable=False)
    # How often a lease ran out without an answer: handed over once more, then set aside.
    unanswered = models.PositiveSmallIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    last_error = models.TextField(_("last error"), blank=True)
    reason = models.CharField(_("reason"), max_length=12, choices=MailReason, blank=True)
    waits = models.CharField(_("waits because"), max_length=12, choices=Waiting, blank=True)
    # The partner's day whose caps count this letter
    counted_on = models.DateField(null=True, blank=True, editable=False)
    # An administrator was asked about the mass of which it is part, and let it go.
    is_released = models.BooleanField(default=False, editable=False)
    # Apps above have heard what became of it.
    is_told = models.BooleanField(default=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)

    objects = PartnerManager.from_queryset(OutgoingMailQuerySet)()

    class Meta:
        verbose_name = _("outgoing letter")
        verbose_name_plural = _("outgoing letters")
        ordering = ["due_at", "pk"]
        indexes = [
            models.Index(
                fields=["due_at", "id"],
                name="mail_due",
                condition=models.Q(state__in=[MailState.QUEUED, MailState.CLAIMED]),
            ),
            # A sign-in code must not wait behind a hundred thousand notices.
            models.Index(
                fields=["due_at", "id"],
                name="mail_urgent",
                condition=models.Q(state__in=[MailState.QUEUED, MailState.CLAIMED], purpose=MailPurpose.SIGN_IN),
            ),
            models.Index(fields=["claim"], name="mail_claim", condition=~models.Q(claim="")),
            # How much a partner wants to send at once
            models.Index(
                fields=["partner", "due_at"],
                name="mail_mass",
                condition=models.Q(state__in=UNSENT, purpose__in=MASS_PURPOSES),
            ),
            models.Index(fields=["id"], name="mail_untold", condition=models.Q(is_told=False)),
            # What was written to one reader, in the reader's own list
            models.Index("partner", Lower("to_email"), models.F("sent_at").desc(), name="mail_by_reader"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["code"], name="mail_code_once", condition=~models.Q(code="")),
            models.CheckConstraint(
                name="mail_claim_has_lease",
                condition=~models.Q(state=MailState.CLAIMED) | models.Q(claimed_until__isnull=False),
            ),
            models.CheckConstraint(
                name="mail_without_partner_is_sign_in",
                condition=models.Q(partner__isnull=False) | models.Q(purpose=MailPurpose.SIGN_IN),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject} → {self.to_email}"


class SuppressedAddress(PartnerOwned):
    """An address a partner must not write to, and why."""

    class Reason(models.TextChoices):
        BOUNCED = "bounced", _("The address does not exist")
        COMPLAINED = "complained", _("The reader complained")
        UNSUBSCRIBED = "unsubscribed", _("The reader does not want offers")

    email = models.EmailField(_("e-mail"))
    reason = models.CharField(_("reason"), max_length=12, choices=Reason)
    detail = models.TextField(blank=True)
    at = models.DateTimeField()

    objects = PartnerManager.from_queryset(PartnerQuerySet)()

    class Meta:
        verbose_name = _("switched-off address")
        verbose_name_plural = _("switched-off addresses")
        constraints = [
            models.UniqueConstraint("partner", Lower("email"), "reason", name="suppressed_once_per_reason"),
        ]

    def __str__(self) -> str:
        return self.email
