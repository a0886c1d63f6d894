"""What people do with notices: hold, release, send now, try again. Each of these is written down."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Greatest

from campaigns.models import Notice
from campaigns.querysets import NoticeQuerySet
from campaigns.states import NoticeState, Reason
from portal import activities
from portal.mail.outbox import try_again
from portal.models import OutgoingMail, User
from portal.models.mail import MailState

# What somebody sends on by hand has so long to leave within its reader's hours: over a long weekend, and a day.
LEEWAY = timedelta(days=4)
# An address can be mended, and a person may think better of a refusal; a wish of the reader or a renewal stands.
_MENDABLE = (Reason.BAD_ADDRESS, Reason.REFUSED_BY_US)

# The detail of a notice that goes out before, or after, its time because somebody said so.
HURRIED = "hurried"
HOLDABLE = Q(state=NoticeState.PLANNED)
RELEASABLE = Q(state=NoticeState.HELD)
RETRYABLE = Q(state__in=[NoticeState.FAILED, NoticeState.MISSED]) | Q(
    state=NoticeState.SUPPRESSED, reason__in=_MENDABLE, contact__isnull=False
)


def sendable(now: datetime) -> Q:
    """Still to come, or held: what can leave sooner than the calendar says."""
    return Q(state=NoticeState.PLANNED, due_at__gt=now) | Q(state=NoticeState.HELD)


def hold(notices: NoticeQuerySet, *, actor: User, now: datetime) -> list[int]:
    """Keep those that are planned from leaving until somebody releases them; returns their keys."""
    return _move(notices.filter(HOLDABLE), "notice.held", actor, now, state=NoticeState.HELD)


def release(notices: NoticeQuerySet, *, actor: User, now: datetime) -> list[int]:
    """Let those that are held go by their calendar again; returns their keys."""
    return _move(notices.filter(RELEASABLE), "notice.released", actor, now, state=NoticeState.PLANNED)


def send_now(notices: NoticeQuerySet, *, actor: User, now: datetime) -> list[int]:
    """Send what is still to come, or held, within its reader's hours from now on; returns the keys."""
    return _move(notices.filter(sendable(now)), "notice.hurried", actor, now, **_from(now))


def retry(notices: NoticeQuerySet, *, actor: User, now: datetime) -> list[int]:
    """Try once more what failed, was missed, or could not be sent for a reason that can be mended.

    A letter that the mail server refused is the same letter still, under the same Message-ID; others are written anew.
    """
    with transaction.atomic():
        refused = set(
            notices.filter(state=NoticeState.FAILED, mail__state=MailState.PARKED).values_list("mail", flat=True)
        )
        keys = _move(notices.filter(RETRYABLE), "notice.retried", actor, now, **_from(now))
        try_again(OutgoingMail.objects.filter(pk__in=refused), now=now)
        same = Notice.objects.filter(mail__in=refused)
        same.filter(Q(pk__in=keys) | Q(state=NoticeState.FAILED)).update(state=NoticeState.QUEUED, reason="", detail="")
    return keys


def _from(now: datetime) -> dict[str, Any]:
    # a notice with a detail keeps its moment, whatever the calendar says of it
    return {
        "state": NoticeState.PLANNED,
        "due_at": now,
        "expires_at": Greatest(F("expires_at"), now + LEEWAY),
        "reason": "",
        "detail": HURRIED,
        "decided_at": None,
    }


def _move(notices: NoticeQuerySet, verb: str, actor: User, now: datetime, **values: Any) -> list[int]:
    with transaction.atomic():
        locked = notices.order_by("pk").select_for_update(of=("self",)).select_related("step", "order")
        changing: list[Notice] = list(locked)
        activities.record_each(verb, changing, actor=actor, at=now)
        keys = [one.pk for one in changing]
        Notice.objects.filter(pk__in=keys).update(**values)
    return keys


Deed = Callable[..., list[int]]
DEEDS: dict[str, Deed] = {"hold": hold, "release": release, "send": send_now, "retry": retry}
# What takes a deed back; what was sent on cannot be called back.
UNDOES: dict[str, str] = {"hold": "release", "release": "hold"}


def deeds_for(notice: Notice, *, now: datetime) -> list[str]:
    """The names of what can be done with one notice."""
    if notice.state == NoticeState.PLANNED:
        return ["hold", "send"] if notice.due_at > now else ["hold"]
    if notice.state == NoticeState.HELD:
        return ["release", "send"]
    mendable = notice.state == NoticeState.SUPPRESSED and notice.reason in _MENDABLE and notice.contact_id
    return ["retry"] if mendable or notice.state in (NoticeState.FAILED, NoticeState.MISSED) else []
