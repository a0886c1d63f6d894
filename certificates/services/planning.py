"""What a renewal or a reissue would give, what an order needs next, and what would hold it up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from django.db.models import Q

from certificates.models import AuthorityRule, Domain, Order, Organization, Product
from certificates.rules import (
    ActionKind,
    Level,
    NextAction,
    Reason,
    Reissue,
    RenewalPlan,
    Rule,
    Term,
    Window,
    certificate_limit,
    next_action,
    plan_order,
    plan_renewal,
    reissue_calendar,
    rule_for,
    utc_date,
    whole_days,
    window,
)
from certificates.services.connections import default_connection, renewal_connection
from certificates.services.refusals import Obstacle, OrderNotRenewable
from certificates.states import LIVE_ORDER_STATES, RenewalMark
from portal.models import Partner

Rules = tuple[Rule, ...]


def rules_for(partner: Partner, authority: str) -> Rules:
    """The limits that hold for the partner at an authority: the house's, or its own where it has changed them."""
    return tuple(row.as_rule() for row in AuthorityRule.objects.effective_for(partner, authority))


def rulebook(partner: Partner) -> dict[str, Rules]:
    """The same for every authority at once, in one query and without its comparing rows: for lists."""
    rows = AuthorityRule.objects.filter(Q(partner=partner) | Q(partner__isnull=True)).order_by("effective_from")
    house_first = sorted(rows, key=lambda row: row.partner_id is not None)
    effective = {(row.authority, row.family, row.level, row.effective_from): row for row in house_first}
    book: defaultdict[str, list[Rule]] = defaultdict(list)
    for row in effective.values():
        book[row.authority].append(row.as_rule())
    return {authority: tuple(found) for authority, found in book.items()}


# What it would give


def renewal_rules(order: Order) -> Rules:
    """The rules of where the order would be renewed; raises NotConnected."""
    return rules_for(order.partner, renewal_connection(order).kind)


def renewal_plan(
    order: Order,
    *,
    start: datetime,
    term_years: int,
    product: Product | None = None,
    rules: Sequence[Rule] | None = None,
) -> RenewalPlan:
    """What a renewal at `start` would give, by default with the present product.

    Raises RenewalWindowClosed outside the window, NotConnected, and OrderNotRenewable for an order without end.
    """
    family, level = _kind(order, product)
    return plan_renewal(
        old_end=_end_of(order),
        start=start,
        term=Term(years=term_years),
        rules=renewal_rules(order) if rules is None else rules,
        family=family,
        level=level,
    )


def renewal_window(order: Order, *, now: datetime, rules: Sequence[Rule] | None = None) -> Window:
    """When the order's renewal may be placed, by the rule of today."""
    rules = renewal_rules(order) if rules is None else rules
    rule = rule_for(rules, utc_date(now), family=order.family, level=order.level)
    return window(_end_of(order), rule)


def new_order_plan(partner: Partner, product: Product, *, start: datetime, term_years: int) -> RenewalPlan:
    """What a new order at `start` would give; raises NotConnected."""
    return plan_order(
        start=start,
        term=Term(years=term_years),
        rules=rules_for(partner, default_connection(partner).kind),
        family=product.family,
        level=Level(product.level),
    )


@dataclass(frozen=True, slots=True)
class ReissuePlan:
    """What a free reissue would give: the new certificate, and what it leaves to further ones."""

    starts_at: datetime
    ends_at: datetime
    order_end: datetime
    reissues: tuple[Reissue, ...]

    @property
    def days(self) -> int:
        return whole_days(self.starts_at, self.ends_at)

    @property
    def days_left_to_collect(self) -> int:
        return whole_days(self.ends_at, self.order_end)


def reissue_plan(order: Order, *, start: datetime, rules: Sequence[Rule] | None = None) -> ReissuePlan:
    """What a reissue at `start` would give; raises NotConnected, and OrderNotRenewable for an order that has ended."""
    order_end = _end_of(order)
    if order_end <= start:
        raise OrderNotRenewable(Obstacle.ENDED)
    rules = renewal_rules(order) if rules is None else rules
    limit = certificate_limit(rules, family=order.family, level=order.level)
    ends_at = min(order_end, start + limit(start))
    calendar = reissue_calendar(
        certificate_end=ends_at, order_end=order_end, rules=rules, family=order.family, level=order.level
    )
    return ReissuePlan(starts_at=start, ends_at=ends_at, order_end=order_end, reissues=calendar)


# What it needs


def what_next(order: Order, *, now: datetime, rules: Sequence[Rule] | None = None) -> NextAction:
    """Reissue or renew, or wait and until when; lists hand in the rules of the order's authority."""
    if order.ends_at is None or order.status not in LIVE_ORDER_STATES:
        return NextAction(ActionKind.NONE, Reason.NOT_ISSUED)
    return next_action(
        order_end=order.ends_at,
        certificate_end=order.certificate_ends_at or order.ends_at,
        now=now,
        rules=rules_for(order.partner, order.authority) if rules is None else rules,
        family=order.family,
        level=order.level,
        renewed=order.renewal_mark != RenewalMark.NONE,
    )


# What would hold it up


class ValidationCode(StrEnum):
    ORGANIZATION_VALID = "organization_valid"
    ORGANIZATION_LAPSED = "organization_lapsed"
    ORGANIZATION_UNKNOWN = "organization_unknown"
    ORGANIZATION_MISSING = "organization_missing"
    DOMAIN_VALID = "domain_valid"
    DOMAIN_LAPSED = "domain_lapsed"
    DOMAIN_UNKNOWN = "domain_unknown"


_HOLDING = {
    ValidationCode.ORGANIZATION_LAPSED,
    ValidationCode.ORGANIZATION_UNKNOWN,
    ValidationCode.ORGANIZATION_MISSING,
    ValidationCode.DOMAIN_LAPSED,
}


@dataclass(frozen=True, slots=True)
class ValidationFact:
    """One thing the authority has proved, or has to prove (again) before it issues; `until` is its last day."""

    code: ValidationCode
    name: str
    until: date | None = None

    @property
    def holds(self) -> bool:
        """Whether an order placed today waits for it."""
        return self.code in _HOLDING


def validation_state(
    order: Order, *, today: date, product: Product | None = None, names: Iterable[str] | None = None
) -> list[ValidationFact]:
    """The organisation, where the level needs one, then each domain of the names once."""
    product = product or order.product
    names = order.names if names is None else names
    return validation_facts(
        order.partner, product, order.organization or organization_of(order), names=names, today=today
    )


def validation_states(
    partner: Partner, wishes: Iterable[tuple[Product | None, Organization | None, Sequence[str]]], *, today: date
) -> list[list[ValidationFact]]:
    """The same of many at once, each with its product, its organisation and its names: one query."""
    wishes = list(wishes)
    known = _known_domains(partner, [name for _product, _organization, names in wishes for name in names])
    return [
        [*_organization_facts(product, organization, today), *_facts_of(names, known, today)]
        for product, organization, names in wishes
    ]


def validation_facts(
    partner: Partner, product: Product | None, organization: Organization | None, *, names: Iterable[str], today: date
) -> list[ValidationFact]:
    """The same for an order that does not exist yet."""
    return validation_states(partner, [(product, organization, list(names))], today=today)[0]


def organization_of(order: Order) -> Organization | None:
    """The organisation an order names: its own, or else the customer's, the one validated longest."""
    if order.organization_id:
        return order.organization
    organizations = Organization.objects.for_partner(order.partner).filter(customer_id=order.customer_id)
    return max(organizations, key=lambda one: one.ov_validated_until or date.min, default=None)


def _organization_facts(
    product: Product | None, organization: Organization | None, today: date
) -> Iterator[ValidationFact]:
    if product is None or product.level == Level.DV:
        return
    if organization is None:
        yield ValidationFact(ValidationCode.ORGANIZATION_MISSING, "")
        return
    until = organization.validated_until(product.level)
    code = ValidationCode.ORGANIZATION_VALID
    if until is None:
        code = ValidationCode.ORGANIZATION_UNKNOWN
    elif until < today:
        code = ValidationCode.ORGANIZATION_LAPSED
    yield ValidationFact(code, organization.name, until)


def _known_domains(partner: Partner, names: Iterable[str]) -> dict[str, date | None]:
    """The partner's domains in which one of the names lies, and until when they are validated."""
    above = {parent for name in names for parent in _parents(name.removeprefix("*."))}
    return dict(Domain.objects.for_partner(partner).filter(name__in=above).values_list("name", "validated_until"))


def _facts_of(names: Iterable[str], known: Mapping[str, date | None], today: date) -> Iterator[ValidationFact]:
    hosts = [name.removeprefix("*.") for name in names]
    for domain in dict.fromkeys(_domain_of(host, known) for host in hosts):
        until = known.get(domain)
        code = ValidationCode.DOMAIN_VALID
        if until is None:
            code = ValidationCode.DOMAIN_UNKNOWN
        elif until < today:
            code = ValidationCode.DOMAIN_LAPSED
        yield ValidationFact(code, domain, until)


def _domain_of(host: str, known: Iterable[str]) -> str:
    """The nearest known domain the host lies in, or the host itself."""
    return next((parent for parent in _parents(host) if parent in known), host)


def _parents(host: str) -> list[str]:
    """www.shop.example.org -> itself, shop.example.org, example.org, org."""
    labels = host.split(".")
    return [".".join(labels[skip:]) for skip in range(len(labels))]


def _kind(order: Order, product: Product | None) -> tuple[str, Level | None]:
    return (product.family, Level(product.level)) if product else (order.family, order.level)


def _end_of(order: Order) -> datetime:
    if order.ends_at is None:
        raise OrderNotRenewable(Obstacle.NOT_ISSUED)
    return order.ends_at
