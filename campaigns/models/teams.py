"""Instant messages to the partner's own team, when something needs a person: where to, and each one on its way."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from portal.access import PartnerManager, PartnerQuerySet
from portal.models import PartnerOwned


class TeamChannel(PartnerOwned):
    """A room of the partner's chat, or a program of theirs; its address is a secret and is stored sealed."""

    class Kind(models.TextChoices):
        SLACK = "slack", "Slack"
        TEAMS = "teams", "Microsoft Teams"
        WEBHOOK = "webhook", _("Webhook")

    name = models.CharField(_("name"), max_length=80)
    kind = models.CharField(_("kind"), max_length=7, choices=Kind)
    # portal.vault
    sealed_url = models.TextField(editable=False)
    sealed_secret = models.TextField(editable=False, blank=True)
    # Which events it wants to hear of; empty: all of them
    events = models.JSONField(_("events"), default=list, blank=True)
    is_active = models.BooleanField(_("in use"), default=True)
    # Switched off by us after too many failures, with the last of them
    stopped_because = models.TextField(blank=True)

    objects = PartnerManager.from_queryset(PartnerQuerySet)()

    class Meta:
        verbose_name = _("team channel")
        verbose_name_plural = _("team channels")
        ordering = ["name", "pk"]
        constraints = [models.UniqueConstraint(fields=["partner", "name"], name="team_channel_once_per_name")]

    def __str__(self) -> str:
        return self.name


class TeamMessageState(models.TextChoices):
    QUEUED = "queued", _("Waiting")
    CLAIMED = "claimed", _("Being sent")
    SENT = "sent", _("Sent")
    PARKED = "parked", _("Set aside")


class TeamMessage(PartnerOwned):
    """One message to one channel: claimed, posted, recorded; `key` says what it is about, so that it goes once."""

    channel = models.ForeignKey(TeamChannel, on_delete=models.CASCADE, related_name="messages")
    key = models.CharField(max_length=200)
    event = models.CharField(max_length=40)
    title = models.CharField(max_length=200)
    text = models.TextField(blank=True)
    url = models.URLField(max_length=500, blank=True)
    state = models.CharField(max_length=7, choices=TeamMessageState, default=TeamMessageState.QUEUED)
    due_at = models.DateTimeField()
    claimed_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    last_error = models.TextField(blank=True)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)

    objects = PartnerManager.from_queryset(PartnerQuerySet)()

    class Meta:
        verbose_name = _("team message")
        verbose_name_plural = _("team messages")
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["channel", "key"], name="team_message_once"),
            models.CheckConstraint(
                name="team_message_claim_has_lease",
                condition=~Q(state="claimed") | Q(claimed_until__isnull=False),
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at", "id"], name="team_message_due", condition=Q(state__in=["queued", "claimed"])
            ),
        ]

    def __str__(self) -> str:
        return self.title
