"""Messages to the partner's own team, when something needs a person: rows first, then posted, each once.

Claim, commit, post, record: whoever is killed in between leaves a claim that ends by itself, and the room sees a
message twice at worst, under the same id.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import transaction
from django.db.models import F, Max, Q, QuerySet

from campaigns.models import TeamChannel, TeamMessage
from campaigns.models.teams import TeamMessageState as State
from portal import activities, http, vault
from portal.access import across_partners
from portal.http import Answer
from portal.models import Partner, User
from portal.outbound import NotReached

log = structlog.get_logger(__name__)

Kind = TeamChannel.Kind
BATCH = 20
LEASE = timedelta(minutes=2)
# After the n-th failure a message waits so long; after the last it is set aside and the channel is switched off.
WAITS = (timedelta(seconds=30), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2))
# What they answer when the room or the hook is gone for good
GONE = (401, 403, 404, 410)

Post = Callable[..., Answer]


@dataclass(frozen=True, slots=True)
class Posted:
    """What one run did, in messages."""

    sent: int = 0
    later: int = 0
    parked: int = 0


def tell_team(
    partner: Partner, event: str, *, key: str, title: str, text: str = "", url: str = "", now: datetime
) -> int:
    """Queue one message for every channel that wants to hear of the event; asked again with the same key, none."""
    channels = TeamChannel.objects.for_partner(partner).filter(is_active=True)
    wanting = [one for one in channels if not one.events or event in one.events]
    rows = [
        TeamMessage(
            partner=partner,
            channel=channel,
            key=key,
            event=event,
            title=title[:200],
            text=text,
            url=url,
            due_at=now,
            created_at=now,
        )
        for channel in wanting
    ]
    TeamMessage.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def post_due(*, now: datetime, post: Post = http.post, limit: int = BATCH) -> Posted:
    """Post what is due, the oldest first."""
    with across_partners():
        due = list(_due(now).order_by("due_at", "pk").values_list("pk", flat=True)[:limit])
        outcomes = [_post_one(pk, now, post) for pk in due]
    return Posted(*(outcomes.count(state) for state in (State.SENT, State.QUEUED, State.PARKED)))


def _due(now: datetime) -> QuerySet[TeamMessage]:
    waiting = Q(state=State.QUEUED, due_at__lte=now) | Q(state=State.CLAIMED, claimed_until__lte=now)
    rows: QuerySet[TeamMessage] = TeamMessage.objects.filter(waiting)
    return rows.filter(channel__is_active=True, partner__is_active=True)


def _post_one(pk: int, now: datetime, post: Post) -> State | None:
    claimed = _due(now).filter(pk=pk).update(state=State.CLAIMED, claimed_until=now + LEASE, attempts=F("attempts") + 1)
    if not claimed:
        return None
    message = TeamMessage.objects.select_related("channel").get(pk=pk)
    try:
        answer = send(message, now=now, post=post)
    except NotReached as error:
        return _failed(message, f"not reached: {error.problem.value}", now)
    if answer.is_good:
        return _record(message, state=State.SENT, sent_at=now, claimed_until=None, last_error="")
    return _failed(message, f"HTTP {answer.status}", now, for_good=answer.status in GONE)


def send(message: TeamMessage, *, now: datetime, post: Post = http.post) -> Answer:
    """Post one message as its channel wants it. Raises NotReached."""
    channel: TeamChannel = message.channel
    body = json.dumps(_payload(message)).encode()
    headers = {"Content-Type": "application/json", **_signature(message, body, now)}
    return post(vault.decrypt(channel.sealed_url.encode()).decode(), body, headers=headers)


def _failed(message: TeamMessage, error: str, now: datetime, *, for_good: bool = False) -> State:
    log.info("team_message_not_sent", message=message.pk, error=error)
    if for_good or message.attempts > len(WAITS):
        _stop(message.channel, error)
        return _record(message, state=State.PARKED, claimed_until=None, last_error=error)
    due_at = now + WAITS[message.attempts - 1]
    return _record(message, state=State.QUEUED, claimed_until=None, due_at=due_at, last_error=error)


def _record(message: TeamMessage, *, state: State, **values: Any) -> State:
    TeamMessage.objects.filter(pk=message.pk, state=State.CLAIMED).update(state=state, **values)
    return state


def _stop(channel: TeamChannel, error: str) -> None:
    TeamChannel.objects.filter(pk=channel.pk).update(is_active=False, stopped_because=error)


# What each kind of room reads


def _payload(message: TeamMessage) -> Mapping[str, Any]:
    match message.channel.kind:
        case Kind.SLACK:
            return _slack(message)
        case Kind.TEAMS:
            return _teams(message)
    return {
        "type": message.event,
        "timestamp": message.created_at.isoformat(),
        "data": {"title": message.title, "text": message.text, "url": message.url},
    }


def _slack(message: TeamMessage) -> Mapping[str, Any]:
    """Slack reads &, < and > as marks of its own; escaped, words of customers make no links and call nobody."""
    title, text = _escaped(message.title), _escaped(message.text)
    line = f"<{message.url}|{title}>" if message.url else f"*{title}*"
    return {"text": f"{line}\n{text}".strip(), "unfurl_links": False}


def _escaped(words: str) -> str:
    return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _teams(message: TeamMessage) -> Mapping[str, Any]:
    """An adaptive card, as the workflows of Teams take it; text runs read no marks."""
    lines: list[Mapping[str, Any]] = [_run(message.title, weight="bolder")]
    if message.text:
        lines.append(_run(message.text))
    actions = [{"type": "Action.OpenUrl", "title": "→", "url": message.url}] if message.url else []
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": lines,
        "actions": actions,
    }
    content = {"contentType": "application/vnd.microsoft.card.adaptive", "content": card}
    return {"type": "message", "attachments": [content]}


def _run(words: str, **look: str) -> Mapping[str, Any]:
    return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": words, **look}]}


def _signature(message: TeamMessage, body: bytes, now: datetime) -> dict[str, str]:
    """The headers of Standard Webhooks: who receives one can tell that it is ours, fresh, and not seen before."""
    channel: TeamChannel = message.channel
    if channel.kind != Kind.WEBHOOK:
        return {}
    secret = base64.b64decode(vault.decrypt(channel.sealed_secret.encode()).decode().removeprefix("whsec_"))
    name, moment = f"msg_{message.pk}", str(int(now.timestamp()))
    signed = hmac.new(secret, f"{name}.{moment}.".encode() + body, hashlib.sha256).digest()
    return {
        "webhook-id": name,
        "webhook-timestamp": moment,
        "webhook-signature": f"v1,{base64.b64encode(signed).decode()}",
    }


# What administrators do


@transaction.atomic
def save_channel(channel: TeamChannel, *, url: str, actor: User, now: datetime) -> TeamChannel:
    """Store a channel; without a `url` the one it has stays. A webhook gets a secret of its own, once."""
    verb = "team.changed" if channel.pk else "team.added"
    if url:
        channel.sealed_url = _sealed(url)
    if channel.kind == Kind.WEBHOOK and not channel.sealed_secret:
        channel.sealed_secret = _sealed(f"whsec_{base64.b64encode(secrets.token_bytes(24)).decode()}")
    channel.is_active, channel.stopped_because = True, ""
    channel.save()
    _note(verb, channel, actor, now)
    return channel


def _sealed(plain: str) -> str:
    return vault.encrypt(plain.encode()).decode()


def secret_of(channel: TeamChannel) -> str:
    """What a webhook's receiver checks signatures with; empty for chats."""
    return vault.decrypt(channel.sealed_secret.encode()).decode() if channel.sealed_secret else ""


@transaction.atomic
def drop_channel(channel: TeamChannel, *, actor: User, now: datetime) -> None:
    """Forget a channel with all that was to be sent to it."""
    _note("team.dropped", channel, actor, now)
    channel.delete()


def try_channel(channel: TeamChannel, *, title: str, now: datetime, post: Post = http.post) -> str:
    """Post a word to see that it arrives; empty where it did, else what went wrong."""
    message = TeamMessage(pk=0, channel=channel, partner=channel.partner, event="test", title=title, created_at=now)
    try:
        answer = send(message, now=now, post=post)
    except NotReached as error:
        return error.problem.value
    return "" if answer.is_good else f"HTTP {answer.status}"


def last_messages(channels: Sequence[TeamChannel]) -> Mapping[int, TeamMessage]:
    """The last message to each channel, by the channel's key."""
    newest = TeamMessage.objects.filter(channel__in=channels).order_by().values("channel").annotate(last=Max("pk"))
    rows = TeamMessage.objects.filter(pk__in=newest.values("last"))
    return {row.channel_id: row for row in rows}


def _note(verb: str, channel: TeamChannel, actor: User, now: datetime) -> None:
    activities.record(verb, channel, partner=channel.partner, actor=actor, at=now, name=channel.name)
