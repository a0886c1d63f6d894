"""What happened with an order, as its customer reads it: no notes, no deeds of the house, and none of its names."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from certificates.models import Installation, Order, Reply, Request
from certificates.services.timeline import certificate_events
from certificates.states import RequestKind, RequestState
from portal import contributions
from portal.contributions import TimelineEvent
from portal.dates import date_format

LIMIT = 40
_ENDED = {RequestState.FAILED, RequestState.REJECTED, RequestState.CANCELED}


def story_of(order: Order, *, limit: int = LIMIT) -> list[TimelineEvent]:
    """The newest events, newest first; apps above add theirs under the page "home_order"."""
    from_above = (source.events(order) for source in contributions.timelines.on("home_order"))
    events = chain(
        chain.from_iterable(from_above),
        _installations(order),
        certificate_events(order.certificates.all()),
        _replies(order),
        _requests(order),
        [TimelineEvent(order.placed_at, _("Ordered"), order.product_name)],
    )
    return sorted(events, key=lambda event: event.at, reverse=True)[:limit]


def _requests(order: Order) -> Iterator[TimelineEvent]:
    titles = {
        RequestKind.RENEWAL: _("Renewal ordered"),
        RequestKind.REISSUE: _("Reissue ordered"),
        RequestKind.NEW: _("Certificate ordered"),
    }
    found = Request.objects.for_partner(order.partner).filter(Q(order=order) | Q(result=order, kind=RequestKind.NEW))
    for one in found[:LIMIT]:
        url = reverse("certificates:home_request", args=[one.pk])
        yield TimelineEvent(one.requested_at, titles[RequestKind(one.kind)], one.asked_by, level="note", url=url)
        if one.state in _ENDED and one.finished_at:
            yield TimelineEvent(one.finished_at, one.get_state_display(), level="warn", url=url)


def _replies(order: Order) -> Iterator[TimelineEvent]:
    for reply in Reply.objects.for_partner(order.partner).filter(order=order)[:LIMIT]:
        title = _("You no longer need it")
        if reply.until:
            title = _("Put off until %(date)s") % {"date": date_format(reply.until, "DATE_FORMAT")}
        yield TimelineEvent(reply.at, title, reply.words, actor=reply.said_by, level="note")


def _installations(order: Order) -> Iterator[TimelineEvent]:
    found = Installation.objects.for_partner(order.partner).filter(certificate__order=order, said_at__isnull=False)
    for one in found[:LIMIT]:
        if one.said_at:
            yield TimelineEvent(one.said_at, _("Said to be installed"), actor=one.said_by, level="good")
