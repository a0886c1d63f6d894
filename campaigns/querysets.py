"""Named, chainable questions about notices and calls."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db.models import (
    BigIntegerField,
    Case,
    DecimalField,
    Exists,
    F,
    OuterRef,
    Q,
    Subquery,
    Sum,
    When,
)
from django.db.models.functions import Cast, Coalesce

from campaigns.rules.calling import STANDS_AFTER
from campaigns.rules.ladder import REISSUE_LEAD_DAYS
from campaigns.states import OPEN_NOTICE_STATES, Channel, NoticeState
from certificates.models import Order, Reply, Request
from certificates.querysets import CountOf, ReplyQuerySet, RequestQuerySet
from certificates.states import LIVE_ORDER_STATES, OrderStatus, RenewalMark, RequestKind
from portal.access import PartnerQuerySet

if TYPE_CHECKING:
    from campaigns.models import Call, CallItem, Notice
    from portal.models import Membership


class NoticeQuerySet(PartnerQuerySet["Notice"]):
    def open(self) -> NoticeQuerySet:
        """Still to come: planned, held, or waiting in a letter."""
        return self.filter(state__in=OPEN_NOTICE_STATES)

    def planned(self) -> NoticeQuerySet:
        return self.filter(state=NoticeState.PLANNED)

    def due(self, now: datetime) -> NoticeQuerySet:
        """Planned, and their hour has come."""
        return self.planned().filter(due_at__lte=now)

    def on(self, channel: Channel) -> NoticeQuerySet:
        return self.filter(channel=channel)


class CallQuerySet(PartnerQuerySet["Call"]):
    def open(self) -> CallQuerySet:
        return self.filter(state="open")

    def due(self, today: date) -> CallQuerySet:
        """Open, their day has come, and there is still something to speak of."""
        return self.open().filter(due_on__lte=today).standing(today)

    def later(self, today: date) -> CallQuerySet:
        """Open, for another day."""
        return self.open().filter(due_on__gt=today).standing(today)

    def ended(self) -> CallQuerySet:
        return self.exclude(state="open")

    def standing(self, today: date) -> CallQuerySet:
        """At least one order may be spoken of today; those that staff asked for without naming orders, always."""
        items = _items_of_the_call()
        return self.filter(Exists(items.standing(today)) | ~Exists(items))

    def settled(self, today: date) -> CallQuerySet:
        """Open, and none of their orders asks for anything any more, on whatever day."""
        items = _items_of_the_call()
        return self.open().filter(Exists(items)).exclude(Exists(items.asking(today)))

    def of_owner(self, membership: Membership) -> CallQuerySet:
        return self.filter(customer__owner=membership)

    def with_outlook(self, today: date) -> CallQuerySet:
        """Adds `orders_count`, `next_end`, `host`, `worth`, `worth_currency` of what stands, and `weight`, its urgency.

        `worth` is what renewals bring in the currency of most; `whole_worth` the same without cents, to sort by.
        """
        items = _items_of_the_call().standing(today).order_by()
        nearest = items.order_by(ITEM_END, "pk")
        sums = items.filter(reissue_by=None, order__valuation__isnull=False).values("order__valuation__currency")
        largest = sums.annotate(total=Sum("order__valuation__net")).order_by("-total")
        found: CallQuerySet = self.annotate(
            orders_count=CountOf(items.values("pk")),
            next_end=Subquery(nearest.values(end=ITEM_END)[:1]),
            host=Subquery(nearest.values("order__common_name")[:1]),
            worth=Subquery(largest.values("total")[:1]),
            worth_currency=Subquery(largest.values("order__valuation__currency")[:1]),
        )
        return found.annotate(whole_worth=Cast(Coalesce("worth", 0, output_field=_MONEY), BigIntegerField())).annotate(
            weight=_weight(today) + F("whole_worth")
        )

    def with_last_attempt(self) -> CallQuerySet:
        """Adds `last_attempt`, `last_outcome`, `last_at` and `last_promise`: of the newest that was not taken back."""
        from campaigns.models import Attempt  # models are built upon these questions

        attempts = Attempt.objects.filter(call=OuterRef("pk"), undone_at=None).order_by("-at", "-pk")
        names = {"last_attempt": "pk", "last_outcome": "outcome", "last_at": "at", "last_promise": "promised_on"}
        return self.annotate(**{name: Subquery(attempts.values(field)[:1]) for name, field in names.items()})


# The last day of what an order of a call is asked about: its own, or that of the certificate to be reissued.
ITEM_END = Case(When(reissue_by=None, then=F("order__ends_on")), default=F("order__certificate_ends_on"))


class CallItemQuerySet(PartnerQuerySet["CallItem"]):
    def asking(self, today: date) -> CallItemQuerySet:
        """Their orders are live, unrenewed and not given up, with notices on; or their renewal is late.

        Of a certificate to be reissued, it is the one that still stands, and no reissue is under way. What staff asked
        for is asked although notices are off, or the order renews itself.
        """
        heard = Q(order__notices_enabled=True, order__customer__notices_enabled=True) & ~_renews_itself(today)
        unrenewed = Q(order__status__in=LIVE_ORDER_STATES, order__renewal_mark=RenewalMark.NONE)
        given_up = Exists(_answers().standing().filter(kind="not_needed"))
        wanted = (Q(call__cause="staff") | heard) & unrenewed & ~Q(given_up)
        return self.filter((wanted & (_to_renew(today) | _to_reissue(today))) | Q(Exists(_late_renewals(today))))

    def standing(self, today: date) -> CallItemQuerySet:
        """Of these, what the customer has not put off to a later day."""
        return self.asking(today).exclude(Exists(_answers().silencing(today=today)))


def _to_renew(today: date) -> Q:
    return Q(reissue_by=None, order__ends_on__gte=today - STANDS_AFTER)


def _to_reissue(today: date) -> Q:
    """The certificate has not been replaced, is not being so, and ends well before its order."""
    orders = Order.objects.filter(pk=OuterRef("order"), ends_on__gt=F("certificate_ends_on") + REISSUE_LEAD).order_by()
    asked = Request.objects.open().filter(order=OuterRef("order"), kind=RequestKind.REISSUE).order_by()
    stands = Q(reissue_by=F("order__certificate_ends_at"), order__certificate_ends_on__gte=today - STANDS_AFTER)
    return stands & Q(order__status=OrderStatus.ISSUED) & Q(Exists(orders)) & ~Q(Exists(asked))


def _renews_itself(today: date) -> Q:
    """Until the day on which it does so, nobody rings about the renewal."""
    until_then = Q(reissue_by=None, order__ends_on__gte=today + timedelta(days=settings.AUTO_RENEW_DAYS))
    return until_then & Q(Exists(Order.objects.renewing_themselves().filter(pk=OuterRef("order")).order_by()))


_MONEY = DecimalField(max_digits=14, decimal_places=2)
REISSUE_LEAD = timedelta(days=REISSUE_LEAD_DAYS)
# More than any call is worth, so that what is pressing stands before what is dear.
_STEP = 10**12


def _weight(today: date) -> Case:
    """Ends within a week, or behind us, before those within a month, before the others."""
    return Case(
        When(next_end__lte=today + timedelta(days=7), then=2 * _STEP),
        When(next_end__lte=today + timedelta(days=30), then=_STEP),
        default=0,
        output_field=BigIntegerField(),
    )


def _items_of_the_call() -> CallItemQuerySet:
    from campaigns.models import CallItem  # models are built upon these questions

    items: CallItemQuerySet = CallItem.objects.filter(call=OuterRef("pk"))
    return items


def _answers() -> ReplyQuerySet:
    answers: ReplyQuerySet = Reply.objects.filter(order=OuterRef("order")).order_by()
    return answers


def _late_renewals(today: date) -> RequestQuerySet:
    requests: RequestQuerySet = Request.objects.filter(order=OuterRef("order")).order_by()
    return requests.late(today)
