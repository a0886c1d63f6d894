"""What whoever rings has before them: the facts of each order, the customer's own offer, and what was said before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db.models.functions import Lower

from campaigns.models import Attempt, Call, CallItem
from campaigns.querysets import ITEM_END
from certificates.models import Contact, Note, Order, Reply, Request
from certificates.rules import NoRule, RenewalPlan, RenewalWindowClosed, utc_date
from certificates.services import planning
from certificates.services.planning import ReissuePlan, Rules, ValidationFact
from certificates.services.refusals import OrderNotRenewable
from offers.models import Quote, Valuation
from offers.rules.alternatives import Alternative
from portal.models import OutgoingMail, Partner
from portal.models.mail import MailPurpose, MailState

# So many of each kind stand on the page; the customer's own page holds the rest.
SHOWN = 5
MOST_TOPICS = 8


@dataclass(frozen=True, slots=True)
class Topic:
    """One order to speak of: what a renewal today gives (None where it cannot be renewed today), and what it costs.

    Or its certificate, which ends before it: what its reissue gives, which is free. `ends_on` is the end of either.
    """

    order: Order
    ends_on: date | None
    days_left: int | None
    plan: RenewalPlan | None = None
    value: Valuation | None = None
    is_reissue: bool = False
    reissue: ReissuePlan | None = None
    holding: tuple[ValidationFact, ...] = ()
    late: Request | None = None

    @property
    def alternatives(self) -> list[Alternative]:
        """What live offers give for more than the order holds, the best first."""
        return [Alternative.from_json(one) for one in self.value.alternatives[:2]] if self.value else []


@dataclass(frozen=True, slots=True)
class Before:
    """What was said and sent before, the newest first."""

    answers: Sequence[Reply]
    attempts: Sequence[Attempt]
    notes: Sequence[Note]
    letters: Sequence[OutgoingMail]
    quotes: Sequence[Quote]


def topics_of(calls: Iterable[Call], *, now: datetime) -> dict[int, list[Topic]]:
    """The orders of each call that stand today, the nearest end first; a few queries, however many calls."""
    calls = list(calls)
    if not calls:
        return {}
    partner, today = calls[0].partner, utc_date(now)
    items = CallItem.objects.for_partner(partner).filter(call__in=calls).standing(today)
    related = ("order__product", "order__contact", "order__organization", "order__partner")
    found = list(items.select_related(*related).order_by("call", ITEM_END, "pk"))
    orders = [item.order for item in found]
    desk = _Desk.load(partner, orders, now=now)
    topics: defaultdict[int, list[Topic]] = defaultdict(list)
    for item in found:
        topics[item.call_id].append(desk.reissue(item.order) if item.reissue_by else desk.renewal(item.order))
    return topics


@dataclass(frozen=True, slots=True)
class _Desk:
    """What the orders have in common, read once."""

    now: datetime
    book: Mapping[str, Rules]
    values: Mapping[int, Valuation]
    facts: Mapping[int, Sequence[ValidationFact]]
    late: Mapping[int, Request]

    @classmethod
    def load(cls, partner: Partner, orders: Sequence[Order], *, now: datetime) -> _Desk:
        today, keys = utc_date(now), [order.pk for order in orders]
        values = Valuation.objects.for_partner(partner).filter(order__in=keys).select_related("offer")
        wishes = [(order.product, order.organization, order.names) for order in orders]
        facts = planning.validation_states(partner, wishes, today=today)
        late = Request.objects.for_partner(partner).late(today).filter(order__in=keys)
        return cls(
            now=now,
            book=planning.rulebook(partner),
            values={one.order_id: one for one in values},
            facts=dict(zip(keys, facts, strict=True)),
            late={one.order_id: one for one in late if one.order_id},
        )

    def renewal(self, order: Order) -> Topic:
        return Topic(
            order=order,
            ends_on=order.ends_on,
            days_left=order.days_left(utc_date(self.now)),
            plan=self._plan(order),
            value=self.values.get(order.pk),
            holding=self._holding(order),
            late=self.late.get(order.pk),
        )

    def reissue(self, order: Order) -> Topic:
        ends_on = order.certificate_ends_on
        return Topic(
            order=order,
            ends_on=ends_on,
            days_left=(ends_on - utc_date(self.now)).days if ends_on else None,
            is_reissue=True,
            reissue=self._reissue(order),
            holding=self._holding(order),
        )

    def _holding(self, order: Order) -> tuple[ValidationFact, ...]:
        return tuple(fact for fact in self.facts[order.pk] if fact.holds)

    def _reissue(self, order: Order) -> ReissuePlan | None:
        try:
            return planning.reissue_plan(order, start=self.now, rules=self.book.get(order.authority, ()))
        except (NoRule, OrderNotRenewable):
            return None

    def _plan(self, order: Order) -> RenewalPlan | None:
        rules = self.book.get(order.authority, ())
        try:
            return planning.renewal_plan(order, start=self.now, term_years=order.term_years, rules=rules)
        except (RenewalWindowClosed, NoRule, OrderNotRenewable):
            return None


def worth_of(topics: Iterable[Topic]) -> list[tuple[Decimal, str]]:
    """What these orders bring, by currency, the largest sum first."""
    sums: defaultdict[str, Decimal] = defaultdict(Decimal)
    for topic in topics:
        if topic.value:
            sums[topic.value.currency] += topic.value.net
    return sorted(((net, currency) for currency, net in sums.items()), reverse=True)


def what_was_before(call: Call, *, now: datetime) -> Before:
    """Earlier answers, calls, notes, letters and open quotes of the customer; a query each."""
    partner, customer = call.partner, call.customer_id
    answers = Reply.objects.for_partner(partner).filter(order__customer=customer).select_related("order")
    attempts = Attempt.objects.for_partner(partner).filter(call__customer=customer, undone_at=None)
    notes = Note.objects.for_partner(partner).filter(customer=customer).select_related("author", "order")
    quotes = Quote.objects.for_partner(partner).filter(customer=customer).answerable(utc_date(now))
    return Before(
        answers=list(answers.order_by("-at", "-pk")[:SHOWN]),
        attempts=list(attempts.select_related("by", "contact").order_by("-at", "-pk")[:SHOWN]),
        notes=list(notes.order_by("-at", "-pk")[:SHOWN]),
        letters=_letters(call),
        quotes=list(quotes.order_by("valid_until", "pk")[:SHOWN]),
    )


def _letters(call: Call) -> list[OutgoingMail]:
    """The last letters to anybody at the customer; those that let somebody sign in are no letters."""
    contacts = Contact.objects.for_partner(call.partner).filter(customer=call.customer_id)
    addresses = [one.lower() for one in contacts.exclude(email="").values_list("email", flat=True)[:50]]
    sent = OutgoingMail.objects.for_partner(call.partner).alias(reader=Lower("to_email")).filter(reader__in=addresses)
    sent = sent.filter(state=MailState.SENT, sent_at__isnull=False).exclude(purpose=MailPurpose.SIGN_IN)
    return list(sent.order_by("-sent_at", "-pk")[:SHOWN])
