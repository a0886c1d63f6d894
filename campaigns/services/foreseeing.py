"""Whom a calendar meets: which of the partner's live orders follow it, and how many people read of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from hashlib import blake2b
from typing import Any, cast

from django.core.cache import caches
from django.db.models import CharField, Count, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat

from campaigns.models import Calendar
from campaigns.rules.ladder import Reach, Recipient
from campaigns.services.calendars import SEGMENT, first_that_fits, following
from certificates.models import Contact, Order
from certificates.states import ContactRole
from portal.models import Partner

# Whom of a customer's people a recipient stands for; the technical one is the order's own contact, or one in its place.
_ROLES: Mapping[str, Recipient] = {ContactRole.BUYER: Recipient.BUYER, ContactRole.MANAGER: Recipient.MANAGER}


def reach_of(calendar: Calendar, in_use: Sequence[Calendar], *, today: date) -> Reach:
    """The live orders that would follow the calendar as it stands here, saved or not, remembered for a minute.

    `in_use` are the partner's calendars; this one stands in its own place among them, in use or not.
    """
    turn = _in_turn(calendar, in_use)
    asked = [(one.pk == calendar.pk, _segment(one)) for one in turn]
    key = f"reach:{calendar.partner_id}:{today}:{_digest(asked)}"
    remembered: Any = caches["minute"].get_or_set(key, lambda: _reach_of(calendar, turn, today))
    return cast("Reach", remembered)


def followers(partner: Partner, in_use: Sequence[Calendar], *, today: date) -> dict[int | None, int]:
    """Live orders by the calendar that they follow, remembered for a minute; under None those that follow none."""
    key = f"followers:{partner.pk}:{today}:{_digest([(one.pk, _segment(one)) for one in in_use])}"
    remembered: Any = caches["minute"].get_or_set(key, lambda: _counted(partner, in_use, today))
    return cast("dict[int | None, int]", remembered)


def _counted(partner: Partner, in_use: Sequence[Calendar], today: date) -> dict[int | None, int]:
    counted = _live(partner, today).annotate(calendar=following(in_use)).order_by()
    return dict(counted.values("calendar").annotate(number=Count("pk")).values_list("calendar", "number"))


def reader_zones(partner: Partner, *, most: int) -> list[tuple[str, int]]:
    """The time zones in which most of the partner's contacts live, with how many."""
    people = Contact.objects.for_partner(partner).exclude(email="").order_by()
    return list(
        people.values("time_zone")
        .annotate(n=Count("pk"))
        .order_by("-n", "time_zone")
        .values_list("time_zone", "n")[:most]
    )


def _live(partner: Partner, today: date) -> QuerySet[Order]:
    return Order.objects.for_partner(partner).issued().unrenewed().filter(ends_on__gte=today)


def _in_turn(calendar: Calendar, in_use: Sequence[Calendar]) -> list[Calendar]:
    others = [one for one in in_use if one.pk != calendar.pk]
    return sorted([*others, calendar], key=lambda one: (one.position, one.pk or 0))


def _segment(calendar: Calendar) -> list[Any]:
    return [getattr(calendar, name) for name in SEGMENT]


def _digest(asked: Sequence[Any]) -> str:
    """All that decides which orders follow what, as the end of a key."""
    return blake2b(repr(asked).encode(), digest_size=16).hexdigest()


def _reach_of(calendar: Calendar, turn: Sequence[Calendar], today: date) -> Reach:
    orders = _followers(calendar, turn, today)
    rows = list(
        orders.values("term_years").annotate(
            orders=Count("pk"),
            owned=Count("pk", filter=Q(customer__owner__isnull=False)),
            ends=_days_of_customers("ends_on"),
            certificate_ends=_days_of_customers("certificate_ends_on"),
        )
    )
    total = sum(row["orders"] for row in rows)
    return Reach(
        orders=total,
        ends={row["term_years"]: row["ends"] for row in rows},
        certificate_ends={row["term_years"]: row["certificate_ends"] for row in rows},
        readers=_readers(orders, rows, total) if total else {},
    )


def _followers(calendar: Calendar, turn: Sequence[Calendar], today: date) -> QuerySet[Order]:
    """Its own orders; one without a row yet goes by 0."""
    key = calendar.pk or 0
    mine = first_that_fits((one.pk or 0, one) for one in turn)
    return _live(calendar.partner, today).annotate(calendar=mine).filter(calendar=key).order_by()


def _days_of_customers(column: str) -> Count:
    """Days on which something of a customer ends: what ends on one day is told in one letter."""
    day = Concat(Cast("customer_id", CharField()), Value("/"), Cast(column, CharField()))
    return Count(day, distinct=True)


def _readers(orders: QuerySet[Order], rows: Sequence[Mapping[str, Any]], total: int) -> dict[Recipient, Decimal]:
    """How many people a recipient stands for, on the average order, to two digits."""
    people = orders.filter(
        customer__contacts__role__in=list(_ROLES),
        customer__contacts__email__gt="",
        customer__contacts__email_state="ok",
    )
    counted = people.values("customer__contacts__role").annotate(n=Count("pk"))
    found = {_ROLES[row["customer__contacts__role"]]: row["n"] for row in counted}
    found |= {Recipient.TECHNICAL: total, Recipient.OWNER: sum(row["owned"] for row in rows)}
    return {recipient: (Decimal(number) / total).quantize(Decimal("0.01")) for recipient, number in found.items()}
