"""Open calls and close them: one open task per customer, joined by whatever else comes up, until nothing is left."""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.core.cache import caches
from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet, Subquery

from campaigns.models import Attempt, Calendar, Call, CallItem, Notice
from campaigns.rules.calling import Office
from campaigns.services import team_news
from campaigns.states import Basis, Channel, NoticeState
from certificates.models import Contact, Customer, Order, Request
from certificates.querysets import DUE_DAYS, LATE_AFTER_DAYS, LATE_DAYS, RECENT_DAYS
from certificates.rules import start_of_day, utc_date
from certificates.states import ContactRole
from portal import activities
from portal.access import across_partners, on_behalf_of
from portal.mail.bounces import Bounce
from portal.models import Membership, Partner, User
from portal.roles import Role
from portal.texts import clean_text

# Whom to ask for, where nobody is named whose number is known.
_ASKED_FOR = (ContactRole.TECHNICAL, ContactRole.BUYER, ContactRole.MANAGER, ContactRole.ORGANIZATION)
_LONGEST_DETAIL = 500
MOST_ON_BADGE = 99
# A call that is closed just when we look for it is opened anew.
_TRIES = 3
_GENERATION = "calls:generation"


@dataclass(frozen=True, slots=True)
class Opened:
    """How many calls were opened, how many open ones were joined, and how many notices stand in them now."""

    opened: int = 0
    joined: int = 0
    notices: int = 0


@dataclass(frozen=True, slots=True)
class Swept:
    """What one sweep did: calls closed because nothing is left of them, and opened for renewals that are late."""

    closed: int = 0
    late: int = 0


@dataclass(slots=True)
class _Wish:
    """Why one customer is to be rung: about whose renewal or reissue, and whom to ask for if they have a number."""

    partner: int
    customer: int
    orders: set[int] = field(default_factory=set)
    # The certificate's end by order, where no more than a reissue is asked for
    reissues: dict[int, datetime] = field(default_factory=dict)
    contact: int | None = None
    detail: str = ""


# Opened


def open_calls(notices: Iterable[Notice], *, now: datetime) -> Opened:
    """Let due notices by telephone stand in their customers' calls: they count as sent from then on.

    Those that somebody else took meanwhile are left alone, so that asking twice changes nothing.
    """
    keys = [notice.pk for notice in notices]
    with transaction.atomic():
        held = list(_takeable(keys).select_related("step").select_for_update(of=("self",), no_key=True))
        wishes = _wishes_of(held)
        opened, joined = _gather(wishes, cause=Call.Cause.STEP, now=now)
        calls = Call.objects.filter(customer=OuterRef("customer"), state=Call.State.OPEN)
        Notice.objects.filter(pk__in=[notice.pk for notice in held]).update(
            state=NoticeState.SENT, decided_at=now, call=Subquery(calls.values("pk")[:1])
        )
    return Opened(opened, joined, len(held))


def _takeable(keys: Sequence[int]) -> QuerySet[Notice]:
    states = (NoticeState.PLANNED, NoticeState.QUEUED)
    found: QuerySet[Notice] = Notice.objects.filter(pk__in=keys, channel=Channel.TELEPHONE, state__in=states)
    return found.order_by("pk")


def _wishes_of(notices: Iterable[Notice]) -> list[_Wish]:
    wishes: dict[int, _Wish] = {}
    for notice in notices:
        wish = wishes.setdefault(notice.customer_id, _Wish(notice.partner_id, notice.customer_id))
        if notice.step.basis == Basis.CERTIFICATE:
            wish.reissues[notice.order_id] = notice.ends_at
        else:
            wish.orders.add(notice.order_id)
        wish.contact = wish.contact or notice.contact_id
    return list(wishes.values())


def open_for_bounce(bounce: Bounce) -> None:
    """A letter came back from the only address of a customer with orders due: somebody has to ring.

    Runs in the transaction that switches the address off, after the contact was marked.
    """
    with transaction.atomic():
        orders: defaultdict[int, set[int]] = defaultdict(set)
        for order, customer in _due_and_unreachable(bounce).values_list("pk", "customer"):
            orders[customer].add(order)
        detail = f"{bounce.email}: {clean_text(bounce.detail, _LONGEST_DETAIL)}"
        wishes = [_Wish(bounce.partner.pk, pk, due, detail=detail) for pk, due in orders.items()]
        _gather(wishes, cause=Call.Cause.BOUNCE, now=bounce.at)
        team_news.calls_opened(orders, now=bounce.at)


def _due_and_unreachable(bounce: Bounce) -> QuerySet[Order]:
    """Orders that want a renewal, of customers who have this address and none that works."""
    contacts = Contact.objects.for_partner(bounce.partner)
    theirs = contacts.filter(email__iexact=bounce.email).values("customer")
    reached = contacts.reachable().exclude(email__iexact=bounce.email).filter(customer=OuterRef("customer"))
    today = utc_date(bounce.at)
    due = Order.objects.for_partner(bounce.partner).issued().unrenewed().not_put_off(today=today)
    due = due.expiring(today=today, within=(-RECENT_DAYS, DUE_DAYS)).filter(customer__in=theirs)
    found: QuerySet[Order] = due.exclude(Exists(reached)).order_by()
    return found


def open_late(partner: Partner, *, now: datetime) -> int:
    """Calls for renewals that are still unissued when the old order has a week left; how many orders came into one.

    Once somebody has rung about it, a renewal opens no further call.
    """
    today = utc_date(now)
    late = Request.objects.for_partner(partner).late(today).filter(order__isnull=False)
    # By then it was late: what was done before was done about something else.
    done = CallItem.objects.filter(
        order=OuterRef("order"),
        call__state=Call.State.DONE,
        call__ended_at__gte=OuterRef("requested_at") + timedelta(days=LATE_AFTER_DAYS + 1),
    ).filter(call__ended_at__gte=F("order__ends_at") - timedelta(days=LATE_DAYS + 1))
    known = CallItem.objects.filter(order=OuterRef("order"), call__state=Call.State.OPEN)
    wishes: dict[int, _Wish] = {}
    for customer, order in late.exclude(Exists(done)).exclude(Exists(known)).values_list("customer", "order"):
        wishes.setdefault(customer, _Wish(partner.pk, customer)).orders.add(order)
    with transaction.atomic():
        _gather(list(wishes.values()), cause=Call.Cause.LATE, now=now)
        team_news.calls_opened(wishes, now=now)
    return sum(len(wish.orders) for wish in wishes.values())


def open_by_staff(
    customer: Customer,
    *,
    actor: User,
    now: datetime,
    orders: Iterable[Order] = (),
    detail: str = "",
    on: date | None = None,
) -> Call:
    """Somebody asks for a call, by default today; without orders it stands until it is done. Asked twice it is one."""
    wish = _Wish(customer.partner_id, customer.pk, {order.pk for order in orders}, detail=detail.strip())
    with transaction.atomic():
        _gather([wish], cause=Call.Cause.STAFF, now=now, actor=actor, on=on)
        found: Call = Call.objects.for_partner(customer.partner).open().get(customer=customer)
    return found


def due_of(customer: Customer, *, now: datetime) -> QuerySet[Order]:
    """What a call to this customer is about, unless somebody says otherwise: what ends soon, or ended lately."""
    today = utc_date(now)
    mine = Order.objects.for_partner(customer.partner).filter(customer=customer).issued().unrenewed()
    found: QuerySet[Order] = mine.not_put_off(today=today).expiring(today=today, within=(-RECENT_DAYS, DUE_DAYS))
    return found.order_by("ends_on", "pk")


def _gather(
    wishes: Sequence[_Wish], *, cause: str, now: datetime, actor: User | None = None, on: date | None = None
) -> tuple[int, int]:
    """Bring the orders into their customers' open calls, opened where there is none; how many of each.

    In the caller's transaction. The database lets one call per customer be open, so whoever comes second joins.
    """
    before = _open_of(wishes)
    day = on or utc_date(now)
    held = _hold_open(wishes, cause=cause, day=day, now=now)
    fresh = [call for customer, call in held.items() if customer not in before and call.opened_at == now]
    joined = [call.pk for customer, call in held.items() if customer in before]
    _join(joined, wishes, cause=cause, day=day, now=now)
    _follow(joined, wishes)
    items = (item for wish in wishes for item in _items(held[wish.customer], wish))
    CallItem.objects.bulk_create(items, ignore_conflicts=True, batch_size=500)
    activities.record_each("call.opened", fresh, actor=actor, at=now, cause=str(cause))
    forget_counts()
    return len(fresh), len(joined)


def _items(call: Call, wish: _Wish) -> Iterator[CallItem]:
    for order in sorted(wish.orders | wish.reissues.keys()):
        reissue_by = None if order in wish.orders else wish.reissues[order]
        yield CallItem(partner_id=wish.partner, call=call, order_id=order, reissue_by=reissue_by)


def _follow(calls: Sequence[int], wishes: Iterable[_Wish]) -> None:
    """What asked for a reissue asks for the renewal with it where that has come up, or for that of today."""
    reissues = CallItem.objects.filter(call__in=calls, reissue_by__isnull=False)
    reissues.filter(order__in=[order for wish in wishes for order in wish.orders]).update(reissue_by=None)
    present = Order.objects.filter(pk=OuterRef("order")).values("certificate_ends_at")
    again = reissues.filter(order__in=[order for wish in wishes for order in wish.reissues])
    again.update(reissue_by=Subquery(present))


def _open_of(wishes: Iterable[_Wish]) -> set[int]:
    customers = [wish.customer for wish in wishes]
    return set(Call.objects.filter(customer__in=customers).open().values_list("customer", flat=True))


def _hold_open(wishes: Sequence[_Wish], *, cause: str, day: date, now: datetime) -> dict[int, Call]:
    """The open call of every customer, locked; once more for those whose call was closed while we waited for it."""
    contacts = _contacts_of(wishes)
    held: dict[int, Call] = {}
    for _try in range(_TRIES):
        missing = [wish for wish in wishes if wish.customer not in held]
        if not missing:
            break
        Call.objects.bulk_create(
            (
                Call(
                    partner_id=wish.partner,
                    customer_id=wish.customer,
                    contact_id=contacts.get(wish.customer),
                    cause=cause,
                    detail=wish.detail,
                    due_on=day,
                    opened_at=now,
                )
                for wish in missing
            ),
            ignore_conflicts=True,
            batch_size=500,
        )
        rows = Call.objects.filter(customer__in=[wish.customer for wish in missing]).open().order_by("pk")
        held |= {call.customer_id: call for call in rows.select_for_update(of=("self",), no_key=True)}
    return held


def _join(calls: Sequence[int], wishes: Sequence[_Wish], *, cause: str, day: date, now: datetime) -> None:
    """What joins an open call brings it forward, unless it was tried today; and tells more than a step does."""
    rows = Call.objects.filter(pk__in=calls)
    tried = Attempt.objects.filter(call=OuterRef("pk"), undone_at=None, at__gte=start_of_day(utc_date(now)))
    rows.filter(due_on__gt=day).exclude(Exists(tried)).update(due_on=day)
    if cause == Call.Cause.STEP:
        return
    rows.filter(cause=Call.Cause.STEP).update(cause=cause)
    for wish in wishes:
        if wish.detail:
            rows.filter(customer=wish.customer, detail="").update(detail=wish.detail)


# Whom to ask for


def with_wrong_numbers_left_out(contacts: QuerySet[Contact]) -> QuerySet[Contact]:
    """Contacts with a number at which nobody has been found to be somebody else."""
    wrong = Attempt.objects.filter(
        contact=OuterRef("pk"), phone=OuterRef("phone"), outcome=Attempt.Outcome.WRONG_NUMBER, undone_at=None
    )
    return contacts.exclude(phone="").exclude(Exists(wrong))


def _contacts_of(wishes: Iterable[_Wish]) -> dict[int, int]:
    """Whom to ask for at each customer: the one who was meant, else by role, as far as a number is known."""
    meant = {wish.customer: wish.contact for wish in wishes}
    found = with_wrong_numbers_left_out(Contact.objects.filter(customer__in=meant)).order_by("name", "pk")
    by_customer: defaultdict[int, list[tuple[bool, int, int]]] = defaultdict(list)
    for pk, customer, role in found.values_list("pk", "customer", "role"):
        by_customer[customer].append((pk != meant[customer], _rank(role), pk))
    return {customer: min(people, key=lambda one: one[:2])[2] for customer, people in by_customer.items()} | {
        customer: contact for customer, contact in meant.items() if contact and customer not in by_customer
    }


def next_contact(call: Call) -> Contact | None:
    """Somebody else at the customer who can be rung."""
    mine = Contact.objects.filter(partner=call.partner_id, customer=call.customer_id)
    people = with_wrong_numbers_left_out(mine).exclude(pk=call.contact_id or 0)
    return min(people, key=lambda one: (_rank(one.role), one.name, one.pk), default=None)


def ask_for(call: Call, contact: Contact, *, actor: User, now: datetime) -> bool:
    """Ring somebody else at the customer, in an open call; whether that is a change."""
    with transaction.atomic():
        mine = Call.objects.for_partner(call.partner).open().filter(pk=call.pk, customer=contact.customer_id)
        if not mine.exclude(contact=contact).update(contact=contact):
            return False
        facts = {"contact": str(contact)}
        activities.record("call.contact_chosen", call, partner=call.partner, actor=actor, at=now, **facts)
    return True


def _rank(role: str) -> int:
    return [*map(str, _ASKED_FOR), role].index(role)


# When the house rings


def office_of(partner: Partner) -> Office:
    """The working days and hours of the partner's first calendar, or those of most."""
    calendar = Calendar.objects.for_partner(partner).filter(is_active=True).first()
    if calendar is None:
        return Office()
    return Office(
        working_days=frozenset(calendar.working_days) or Office().working_days,
        days_off=frozenset(_days(calendar.days_off)),
        quiet_from=calendar.quiet_from,
        quiet_until=calendar.quiet_until,
    )


def _days(written: Iterable[Any]) -> Iterator[date]:
    for one in written:
        try:
            yield date.fromisoformat(str(one))
        except ValueError:
            continue


# Closed


def sweep_calls(now: datetime) -> Swept:
    """Close what has settled and open what is late, partner by partner; asked twice it does nothing more."""
    with across_partners():
        partners = list(Partner.objects.filter(is_active=True).order_by("pk"))
    closed = late = 0
    for partner in partners:
        with on_behalf_of(partner):
            closed += close_settled(partner, now=now)
            late += open_late(partner, now=now)
    return Swept(closed, late)


def close_settled(partner: Partner, *, now: datetime) -> int:
    """End the open calls of which every order is renewed or silent; how many. Lists have stopped showing them before.

    What is only put off stays open, and is seen again on its day.
    """
    settled = Call.objects.for_partner(partner).settled(utc_date(now))
    with transaction.atomic():
        rows = list(settled.select_for_update(of=("self",), no_key=True).order_by("pk"))
        if rows:
            ended = Call.objects.for_partner(partner).filter(pk__in=[call.pk for call in rows])
            ended.update(state=Call.State.CLOSED, ended_at=now)
            activities.record_each("call.closed", rows, at=now)
            forget_counts()
    return len(rows)


# Counted


def due_today(membership: Membership, *, today: date) -> int:
    """Calls for the badge, as of a minute ago: of an account manager's own customers, of anybody else all."""
    owner = membership.pk if membership.role == Role.ACCOUNT_MANAGER else 0
    key = f"calls:{membership.partner_id}:{owner}:{today}:{caches['minute'].get(_GENERATION, '')}"
    return int(caches["minute"].get_or_set(key, lambda: _count_due(membership, owner, today)) or 0)


def forget_counts() -> None:
    """Have this process count anew: whoever has just noted a call sees the badge follow."""
    caches["minute"].set(_GENERATION, secrets.token_hex(4), timeout=None)


def _count_due(membership: Membership, owner: int, today: date) -> int:
    due = Call.objects.for_partner(membership.partner).due(today)
    mine = due.filter(customer__owner=owner) if owner else due
    found: int = mine.order_by().values("pk")[:MOST_ON_BADGE].count()
    return found
