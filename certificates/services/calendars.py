"""The dates of a customer's certificates as a calendar: behind an address of each person's own, which can be ended."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from icalendar import Calendar, Event

from certificates import rules
from certificates.models import Order
from certificates.rules import NoRule, Rule
from certificates.services import planning
from certificates.x509.names import display_name
from portal import activities, links
from portal.models import Link, Membership, Partner

PURPOSE = "calendar"
# Calendars ask for years; an address ends with the sign-in, or when a new one is made.
READABLE = timedelta(days=3650)
# So many orders and no more go into one calendar.
MOST_ORDERS = 1000
_AFTER = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Day:
    """One entry: a whole day, what is to be done on it, and a name for it that stays the same."""

    uid: str
    on: date
    title: str
    order: Order


# The address


def make_calendar(member: Membership, *, now: datetime) -> str:
    """A new address of the person's calendar, the only time that it is seen; the one before it ends."""
    with transaction.atomic():
        end_calendar(member, now=now)
        address = links.make_link(
            partner=member.partner,
            purpose=PURPOSE,
            subject=_subject(member),
            audience=member.user.email,
            language=member.user.language,
            expires_at=now + READABLE,
            now=now,
        )
        activities.record("person.calendar_made", member, partner=member.partner, actor=member.user, at=now)
    return address


def end_calendar(member: Membership, *, now: datetime) -> int:
    """Let the person's calendar open nothing any more; how many addresses there were."""
    return links.revoke(partner=member.partner, purpose=PURPOSE, subject=_subject(member), now=now)


def calendar_of(member: Membership, *, now: datetime) -> Link | None:
    """The address that is open, if there is one; its token is known to nobody but the calendar that asks."""
    mine = Link.objects.for_partner(member.partner).about(_subject(member), purpose=PURPOSE).unrevoked()
    found: Link | None = mine.filter(expires_at__gt=now).order_by("-pk").first()
    return found


def reader_of(link: Link) -> Membership | None:
    """Whose calendar it is, while that person may sign in; the scope of the link's partner is open."""
    _kind, _colon, key = link.subject.partition(":")
    members = Membership.objects.for_partner(link.partner).active().select_related("user", "customer")
    found: Membership | None = members.filter(pk=int(key), customer__isnull=False).first()
    return found


def register() -> None:
    """Let addresses of calendars be opened as what they are: files, without a cookie or a page."""
    links.purposes[PURPOSE] = links.Purpose(
        url=lambda _link: reverse("certificates:home_calendar"), door="certificates:calendar"
    )


def _subject(member: Membership) -> str:
    return f"member:{member.pk}"


# What stands in it


def calendar_file(member: Membership, *, now: datetime) -> bytes:
    """The person's calendar as a file, in the language that is spoken just now; whole days, so without time zones."""
    partner = member.partner
    calendar = Calendar()
    calendar.add("prodid", f"-//{partner.name}//{settings.MAIL_ID_DOMAIN}//")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", _("Certificates, %(customer)s") % {"customer": member.customer})
    calendar.add("refresh-interval", timedelta(days=1), parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "P1D")
    for day in days_of(_orders(member, now), planning.rulebook(partner), now=now):
        calendar.add_component(_event(day, partner))
    content: bytes = calendar.to_ical()
    return content


def _orders(member: Membership, now: datetime) -> list[Order]:
    orders = Order.objects.for_partner(member.partner).filter(customer=member.customer_id).issued().unrenewed()
    ending = orders.filter(ends_on__gte=rules.utc_date(now) - _AFTER)
    return list(ending.select_related("product").order_by("ends_on", "pk")[:MOST_ORDERS])


def days_of(orders: Iterable[Order], book: dict[str, planning.Rules], *, now: datetime) -> Iterator[Day]:
    """The days of each order: its renewal opens, its certificate is reissued by then, it ends."""
    for order in orders:
        yield from _days(order, book.get(order.authority, ()), now)


def _days(order: Order, book: Iterable[Rule], now: datetime) -> Iterator[Day]:
    told, own = {"host": display_name(order.common_name)}, tuple(book)
    if order.ends_on is None or order.ends_at is None:
        return
    for due_on in _reissues(order, own, now):
        uid = f"reissue-{order.pk}-{due_on:%Y%m%d}"
        yield Day(uid, due_on, _("Reissue %(host)s by today, free") % told, order)
    opens_on = _opens_on(order, own, now)
    if opens_on:
        yield Day(f"opens-{order.pk}", opens_on, _("%(host)s can be renewed from today") % told, order)
    yield Day(f"ends-{order.pk}", order.ends_on, _("%(host)s ends: renew it by today") % told, order)


def _opens_on(order: Order, book: tuple[Rule, ...], now: datetime) -> date | None:
    try:
        return rules.utc_date(planning.renewal_window(order, now=now, rules=book).opens_at)
    except NoRule:
        return None


def _reissues(order: Order, book: tuple[Rule, ...], now: datetime) -> list[date]:
    """The last day of each certificate that ends before its order, the present one first."""
    if order.ends_at is None or order.certificate_ends_at is None or order.certificate_ends_on == order.ends_on:
        return []
    try:
        calendar = rules.reissue_calendar(
            certificate_end=order.certificate_ends_at,
            order_end=order.ends_at,
            rules=book,
            family=order.family,
            level=order.level,
        )
    except NoRule:
        return []
    return [reissue.due_on for reissue in calendar]


def _event(day: Day, partner: Partner) -> Event:
    page = links.address(partner, reverse("certificates:home_order", args=[day.order.pk]))
    event = Event()
    event.add("uid", f"{day.uid}@{settings.MAIL_ID_DOMAIN}")
    event.add("dtstamp", day.order.updated_at)
    event.add("dtstart", day.on)
    event.add("dtend", day.on + timedelta(days=1))
    event.add("summary", day.title)
    event.add("description", _("%(product)s, order %(number)s") % _facts(day.order))
    event.add("url", page)
    event.add("transp", "TRANSPARENT")
    return event


def _facts(order: Order) -> dict[str, str]:
    return {"product": order.product_name, "number": order.number}
