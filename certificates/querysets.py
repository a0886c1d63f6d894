"""Named, chainable questions about what was sold: `orders.issued().unrenewed().expiring(today=…, within=…)`."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from django.db.models import (
    Case,
    DateField,
    Exists,
    F,
    FilteredRelation,
    IntegerField,
    OuterRef,
    Q,
    Subquery,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Cast, Concat, StrIndex

from certificates.remarks import Remark
from certificates.rules import start_of_day
from certificates.search.sql import holding
from certificates.search.text import phone_needle, serial_needle
from certificates.states import (
    LIVE_ORDER_STATES,
    OPEN_REQUEST_STATES,
    RENEWING_STATES,
    EmailState,
    OrderStatus,
    RenewalMark,
    RequestKind,
    RequestState,
    ValidationLevel,
)
from portal.access import PartnerQuerySet
from portal.roles import Role, may

if TYPE_CHECKING:
    from certificates.models import Certificate, Contact, Customer, Domain, Order, Organization, Reply, Request
    from portal.models import Membership

# An unissued renewal is late this many days before its old order ends.
LATE_DAYS = 7
# Whatever the authority is quick about has been issued by then.
LATE_AFTER_DAYS = 1
# What needs a validation soon: orders due within so many days, or due so many days ago.
DUE_DAYS, RECENT_DAYS = 90, 30
# Whoever switched automatic renewal on still works here, in a role that renews.
_RENEWER_IS_HERE = Q(
    auto_renew_by__is_active=True,
    auto_renew_by__user__is_active=True,
    auto_renew_by__role__in=[role.value for role in Role if may(role, "orders.renew")],
)


class CountOf(Subquery):
    """How many rows a query has, as a value inside another; slice the query to count no further."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) counted)"
    output_field = IntegerField()


def _in_domain(orders: OrderQuerySet) -> OrderQuerySet:
    """Of the orders those of the outer domain's customer that hold a name in it; names are stored as a JSON list."""
    names = Concat(Cast("names", TextField()), Value('"'), "common_name", Value('"'))
    itself = StrIndex(names, Concat(Value('"'), OuterRef("name"), Value('"')))
    below = StrIndex(names, Concat(Value("."), OuterRef("name"), Value('"')))
    mine = orders.filter(customer=OuterRef("customer"))
    return mine.alias(itself=itself, below=below).filter(Q(itself__gt=0) | Q(below__gt=0))


def _of_organization(orders: OrderQuerySet) -> OrderQuerySet:
    """Of the orders those that name the outer organisation in their certificates."""
    return orders.filter(organization=OuterRef("pk")).exclude(product__level=ValidationLevel.DV)


class CustomerQuerySet(PartnerQuerySet["Customer"]):
    def owned_by(self, membership: Membership) -> CustomerQuerySet:
        return self.filter(owner=membership)

    def matching(self, text: str) -> CustomerQuerySet:
        """Customers whose name, number, city, domain or contact holds every word."""
        return holding(self, text)

    def with_outlook(self, orders: OrderQuerySet, contacts: ContactQuerySet, *, today: date) -> CustomerQuerySet:
        """Adds `running` (orders), `next_end` (of one unrenewed, at most 30 days past) and `reachable` (contacts)."""
        theirs = orders.issued().filter(customer=OuterRef("pk")).order_by()
        next_ends = theirs.unrenewed().filter(ends_on__gte=today - timedelta(days=RECENT_DAYS)).order_by("ends_on")
        people = contacts.reachable().filter(customer=OuterRef("pk")).order_by()
        return self.annotate(
            running=CountOf(theirs.filter(ends_on__gte=today).values("pk")),
            next_end=Subquery(next_ends.values("ends_on")[:1]),
            reachable=CountOf(people.values("pk")),
        )


class ContactQuerySet(PartnerQuerySet["Contact"]):
    def unreachable(self) -> ContactQuerySet:
        """Letters to the address come back, or its reader wants none."""
        return self.filter(email_state__in=[EmailState.BOUNCED, EmailState.COMPLAINED])

    def reachable(self) -> ContactQuerySet:
        return self.exclude(email="").filter(email_state="ok")

    def matching(self, text: str) -> ContactQuerySet:
        """Contacts whose name, address or telephone number holds every word; a number may be written in any way."""
        return holding(self, phone_needle(text) or text)


def _pressing(today: date) -> Q:
    return Q(
        status__in=LIVE_ORDER_STATES,
        renewal_mark=RenewalMark.NONE,
        ends_on__gte=today - timedelta(days=RECENT_DAYS),
    )


class DomainQuerySet(PartnerQuerySet["Domain"]):
    def lapsing(self, *, today: date, within: int) -> DomainQuerySet:
        """Validation has ended or ends within that many days."""
        return self.filter(validated_until__lte=today + timedelta(days=within))

    def unknown(self) -> DomainQuerySet:
        """Nobody knows until when the validation holds."""
        return self.filter(validated_until__isnull=True)

    def with_held_up(self, orders: OrderQuerySet) -> DomainQuerySet:
        """Adds `holds_up`: how many of these orders, its customer's, hold a name in the domain."""
        return self.annotate(holds_up=CountOf(_in_domain(orders).order_by().values("pk")))

    def holding_up(self, orders: OrderQuerySet) -> DomainQuerySet:
        """Only those for which one of these orders waits."""
        return self.filter(Exists(_in_domain(orders)))


class OrganizationQuerySet(PartnerQuerySet["Organization"]):
    def lapsing(self, *, today: date, within: int) -> OrganizationQuerySet:
        """A validation has ended or ends within that many days."""
        until = today + timedelta(days=within)
        return self.filter(Q(ov_validated_until__lte=until) | Q(ev_validated_until__lte=until))

    def unknown(self) -> OrganizationQuerySet:
        """Nobody knows until when a validation holds."""
        return self.filter(ov_validated_until__isnull=True, ev_validated_until__isnull=True)

    def with_held_up(self, orders: OrderQuerySet) -> OrganizationQuerySet:
        """Adds `holds_up`: how many of these orders name the organisation."""
        return self.annotate(holds_up=CountOf(_of_organization(orders).order_by().values("pk")))

    def holding_up(self, orders: OrderQuerySet) -> OrganizationQuerySet:
        """Only those for which one of these orders waits."""
        return self.filter(Exists(_of_organization(orders)))


class OrderQuerySet(PartnerQuerySet["Order"]):
    def issued(self) -> OrderQuerySet:
        """Issued, a pending reissue included; revoked, cancelled, rejected and pending orders are not."""
        return self.filter(status__in=LIVE_ORDER_STATES)

    def unrenewed(self) -> OrderQuerySet:
        """No renewal intended, placed or issued, and not marked renewed elsewhere."""
        return self.filter(renewal_mark=RenewalMark.NONE)

    def expiring(self, *, today: date, within: tuple[int | None, int | None]) -> OrderQuerySet:
        """The order's last day lies first..last days from today (inclusive; None is open); negative is past."""
        return self._ending("ends_on", today, within)

    def due(self, *, today: date, within: int = DUE_DAYS) -> OrderQuerySet:
        """Unrenewed orders that need a certificate within that many days, renewed or reissued, or needed it lately."""
        first, last = today - timedelta(days=RECENT_DAYS), today + timedelta(days=within)
        ends = Q(ends_on__range=(first, last)) | Q(certificate_ends_on__range=(first, last))
        return self.issued().unrenewed().filter(ends)

    def with_certificate_expiring(self, *, today: date, within: tuple[int | None, int | None]) -> OrderQuerySet:
        """As `expiring`, by the last day of the order's present certificate."""
        return self._ending("certificate_ends_on", today, within)

    def _ending(self, column: str, today: date, within: tuple[int | None, int | None]) -> OrderQuerySet:
        first, last = within
        orders = self.filter(**{f"{column}__isnull": False})
        if first is not None:
            orders = orders.filter(**{f"{column}__gte": today + timedelta(days=first)})
        if last is not None:
            orders = orders.filter(**{f"{column}__lte": today + timedelta(days=last)})
        return orders

    def owned_by(self, membership: Membership) -> OrderQuerySet:
        return self.filter(customer__owner=membership)

    def matching(self, text: str) -> OrderQuerySet:
        """Orders whose number, names, references or customer hold every word."""
        return holding(self, text)

    def pressing(self, *, today: date) -> OrderQuerySet:
        """Issued, unrenewed and ending, at most a month ago: what still asks for something."""
        return self.filter(_pressing(today))

    def not_pressing(self, *, today: date) -> OrderQuerySet:
        """All the others: renewed, long gone, not issued yet, never to be issued."""
        return self.exclude(_pressing(today))

    def by_urgency(self, *, today: date) -> OrderQuerySet:
        """Unrenewed orders first, by their ends from a month ago on; then the rest, the newest first."""
        pressing = _pressing(today)
        first = Case(When(pressing, then=F("ends_on")), output_field=DateField())
        return self.order_by(Case(When(pressing, then=0), default=1), first, F("ends_on").desc(nulls_first=True), "-pk")

    def reissue_due(self, *, today: date, within: int) -> OrderQuerySet:
        """The certificate ends within that many days or has ended, a month and more before its order."""
        pressing = self.issued().unrenewed().exclude(status=OrderStatus.REISSUE_PENDING).filter(ends_on__gte=today)
        ending = pressing.with_certificate_expiring(today=today, within=(-RECENT_DAYS, within))
        return ending.filter(ends_on__gt=F("certificate_ends_on") + timedelta(days=within))

    def not_put_off(self, *, today: date) -> OrderQuerySet:
        """Neither put off by the customer until a later day, nor no longer needed: what may be spoken of today."""
        return self.exclude(Exists(self._answers().silencing(today=today)))

    def answered(self, kind: str) -> OrderQuerySet:
        """Those about which the customer has said "not_now", whatever the day, or "not_needed"."""
        return self.filter(Exists(self._answers().standing().filter(kind=kind)))

    def unanswered(self) -> OrderQuerySet:
        """The customer has said nothing about them that stands."""
        return self.exclude(Exists(self._answers().standing()))

    def with_answer(self) -> OrderQuerySet:
        """Joins what the customer has said that stands, if anything, as `said`: `said__kind`, `said__until`."""
        return self.annotate(said=FilteredRelation("replies", condition=Q(replies__withdrawn_at=None)))

    @staticmethod
    def _answers() -> ReplyQuerySet:
        from certificates.models import Reply  # models are built upon these questions

        answers: ReplyQuerySet = Reply.objects.filter(order=OuterRef("pk")).order_by()
        return answers

    def mine_first(self, membership: Membership, column: str) -> OrderQuerySet:
        """The orders of one's own customers before those of the others, each by the column."""
        return self.order_by(Case(When(customer__owner=membership, then=0), default=1), column, "pk")

    def due_for_auto_renewal(self, *, today: date, days: int) -> OrderQuerySet:
        """Auto-renew is on, by somebody still here, the order ends within that many days, and its customer wants it."""
        orders = self.issued().unrenewed().not_put_off(today=today).filter(_RENEWER_IS_HERE, auto_renew=True)
        return orders.expiring(today=today, within=(0, days))

    def auto_renew_stalled(self) -> OrderQuerySet:
        """Automatic renewal is on, and whoever switched it on may no longer renew: it has stopped."""
        return self.issued().unrenewed().filter(auto_renew=True).exclude(_RENEWER_IS_HERE)

    def auto_renew_not_refused(self) -> OrderQuerySet:
        """Without those that could not renew themselves: a person has to."""
        said = Cast("remarks", TextField())
        return self.alias(said_of_it=said).exclude(said_of_it__contains=Remark.AUTO_RENEW_REFUSED.value)

    def renewing_themselves(self) -> OrderQuerySet:
        """Nobody needs to be told of them: automatic renewal is on, and nothing hinders it."""
        switched_on = self.issued().unrenewed().filter(_RENEWER_IS_HERE, auto_renew=True)
        return switched_on.auto_renew_not_refused()


class CertificateQuerySet(PartnerQuerySet["Certificate"]):
    def current(self) -> CertificateQuerySet:
        return self.filter(is_current=True)

    def unattached(self) -> CertificateQuerySet:
        """Certificates of no order of ours: other authorities' certificates, candidates to consolidate."""
        return self.filter(order__isnull=True)

    def movable(self) -> CertificateQuerySet:
        """Of those the ones that no order of ours, asked for or issued, takes the place of yet."""
        return self.unattached().exclude(moved_by__state__in=RENEWING_STATES)

    def numbered(self, text: str) -> CertificateQuerySet:
        """Certificates whose serial number begins so, however it is written; none where the text is no serial."""
        serial = serial_needle(text)
        if not serial:
            return self.none()
        # "G" follows every hexadecimal digit: a range walks the index on every database, LIKE does not
        return self.filter(serial_number__gte=serial, serial_number__lt=f"{serial}G")


class RequestQuerySet(PartnerQuerySet["Request"]):
    def open(self) -> RequestQuerySet:
        """Waiting for an approval, for us, or for the authority."""
        return self.filter(state__in=OPEN_REQUEST_STATES)

    def failed(self) -> RequestQuerySet:
        return self.filter(state=RequestState.FAILED)

    def renewing(self) -> RequestQuerySet:
        """Renewals that are intended, placed or issued: what makes an order count as renewed."""
        return self.filter(kind=RequestKind.RENEWAL, state__in=RENEWING_STATES)

    def claimable(self, now: datetime) -> RequestQuerySet:
        """Queued, or left by a worker that has been silent for longer than its lease."""
        stuck = Q(state=RequestState.PLACING, claimed_until__lte=now)
        return self.filter(Q(state=RequestState.QUEUED, due_at__lte=now) | stuck)

    def awaiting_authority(self, now: datetime) -> RequestQuerySet:
        """Placed, and due to be asked after again."""
        return self.filter(state=RequestState.PLACED, due_at__lte=now)

    def needing_work(self, now: datetime) -> RequestQuerySet:
        """What a worker may take up now, of partners that are not suspended, the longest due first."""
        due = self.claimable(now) | self.awaiting_authority(now)
        return due.filter(partner__is_active=True).order_by("due_at", "pk")

    def needing_attention(self) -> RequestQuerySet:
        """Open or failed: what the Requests page is for."""
        return self.filter(state__in=(*OPEN_REQUEST_STATES, RequestState.FAILED))

    def late(self, today: date) -> RequestQuerySet:
        """Renewals still unissued when their old order has 7 days left or fewer: somebody has to call.

        What was asked for less than a day ago is on its way.
        """
        soon, asked = today + timedelta(days=LATE_DAYS), start_of_day(today - timedelta(days=LATE_AFTER_DAYS))
        return self.open().filter(kind=RequestKind.RENEWAL, order__ends_on__lte=soon, requested_at__lt=asked)


class ReplyQuerySet(PartnerQuerySet["Reply"]):
    def standing(self) -> ReplyQuerySet:
        """Not taken back: at most one per order."""
        return self.filter(withdrawn_at=None)

    def silencing(self, *, today: date) -> ReplyQuerySet:
        """Standing, and saying that today is not the day to speak of the order."""
        return self.standing().filter(Q(until=None) | Q(until__gt=today))
