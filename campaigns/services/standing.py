"""Whether what was planned still stands: the one place that says which notices fall silent, which wait, which are late.

An open notice falls silent when the world has moved on, and is suppressed when its reader may not be written to. It
comes back when that has changed again and its time has not passed. Letters on their way are asked about as they leave.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any

from django.conf import settings
from django.db.models import Case, CharField, Exists, F, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce

from campaigns.models import Calendar, CallItem, Notice
from campaigns.querysets import NoticeQuerySet
from campaigns.rules.ladder import REISSUE_LEAD_DAYS
from campaigns.services.calendars import calendars_of, following
from campaigns.states import SAID_ONCE, Basis, Channel, NoticeState, Reason
from certificates.models import OptOut, Order, Reply, Request
from certificates.services.preferences import unwanted
from certificates.states import LIVE_ORDER_STATES, EmailState, OrderStatus, RenewalMark, RequestKind
from portal.models import Partner

BATCH = 5_000
# Not yet in a letter; those that are, their letter is asked about when it leaves.
WAITING_STATES = (NoticeState.PLANNED, NoticeState.HELD)
SUPPRESSING = (Reason.OPTED_OUT, Reason.BAD_ADDRESS)
_REISSUE = Q(step__basis=Basis.CERTIFICATE)
_BY_MAIL = Q(channel=Channel.EMAIL)
# Whom a step reaches is decided where it is planned; there, too, it is taken back.
_DECIDED_ELSEWHERE = (Reason.READER_CHANGED,)
# Of what was planned just now, planning itself has asked for all but these.
NOT_PLANNED_BY = (Reason.REISSUING, Reason.NOT_NEEDED, Reason.RENEWS_ITSELF, Reason.OPTED_OUT)


def standing(notices: NoticeQuerySet, now: datetime) -> NoticeQuerySet:
    """Of these notices those that may go out now: nothing silences them, and nothing makes them wait."""
    whys = [*falling_silent(now).values(), *paused(now).values()]
    return notices.exclude(pk__in=notices.filter(_any(whys)).order_by().values("pk"))


def falling_silent(now: datetime) -> dict[Reason, Q]:
    """Of notices, why each falls silent or is suppressed, the first that applies; needs an open scope."""
    return {
        Reason.NOT_LIVE: ~Q(order__status__in=LIVE_ORDER_STATES),
        Reason.RENEWED: ~Q(order__renewal_mark=RenewalMark.NONE),
        Reason.NOTICES_OFF: Q(order__notices_enabled=False),
        Reason.CUSTOMER_OFF: Q(order__customer__notices_enabled=False),
        Reason.STEP_REMOVED: Q(step__removed_at__isnull=False),
        Reason.CALENDAR_CHANGED: Q(step__calendar__is_active=False),
        Reason.END_MOVED: _end_moved(),
        Reason.REISSUING: _reissuing(),
        Reason.NOT_NEEDED: _in(Reply.objects.filter(withdrawn_at=None, kind=Reply.Kind.NOT_NEEDED)),
        Reason.RENEWS_ITSELF: _renews_itself(),
        Reason.READER_CHANGED: _reader_changed(),
        Reason.BAD_ADDRESS: _BY_MAIL & _bad_address(),
        Reason.OPTED_OUT: _BY_MAIL & _opted_out(),
    }


def paused(now: datetime) -> dict[Reason, Q]:
    """Of notices, why each waits: until the day to which the customer has put it off, or by which they promised."""
    today = now.date()
    put_off = Reply.objects.filter(withdrawn_at=None, kind=Reply.Kind.NOT_NOW, until__gt=today)
    return {Reason.PUT_OFF: _in(put_off), Reason.PROMISED: _in(promised(today))}


def reason_case(whys: Mapping[Reason, Q], default: str = "") -> Case:
    """The first reason that applies to a notice, for `annotate` and `update`."""
    whens = [When(why, then=Value(reason.value)) for reason, why in whys.items()]
    return Case(*whens, default=Value(default), output_field=CharField())


# Deeds


def silence(now: datetime, *, partner: Partner | None = None) -> int:
    """Write down which waiting notices fall silent or are suppressed, of one partner or of all; how many."""
    return sum(silence_by_reason(now, partner=partner).values())


def silence_by_reason(
    now: datetime, *, partner: Partner | None = None, reasons: Collection[Reason] = tuple(Reason)
) -> Counter[Reason]:
    """The same, counted by reason, asking for these alone; asking twice changes nothing."""
    whys = falling_silent(now)
    if partner is not None:
        whys[Reason.CALENDAR_CHANGED] = _calendar_changed(partner)
    whys = {reason: why for reason, why in whys.items() if reason in reasons}
    waiting = _of(partner).filter(state__in=WAITING_STATES).filter(_any(whys.values()))
    counted: Counter[Reason] = Counter()
    for keys in _by_reason(waiting, whys):
        for reason, found in keys.items():
            counted[reason] += _quieten(found, reason, now)
    return counted


def revive(now: datetime, *, partner: Partner | None = None) -> int:
    """Plan again what fell silent or was suppressed for a reason that is gone, while its time lasts; how many.

    What another step in the same place has said to the same reader meanwhile stays as it is.
    """
    whys = falling_silent(now)
    if partner is not None:
        whys[Reason.CALENDAR_CHANGED] = _calendar_changed(partner)
    reasons = [reason for reason in whys if reason not in _DECIDED_ELSEWHERE]
    quiet = Q(state=NoticeState.SILENT) | Q(state=NoticeState.SUPPRESSED)
    gone = _of(partner).filter(quiet, reason__in=reasons, expires_at__gt=now, due_at__gt=now - _LONGEST_GRACE)
    back = gone.exclude(pk__in=gone.filter(_any(whys.values())).values("pk")).exclude(said_elsewhere())
    keys = list(back.values_list("pk", flat=True))
    return sum(
        Notice.objects.filter(pk__in=some, state__in=[NoticeState.SILENT, NoticeState.SUPPRESSED]).update(
            state=NoticeState.PLANNED, reason="", decided_at=None
        )
        for some in _pieces(keys)
    )


def said_elsewhere() -> Exists:
    """Of notices, those whose reader has heard the same from another step of the same day, channel and end.

    Planning asks it likewise of what it makes (`campaigns.sql`).
    """
    said = Notice.objects.order_by().filter(
        Q(step__days=OuterRef("step__days")) | Q(step__share=OuterRef("step__share")),
        order=OuterRef("order"),
        ends_at=OuterRef("ends_at"),
        channel=OuterRef("channel"),
        channel__in=SAID_ONCE,
        state__in=(NoticeState.SENT, NoticeState.QUEUED),
    )
    to_whom = said.alias(for_contact=Coalesce("contact", 0), for_member=Coalesce("member", 0)).filter(
        for_contact=Coalesce(OuterRef("contact"), 0), for_member=Coalesce(OuterRef("member"), 0)
    )
    return Exists(to_whom)


def mark_missed(now: datetime, *, partner: Partner | None = None) -> int:
    """Write down which waiting notices have come too late, and what they waited for; how many."""
    whys = {Reason.REFUSED_BY_US: Q(state=NoticeState.HELD), **paused(now)}
    late = _of(partner).filter(state__in=WAITING_STATES, expires_at__lte=now)
    return late.update(state=NoticeState.MISSED, reason=reason_case(whys, Reason.GRACE_OVER), decided_at=now)


# No grace is longer (the calendar's validators), and no step waits longer for a day that permits it.
_LONGEST_GRACE = timedelta(days=45)


def _of(partner: Partner | None) -> NoticeQuerySet:
    notices: NoticeQuerySet = Notice.objects.order_by()
    return notices if partner is None else notices.for_partner(partner)


def _by_reason(notices: NoticeQuerySet, whys: Mapping[Reason, Q]) -> Iterator[dict[Reason, list[int]]]:
    """The keys of notices by reason, in bounded pieces."""
    rows = notices.annotate(why=reason_case(whys)).order_by("pk").values_list("pk", "why")
    last = 0
    while piece := list(rows.filter(pk__gt=last)[:BATCH]):
        found: dict[Reason, list[int]] = {}
        for key, why in piece:
            found.setdefault(Reason(why), []).append(key)
        yield found
        last = piece[-1][0]


def _quieten(keys: Sequence[int], reason: Reason, now: datetime) -> int:
    state = NoticeState.SUPPRESSED if reason in SUPPRESSING else NoticeState.SILENT
    found = Notice.objects.filter(pk__in=keys, state__in=WAITING_STATES)
    return found.update(state=state, reason=reason, decided_at=now)


def _pieces(keys: Sequence[int]) -> Iterator[Sequence[int]]:
    for first in range(0, len(keys), BATCH):
        yield keys[first : first + BATCH]


# Why


def _any(whys: Iterable[Q]) -> Q:
    return reduce(or_, whys, Q())


def _in(rows: QuerySet[Any]) -> Q:
    """Notices of the orders that these rows are about."""
    return Q(order__in=rows.order_by().values("order"))


def _end_moved() -> Q:
    """It speaks of an end that is no longer the order's; or of a certificate that was replaced, or need not be."""
    of_the_order = Q(step__basis=Basis.ORDER) & ~Q(ends_at=F("order__ends_at"))
    replaced = ~Q(ends_at=F("order__certificate_ends_at")) | Q(certificate__is_current=False)
    lead = timedelta(days=REISSUE_LEAD_DAYS)
    with_the_order = Q(order__ends_on__lte=F("order__certificate_ends_on") + lead)
    return of_the_order | (_REISSUE & (replaced | with_the_order))


def _reissuing() -> Q:
    under_way = _in(Request.objects.open().filter(kind=RequestKind.REISSUE, order__isnull=False))
    return _REISSUE & (Q(order__status=OrderStatus.REISSUE_PENDING) | under_way)


def _renews_itself() -> Q:
    """Until the day on which it does so, letters tell of it; nobody rings for it, and no banner asks for it."""
    until_then = Q(step__days__lte=-settings.AUTO_RENEW_DAYS)
    itself = Q(order__in=Order.objects.renewing_themselves().order_by().values("pk"))
    return Q(channel__in=[Channel.TELEPHONE, Channel.BANNER]) & until_then & itself


def _reader_changed() -> Q:
    """It speaks to somebody who has nothing to do with the order any more."""
    moved = ~Q(customer=F("order__customer"))
    elsewhere = Q(contact__isnull=False) & ~Q(contact__customer=F("order__customer"))
    gone = Q(member__is_active=False) | Q(member__user__is_active=False) | ~Q(member=F("order__customer__owner"))
    return moved | elsewhere | (Q(member__isnull=False) & gone)


def _bad_address() -> Q:
    return Q(contact__isnull=False) & (Q(contact__email="") | ~Q(contact__email_state=EmailState.OK))


def _opted_out() -> Q:
    """Asked of the few alone who have stopped any letter at all."""
    stopped = unwanted(contact=OuterRef("contact"), order=OuterRef("order"), certificate=OuterRef("certificate"))
    return Q(contact__in=OptOut.objects.order_by().values("contact")) & Q(Exists(stopped))


def promised(today: date) -> QuerySet[CallItem]:
    """What was spoken of on the telephone, and is to be renewed by a day that has not passed."""
    items: QuerySet[CallItem] = CallItem.objects.filter(
        call__attempts__outcome="promised", call__attempts__promised_on__gte=today, call__attempts__undone_at=None
    )
    return items


def _calendar_changed(partner: Partner) -> Q:
    """The order follows another calendar of the partner now, or none."""
    calendars = calendars_of(partner)
    if calendars and not _narrows(calendars[0]):
        return ~Q(step__calendar=calendars[0])
    orders = Order.objects.for_partner(partner).filter(pk=OuterRef("order")).annotate(follows=following(calendars))
    return ~Q(Exists(orders.filter(follows=OuterRef("step__calendar")).order_by()))


def _narrows(calendar: Calendar) -> bool:
    return any((calendar.families, calendar.levels, calendar.countries, calendar.customers, calendar.owners))
