"""Price lists as files: what leaves can come back and changes nothing; what comes is foreseen, then taken whole."""

from __future__ import annotations

import hashlib
import io
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeAlias

from django.db import transaction

from certificates.models import Customer, Product
from offers.models import PriceLevel
from offers.rules.baskets import UnitPrices
from offers.rules.timelines import Span, Timeline, in_force, settled
from offers.services.prices import cells
from offers.services.prices.bulk import PlanChanged
from offers.services.prices.cells import BadCell, Fault
from offers.services.prices.changing import PriceKey, Rewritten, Timelines, is_allowed, rewrite, timelines
from portal import activities, csvio
from portal.choices import Currency
from portal.csvio import BadRecord, Limits, Record
from portal.models import Partner, User

# Beside the host of a preview that carries the file, so that nothing has to be stored in between.
LIMITS = Limits(
    bytes=512 * 1024, rows=5_000, columns=60, cell_characters=2_000, line_characters=20_000, bad_records=100
)
AMOUNT_COLUMNS: Mapping[str, str] = {
    "base": "base",
    "per_name": "name",
    "per_wildcard": "wildcard",
    "cost_base": "cost_base",
    "cost_per_name": "cost_name",
    "cost_per_wildcard": "cost_wildcard",
}
COLUMNS = (
    "product",
    "product_name",
    "years",
    "currency",
    "level",
    "customer",
    *AMOUNT_COLUMNS,
    "from",
    "until",
)
REQUIRED = ("product", "base")
_BATCH = 500
_DAY = timedelta(days=1)
Place: TypeAlias = tuple[PriceKey, Span]


class ColumnsMissing(Exception):
    """The file lacks columns that it must have."""

    def __init__(self, columns: Sequence[str]) -> None:
        super().__init__(columns)
        self.columns = tuple(columns)


class LinesRejected(Exception):
    """Nothing is imported while a line cannot be."""


class Outcome(StrEnum):
    CREATED = "created"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REJECTED = "rejected"


# Out


def price_rows(partner: Partner, places: Iterable[Place]) -> Iterator[list[Any]]:
    """The lines of a file, in the order of COLUMNS."""
    names = _Names.load(partner)
    products = Product.objects.in_bulk()
    held = list(places)
    customers = names.customers_of({key.customer for key, _span in held if key.customer})
    for key, span in held:
        product = products[key.product]
        yield [
            product.name_id,
            product.name,
            key.term_years,
            key.currency,
            names.levels.get(key.level or 0, ""),
            customers.get(key.customer or 0, ""),
            *(getattr(span.prices, name) for name in AMOUNT_COLUMNS.values()),
            span.begins.isoformat(),
            span.until.isoformat() if span.until else "",
        ]


def every_place(partner: Partner) -> Iterator[Place]:
    """All prices there are, past and future."""
    return ((key, span) for key, line in sorted(timelines(partner).items(), key=_in_order) for span in line)


def _in_order(item: tuple[PriceKey, Timeline]) -> tuple[int, ...]:
    key = item[0]
    return key.customer or 0, key.level or 0, key.product, key.term_years


@dataclass(frozen=True)
class _Names:
    """What files call levels and customers."""

    partner: Partner
    levels: Mapping[int, str]

    @classmethod
    def load(cls, partner: Partner) -> _Names:
        return cls(partner, dict(PriceLevel.objects.for_partner(partner).values_list("pk", "name")))

    def customers_of(self, keys: Iterable[int]) -> dict[int, str]:
        """Each by its number, or by the key that imports know it by where the number is not its alone."""
        mine = Customer.objects.for_partner(self.partner).filter(pk__in=list(keys))
        rows = list(mine.values_list("pk", "number", "key"))
        numbers = [number for _pk, number, _key in rows if number]
        held = _customers(self.partner, numbers)
        return {pk: number if number and held.get(number) == {pk} else key for pk, number, key in rows}


def _customers(partner: Partner, wanted: Iterable[str]) -> dict[str, set[int]]:
    """{what a file calls a customer: those it may be}; a key is stronger than a number."""
    words = sorted({word for word in wanted if word})
    by_number: defaultdict[str, set[int]] = defaultdict(set)
    by_key: dict[str, set[int]] = {}
    for start in range(0, len(words), _BATCH):
        some = words[start : start + _BATCH]
        customers = Customer.objects.for_partner(partner)
        for pk, number in customers.filter(number__in=some).values_list("pk", "number"):
            by_number[number].add(pk)
        by_key |= {key: {pk} for pk, key in customers.filter(key__in=some).values_list("pk", "key")}
    return {**by_number, **by_key}


# In


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a file and what becomes of it; `before` is what held on its first day, a rejected one says why."""

    number: int
    outcome: Outcome
    key: PriceKey | None = None
    span: Span | None = None
    before: UnitPrices | None = None
    fault: Fault | None = None
    column: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """What a file would do; the digest names it, so that nothing else is done than what was shown."""

    lines: tuple[Line, ...]
    after: Timelines
    digest: str

    @property
    def counts(self) -> Counter[Outcome]:
        return Counter(line.outcome for line in self.lines)

    @property
    def changes(self) -> int:
        return self.counts[Outcome.CREATED] + self.counts[Outcome.CHANGED]


def plan_import(partner: Partner, content: bytes, *, today: date) -> ImportPlan:
    """Read a whole file against the present prices. Raises FileRefused and ColumnsMissing."""
    records, header = _records(content)
    reader = _Reader.load(partner, header, records, today=today)
    rejected = [_unread(record) for record in records if isinstance(record, BadRecord)]
    wanted: dict[tuple[PriceKey, date], _Wanted] = {}
    for record in records:
        if isinstance(record, Record):
            try:
                _add(wanted, reader.read(record))
            except BadCell as bad:
                rejected.append(_rejected(record.line, bad))
    planned, after = _against(reader.present, list(wanted.values()), today=today)
    lines = tuple(sorted([*rejected, *planned], key=lambda line: line.number))
    digest = hashlib.sha256(repr((lines, sorted(after.items(), key=repr))).encode()).hexdigest()
    return ImportPlan(lines, after, digest)


def import_prices(
    partner: Partner, content: bytes, *, digest: str, file_name: str, actor: User, today: date, now: datetime
) -> tuple[ImportPlan, Rewritten]:
    """Do what was foreseen, all of it or nothing. Raises PlanChanged, LinesRejected, FileRefused, ColumnsMissing."""
    with transaction.atomic():
        Partner.objects.select_for_update(no_key=True).get(pk=partner.pk)
        plan = plan_import(partner, content, today=today)
        if plan.digest != digest:
            raise PlanChanged
        if plan.counts[Outcome.REJECTED]:
            raise LinesRejected
        done = rewrite(partner, lambda _present: plan.after, today=today, now=now)
        counts = {outcome.value: plan.counts[outcome] for outcome in Outcome}
        if done.count:
            activities.record(
                "prices.imported", partner, partner=partner, actor=actor, at=now, file=file_name[:120], **counts
            )
    return plan, done


def _records(content: bytes) -> tuple[list[Record | BadRecord], list[str]]:
    file = csvio.open_csv(io.BytesIO(content), LIMITS)
    header = [column.strip().casefold().replace(" ", "_") for column in file.header]
    missing = [column for column in REQUIRED if column not in header]
    if missing:
        raise ColumnsMissing(missing)
    return list(file.records()), header


def _unread(record: BadRecord) -> Line:
    if record.fault is not csvio.Fault.WRONG_CELL_COUNT:
        return Line(record.line, Outcome.REJECTED, fault=Fault.UNREADABLE)
    found, expected = map(int, record.detail.split(" / "))
    fault = Fault.TOO_MANY_CELLS if found > expected else Fault.TOO_FEW_CELLS
    return Line(record.line, Outcome.REJECTED, fault=fault, value=record.detail)


def _rejected(number: int, bad: BadCell) -> Line:
    return Line(number, Outcome.REJECTED, fault=bad.fault, column=bad.column, value=bad.value)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A line that could be read; `follows` is the first day of the price that its span goes on from."""

    number: int
    key: PriceKey
    span: Span
    follows: date | None = None


def _add(wanted: dict[tuple[PriceKey, date], _Wanted], new: _Wanted) -> None:
    """Raises BadCell where another line speaks of the same price."""
    first = wanted.setdefault((new.key, new.span.begins), new)
    if first is not new:
        raise BadCell(Fault.TWICE, value=str(first.number))


@dataclass(frozen=True)
class _Reader:
    """What the lines of a file are read against."""

    partner: Partner
    header: Sequence[str]
    today: date
    present: Timelines
    products: Mapping[str, Product]
    levels: Mapping[str, int]
    customers: Mapping[str, set[int]]

    @classmethod
    def load(
        cls, partner: Partner, header: Sequence[str], records: Iterable[Record | BadRecord], *, today: date
    ) -> _Reader:
        at = header.index("customer") if "customer" in header else None
        named = [] if at is None else [one.cells[at].strip() for one in records if isinstance(one, Record)]
        catalogue = list(Product.objects.all())
        levels = _Names.load(partner).levels
        return cls(
            partner=partner,
            header=header,
            today=today,
            present=timelines(partner),
            products={
                **{product.name.casefold(): product for product in catalogue},
                **{product.name_id: product for product in catalogue},
            },
            levels={name.casefold(): pk for pk, name in levels.items()} | {name: pk for pk, name in levels.items()},
            customers=_customers(partner, named),
        )

    def read(self, record: Record) -> _Wanted:
        """Raises BadCell."""
        row = {column: cell.strip() for column, cell in zip(self.header, record.cells, strict=True)}
        key = self._key(row)
        span = self._span(row, key)
        if self._is_repriced(key, span):
            return _Wanted(record.line, key, replace(span, begins=self.today), follows=span.begins)
        return _Wanted(record.line, key, span)

    def _is_repriced(self, key: PriceKey, span: Span) -> bool:
        """Whether it gives other prices to what holds since an earlier day: they are meant from today on."""
        holding = in_force(self.present.get(key, ()), self.today)
        is_over = span.until is not None and span.until < self.today
        return (
            holding is not None
            and holding.begins == span.begins < self.today
            and holding.prices != span.prices
            and not is_over
        )

    def _key(self, row: Mapping[str, str]) -> PriceKey:
        product = self.products.get(row["product"].casefold())
        if product is None:
            raise BadCell(Fault.UNKNOWN_PRODUCT, "product", row["product"])
        level, customer = row.get("level", ""), row.get("customer", "")
        if level and customer:
            raise BadCell(Fault.LEVEL_AND_CUSTOMER)
        return PriceKey(
            product=product.pk,
            term_years=_years(row.get("years", ""), product),
            currency=self._currency(row.get("currency", "")),
            level=cells.choice(level, self.levels, Fault.UNKNOWN_LEVEL, "level") if level else None,
            customer=self._customer(customer) if customer else None,
        )

    def _currency(self, text: str) -> str:
        code = text.upper() or self.partner.currency
        if code not in Currency.values:
            raise BadCell(Fault.UNKNOWN_CURRENCY, "currency", text)
        return code

    def _customer(self, text: str) -> int:
        found = self.customers.get(text, set())
        if len(found) != 1:
            raise BadCell(Fault.TWO_CUSTOMERS if found else Fault.UNKNOWN_CUSTOMER, "customer", text)
        return next(iter(found))

    def _span(self, row: Mapping[str, str], key: PriceKey) -> Span:
        """A line without a first day begins today, unless that is what holds already."""
        line = self.present.get(key, ())
        begins = cells.day(row["from"], "from") if row.get("from") else None
        holding = in_force(line, begins or self.today)
        prices = self._prices(row, key, holding.prices if holding else None)
        until = cells.day(row["until"], "until") if row.get("until") else None
        if begins is None:
            is_same = holding is not None and holding.prices == prices and until in (None, holding.until)
            if holding and is_same:
                return holding
            begins = self.today
        if until is not None and until < begins:
            raise BadCell(Fault.ENDS_BEFORE, "until", row["until"])
        return Span(begins, until, prices)

    def _prices(self, row: Mapping[str, str], key: PriceKey, known: UnitPrices | None) -> UnitPrices:
        """Amounts of columns that the file leaves out stay as they are."""
        if not row["base"]:
            raise BadCell(Fault.NO_AMOUNT, "base")
        prices = known or UnitPrices(Decimal(0), Decimal(0), Decimal(0))
        told = {column: name for column, name in AMOUNT_COLUMNS.items() if column in row}
        amounts: Any = {name: _amount(row[column], key.currency, column) for column, name in told.items()}
        return replace(prices, **amounts)


def _amount(text: str, currency: str, column: str) -> Decimal | None:
    """An empty cell: nothing for a name, unknown for a cost."""
    if text:
        return cells.amount(text, currency, column)
    return None if column.startswith("cost") else Decimal("0.00")


def _years(text: str, product: Product) -> int:
    if not text:
        return 1
    if not (text.isascii() and text.isdecimal() and len(text) < 3 and int(text)):
        raise BadCell(Fault.BAD_YEARS, "years", text)
    if int(text) > product.max_years:
        raise BadCell(Fault.NOT_SOLD_SO_LONG, "years", text)
    return int(text)


def _against(
    present: Timelines, wanted: Sequence[_Wanted], *, today: date
) -> tuple[list[Line], dict[PriceKey, Timeline]]:
    """Each line with what it does to the present timelines, and the timelines as they become."""
    by_key: defaultdict[PriceKey, list[_Wanted]] = defaultdict(list)
    for one in wanted:
        by_key[one.key].append(one)
    lines: list[Line] = []
    after: dict[PriceKey, Timeline] = {}
    for key, mine in by_key.items():
        before = present.get(key, ())
        begun = {one.span.begins for one in mine}
        followed = {one.follows for one in mine}
        kept = [
            replace(span, until=today - _DAY) if span.begins in followed else span
            for span in before
            if span.begins not in begun
        ]
        becomes = settled([*kept, *(one.span for one in mine)])
        planned = [_outcome(one, before, becomes) for one in mine]
        if not is_allowed(before, becomes, today=today):
            planned = [_barred(line, today) for line in planned]
        after[key] = becomes
        lines += planned
    return lines, after


def _outcome(wanted: _Wanted, before: Timeline, becomes: Timeline) -> Line:
    begins = wanted.span.begins
    was = next((span for span in before if span.begins == begins), None)
    span = next(span for span in becomes if span.begins == begins)
    held = in_force(before, begins)
    is_new = was is None and wanted.follows is None
    outcome = Outcome.CREATED if is_new else Outcome.UNCHANGED if span == was else Outcome.CHANGED
    return Line(wanted.number, outcome, wanted.key, span, held.prices if held else None)


def _barred(line: Line, today: date) -> Line:
    """A line that would alter a day that is over."""
    if line.outcome is Outcome.UNCHANGED or line.span is None or line.span.begins >= today:
        return line
    value = line.span.begins.isoformat()
    return replace(line, outcome=Outcome.REJECTED, fault=Fault.PAST, column="from", value=value)
