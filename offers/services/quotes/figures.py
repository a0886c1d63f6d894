"""What the lines of a quote come to at a moment, and which of them cannot be had: read, worked out, and not stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property

from certificates.models import AuthorityConnection, Certificate, Order, Product, Request
from certificates.rules import (
    Level,
    RenewalPlan,
    RenewalWindowClosed,
    Rule,
    holds_wildcard,
    last_day,
    plan_order,
    utc_date,
)
from certificates.rules import Term as Years
from certificates.services import planning
from certificates.services.refusals import (
    Obstacle,
    OneNameOnly,
    OrderNotRenewable,
    ProductNotOffered,
    TermNotOffered,
    WildcardRefused,
)
from certificates.services.renewals import check_renewable
from certificates.services.wishes import check_names, check_offered
from certificates.x509 import BadRequest, normalise_names
from offers.models import Quote, QuoteLine
from offers.rules.ceilings import Standing
from offers.rules.numbers import validity_limit
from offers.rules.taxes import Tax, Totals, totals
from offers.services import pricing
from offers.services.offer_book import OfferBook, offer_book, recorded_standings, subject_of
from offers.services.price_book import PriceBook, price_book
from offers.services.pricing import Coded, OrderPrice
from offers.services.quotes.refusals import LineProblem, LinesRefused, Reason
from portal.models import Partner

OBSTACLES: Mapping[Obstacle, Reason] = {
    Obstacle.NOT_ISSUED: Reason.NOT_ISSUED,
    Obstacle.ENDED: Reason.NOT_ISSUED,
    Obstacle.RENEWED: Reason.RENEWED,
    Obstacle.MARKED_ELSEWHERE: Reason.RENEWED_ELSEWHERE,
    Obstacle.NOT_CONNECTED: Reason.NOT_CONNECTED,
}


@dataclass(frozen=True, slots=True)
class Worked:
    """A line with its price and its days, or with what stands in its way.

    `until` is the last day on which it can be accepted as it is: that of its order, or of the renewal of one that has
    ended.
    """

    line: QuoteLine
    price: OrderPrice | None = None
    plan: RenewalPlan | None = None
    until: date | None = None
    problem: LineProblem | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    """A whole quote at one moment; `limit` is the last day on which all of it can be accepted as it is."""

    lines: Sequence[Worked]
    currency: str
    tax: Tax
    totals: Totals
    limit: date

    @property
    def problems(self) -> list[LineProblem]:
        return [worked.problem for worked in self.lines if worked.problem]

    @property
    def coded(self) -> Coded | None:
        """What became of the code: where it counts in one line, that."""
        found = [worked.price.coded for worked in self.lines if worked.price and worked.price.coded]
        return min(found, key=lambda one: one.refusal is not None, default=None)

    def refuse_problems(self) -> None:
        """Raises LinesRefused where a line cannot be had."""
        if self.problems:
            raise LinesRefused(self.problems)


def work_out(quote: Quote, lines: Sequence[QuoteLine], *, now: datetime) -> Figures:
    """The figures of these lines, stored or not, in a number of queries that does not grow with them."""
    desk = _Desk(quote, lines, now)
    worked = [desk.work_out(line) for line in lines]
    nets = [one.price.priced.net for one in worked if one.price]
    currency = desk.book.currency_of(quote.customer_id)
    tax = desk.book.tax_of(quote.customer)
    ends = [one.until for one in worked if one.until]
    limit = validity_limit(date.max, ends, desk.today)
    return Figures(worked, currency, tax, totals(nets, tax, currency), limit)


# Somebody has dealt with the line in another way, and nothing brings it back.
GONE = frozenset(
    {
        Reason.RENEWED,
        Reason.RENEWED_ELSEWHERE,
        Reason.MOVED,
        Reason.NOT_ISSUED,
        Reason.TOO_LATE,
        Reason.ANOTHER_CUSTOMER,
    }
)


def gone(quote: Quote, lines: Sequence[QuoteLine], *, now: datetime) -> list[LineProblem]:
    """Lines of a sent quote that its acceptance would refuse: renewed or ordered meanwhile, or moved away.

    Prices are not asked for, since those of a sent quote stand; the number of queries does not grow with the lines.
    """
    desk = _Desk(quote, lines, now)
    found = (desk.obstacle(line) for line in lines)
    return [problem for problem in found if problem and problem.reason in GONE]


def misfit(product: Product, *, term_years: int, names: Sequence[str]) -> tuple[Reason, str] | None:
    """Why the product cannot be had for so many years and with these names, and its detail; nothing where it can."""
    try:
        check_offered(product, term_years=term_years)
        names = normalise_names(names)
        check_names(product, names)
    except ProductNotOffered:
        return Reason.NO_PRODUCT, product.name
    except TermNotOffered as refusal:
        return Reason.TERM_NOT_OFFERED, str(refusal.longest)
    except WildcardRefused:
        return Reason.WILDCARD, product.name
    except OneNameOnly:
        return Reason.ONE_NAME, product.name
    except BadRequest as refusal:
        return Reason.BAD_NAME, refusal.reason
    if product.needs_wildcard and not holds_wildcard(names):
        return Reason.NO_WILDCARD, product.name
    return None


def apply(figures: Figures, quote: Quote) -> None:
    """Write the figures on the quote and on its lines, in memory; amounts of lines that cannot be had are zero."""
    quote.currency = figures.currency
    quote.net, quote.tax, quote.gross = figures.totals.net, figures.totals.tax, figures.totals.gross
    for worked in figures.lines:
        line = worked.line
        line.arithmetic = worked.price.priced.to_json() if worked.price else {}
        line.net = worked.price.priced.net if worked.price else Decimal(0)
        line.new_ends_on = last_day(worked.plan.order_end) if worked.plan else None


class _Desk:
    """Everything that pricing and checking many lines needs, read once."""

    def __init__(self, quote: Quote, lines: Sequence[QuoteLine], now: datetime) -> None:
        self.quote, self.now, self.today = quote, now, utc_date(now)
        self.partner: Partner = quote.partner
        self.moving = [line.certificate_id for line in lines if line.certificate_id]
        self.orders = [line.order_id for line in lines if line.order_id]

    @cached_property
    def book(self) -> PriceBook:
        return price_book(self.partner, on=self.today, customers=[self.quote.customer_id])

    @cached_property
    def offers(self) -> OfferBook:
        book = offer_book(self.partner, now=self.now)
        book.read_chains(self.orders)
        return book

    @cached_property
    def recorded(self) -> dict[int, Standing]:
        return recorded_standings(self.partner, self.orders)

    @cached_property
    def locked(self) -> dict[int, list[QuoteLine]]:
        return pricing.quoted_lines(self.partner, self.orders, today=self.today)

    @cached_property
    def renewing(self) -> set[int]:
        """Orders whose renewal is in hand or done."""
        found = Request.objects.for_partner(self.partner).renewing().filter(order__in=self.orders)
        return set(found.values_list("order", flat=True))

    @cached_property
    def connections(self) -> list[AuthorityConnection]:
        """The one for new orders first."""
        return list(AuthorityConnection.objects.for_partner(self.partner).order_by("-is_default", "pk"))

    @cached_property
    def movable(self) -> Mapping[int, int]:
        """Certificates that no order of ours takes the place of, with their customers."""
        found = Certificate.objects.for_partner(self.partner).movable().filter(pk__in=self.moving)
        return dict(found.values_list("pk", "customer"))

    @cached_property
    def rulebook(self) -> dict[str, tuple[Rule, ...]]:
        return planning.rulebook(self.partner)

    def work_out(self, line: QuoteLine) -> Worked:
        try:
            plan = self._plan(line)
            self._check(line)
        except _Problem as problem:
            return Worked(line, problem=_told(line, problem))
        price = self._price(line)
        if price is None:
            return Worked(line, plan=plan, problem=_told(line, _Problem(Reason.NO_PRICE, detail=line.product.name)))
        return Worked(line, price, plan, self._until(line.order))

    def _until(self, order: Order | None) -> date | None:
        if order is None or order.ends_on is None:
            return None
        if order.ends_on >= self.today:
            return order.ends_on
        rules = self._rules(self._connection(order.authority))
        return last_day(planning.renewal_window(order, now=self.now, rules=rules).closes_at)

    # What stands in the way

    def obstacle(self, line: QuoteLine) -> LineProblem | None:
        """Why it cannot be ordered at all, whatever its price."""
        try:
            self._plan(line)
        except _Problem as problem:
            return _told(line, problem)
        return None

    def _plan(self, line: QuoteLine) -> RenewalPlan:
        product = line.product
        if line.order is None:
            self._check_move(line)
            return plan_order(
                start=self.now,
                term=Years(years=line.term_years),
                rules=self._rules(self._connection("")),
                family=product.family,
                level=Level(product.level),
            )
        return self._renewal_plan(line.order, product, line.term_years)

    def _check_move(self, line: QuoteLine) -> None:
        if line.certificate_id and line.certificate_id not in self.movable:
            raise _Problem(Reason.MOVED)
        if line.certificate_id and self.movable[line.certificate_id] != self.quote.customer_id:
            raise _Problem(Reason.ANOTHER_CUSTOMER)

    def _renewal_plan(self, order: Order, product: Product, term_years: int) -> RenewalPlan:
        if order.customer_id != self.quote.customer_id:
            raise _Problem(Reason.ANOTHER_CUSTOMER)
        if order.pk in self.renewing:
            raise _Problem(Reason.RENEWED)
        rules = self._rules(self._connection(order.authority))
        try:
            check_renewable(order)
            return planning.renewal_plan(order, start=self.now, term_years=term_years, product=product, rules=rules)
        except OrderNotRenewable as refusal:
            raise _Problem(OBSTACLES[refusal.obstacle]) from refusal
        except RenewalWindowClosed as closed:
            raise self._outside(closed) from closed

    def _outside(self, closed: RenewalWindowClosed) -> _Problem:
        if self.now < closed.opens_at:
            return _Problem(Reason.TOO_EARLY, on=utc_date(closed.opens_at))
        return _Problem(Reason.TOO_LATE, on=last_day(closed.closes_at))

    def _check(self, line: QuoteLine) -> None:
        if found := misfit(line.product, term_years=line.term_years, names=line.names):
            reason, detail = found
            raise _Problem(reason, detail=detail)
        if line.product.level != Level.DV and line.organization_id is None:
            raise _Problem(Reason.NO_ORGANIZATION)

    def _connection(self, authority: str) -> AuthorityConnection:
        """Where it would be placed, as certificates.services.connections has it."""
        if not self.connections:
            raise _Problem(Reason.NOT_CONNECTED)
        return next((one for one in self.connections if one.kind == authority), self.connections[0])

    def _rules(self, connection: AuthorityConnection) -> tuple[Rule, ...]:
        return self.rulebook.get(connection.kind, ())

    # What it costs

    def _price(self, line: QuoteLine) -> OrderPrice | None:
        if line.order is None:
            return pricing.price_new(
                self.partner,
                product=line.product,
                term_years=line.term_years,
                names=line.names,
                now=self.now,
                customer=self.quote.customer,
                code=self.quote.code,
                consolidates=line.certificate_id is not None,
                subject=line_subject(line),
                book=self.book,
                offers=self.offers,
            )
        return pricing.price_order(
            line.order,
            product=line.product,
            term_years=line.term_years,
            names=line.names,
            now=self.now,
            code=self.quote.code,
            book=self.book,
            offers=self.offers,
            recorded=self.recorded,
            locked=self.locked.get(line.order.pk, ()),
        )


class _Problem(Exception):
    """Within this room only: a line cannot be had."""

    def __init__(self, reason: Reason, *, on: date | None = None, detail: str = "") -> None:
        super().__init__(reason)
        self.reason, self.on, self.detail = reason, on, detail


def _told(line: QuoteLine, problem: _Problem) -> LineProblem:
    return problem_of(line, problem.reason, on=problem.on, detail=problem.detail)


def problem_of(line: QuoteLine, reason: Reason, *, on: date | None = None, detail: str = "") -> LineProblem:
    """The problem with the line's name on it."""
    return LineProblem(
        reason=reason,
        order=line.order_id,
        certificate=line.certificate_id,
        number=line.order.number if line.order else "",
        host=line.host or (line.order.common_name if line.order else ""),
        on=on,
        detail=detail,
    )


def line_subject(line: QuoteLine) -> str:
    """What a use of an offer is for: "order:17" for a renewal, "certificate:40" for one moved over to us."""
    return subject_of(line.order) if line.order else f"certificate:{line.certificate_id}"
