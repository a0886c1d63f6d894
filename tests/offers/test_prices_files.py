"""Price lists out and in again: nothing is lost on the way, nothing hostile gets in, and it is all or nothing."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from django_scopes import scope
from hypothesis import given
from hypothesis import strategies as st

from offers.models import Price
from offers.services.prices import cells
from offers.services.prices.bulk import PlanChanged
from offers.services.prices.cells import BadCell, Fault
from offers.services.prices.changing import timelines
from offers.services.prices.files import (
    COLUMNS,
    LIMITS,
    ColumnsMissing,
    ImportPlan,
    LinesRejected,
    Outcome,
    every_place,
    import_prices,
    plan_import,
    price_rows,
)
from offers.services.prices.sample import sample_file
from offers.wording.prices import line_sentence, refusal_sentence
from portal import csvio
from portal.csvio import FileRefused, Refusal
from portal.models import Activity, Partner, User
from tests.factories import TODAY, make_customer, make_member, make_partner, midnight, product
from tests.offers.factories import make_level, make_price, make_prices

NOW = midnight(TODAY)
DAY = timedelta(days=1)


@pytest.fixture
def nadia(partner: Partner) -> User:
    return make_member(partner, "administrator").user


def exported(partner: Partner) -> bytes:
    return "".join(csvio.write_csv(COLUMNS, price_rows(partner, every_place(partner)))).encode()


def plan(partner: Partner, text: str, encoding: str = "utf-8") -> ImportPlan:
    return plan_import(partner, text.encode(encoding), today=TODAY)


def take(partner: Partner, content: bytes, actor: User) -> ImportPlan:
    digest = plan_import(partner, content, today=TODAY).digest
    done = import_prices(partner, content, digest=digest, file_name="prices.csv", actor=actor, today=TODAY, now=NOW)
    return done[0]


def outcomes(found: ImportPlan) -> list[str]:
    return [line.fault or line.outcome for line in found.lines]


# There and back


def test_export_imported_again_changes_nothing(partner: Partner, nadia: User) -> None:
    gold, twin = make_level(partner, '=cmd|"x";Gold'), make_customer(partner, number="K-1")
    make_customer(partner, number="K-1")
    make_prices(partner)
    make_price(partner, "150.50", level=gold, valid_until=date(2026, 12, 31))
    make_price(partner, "99.90", level=gold, valid_from=date(2027, 1, 1))
    make_price(partner, "80.00", customer=make_customer(partner, number="+33 4"), currency="JPY")
    make_price(partner, "70.00", customer=twin, term_years=2)
    make_price(partner, "300.00", term_years=2, currency="CHF", valid_until=date(2026, 3, 1))
    before = timelines(partner)

    found = plan_import(partner, exported(partner), today=TODAY)

    assert found.counts == Counter({Outcome.UNCHANGED: Price.objects.count()})
    take(partner, exported(partner), nadia)
    assert timelines(partner) == before
    assert not Activity.objects.exists()


def test_exported_list_fills_an_empty_portal_with_its_whole_history(partner: Partner, nadia: User) -> None:
    make_level(partner)
    make_price(partner, "200.00", valid_from=date(2025, 1, 1), valid_until=date(2025, 12, 31))
    make_price(partner, "210.00")
    content, before = exported(partner), timelines(partner)
    Price.objects.all().delete()

    assert take(partner, content, nadia).changes == 2
    assert timelines(partner) == before


def test_no_cell_of_an_export_is_run_as_a_formula(partner: Partner) -> None:
    make_price(partner, "1.00", level=make_level(partner, "=1+1"))
    make_price(partner, "1.00", level=make_level(partner, "@SUM(A1)"))

    assert '"\'=1+1"' in exported(partner).decode()
    assert '"\'@SUM(A1)"' in exported(partner).decode()


amounts = st.decimals(min_value=0, max_value=Decimal("99999.99"), places=2)
names = st.text(min_size=1, max_size=20).map(str.strip).filter(lambda name: name and name.isprintable())
Made = tuple[int, Decimal, Decimal, Decimal | None, int]
made = st.tuples(st.integers(1, 3), amounts, amounts, st.none() | amounts, st.integers(-400, 400))


@pytest.mark.django_db
@given(listed=st.lists(made, max_size=4, unique_by=lambda one: (one[0], one[4])), level=names)
def test_whatever_is_exported_comes_back_as_it_was(listed: list[Made], level: str) -> None:
    with transaction.atomic():
        partner = make_partner()
        with scope(partner=partner):
            for whose in ({}, {"level": make_level(partner, level)}):
                for years, base, name, cost, offset in listed:
                    begins = TODAY + offset * DAY
                    fields = {"term_years": years, "name_price": name, "cost_base": cost, "valid_from": begins}
                    make_price(partner, str(base), **fields, **whose)
            found = plan_import(partner, exported(partner), today=TODAY)
        # Rows made side by side overlap: they may be ended, but say the same of every day.
        assert found.counts[Outcome.REJECTED] == found.counts[Outcome.CREATED] == 0
        transaction.set_rollback(True)


# What a file may look like


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("product,base\nssl_basic,1234.50\n", "utf-8"),
        ("product;base\nssl_basic;1234,50\n", "utf-8"),
        ("product;base\r\nssl_basic;1 234,50\r\n", "utf-8"),
        ("\ufeffproduct;base\nssl_basic;1.234,50\n", "utf-8"),
        ('product,base\nBasic OV,"1,234.50"\n', "utf-8"),
        ("product;base\nssl_basic;1\u00a0234,50\n", "cp1252"),
        ("product\tbase\nssl_basic\t1'234.50\n", "utf-16"),
        ("sep=;\nProduct;Base\nSSL_BASIC;1234,5\n", "utf-8"),
    ],
)
def test_one_price_is_read_however_the_file_writes_it(partner: Partner, text: str, encoding: str) -> None:
    (line,) = plan(partner, text, encoding).lines

    assert line.outcome is Outcome.CREATED
    assert line.span is not None
    assert (line.span.prices.base, line.span.begins, line.span.until) == (Decimal("1234.50"), TODAY, None)


def test_names_with_accents_are_found_in_windows_1252(partner: Partner) -> None:
    level = make_level(partner, "Clients privilégiés")

    (line,) = plan(partner, "product;base;level\nssl_basic;1;clients PRIVILÉGIÉS\n", "cp1252").lines

    assert line.key is not None
    assert line.key.level == level.pk


def test_columns_left_out_keep_what_is_known_and_empty_cells_do_not(partner: Partner) -> None:
    make_price(partner, "200.00", product=product("ssl_basic"), name_price=Decimal(20), cost_base=Decimal(90))

    (short,) = plan(partner, "product,base\nssl_basic,210\n").lines
    (empty,) = plan(partner, "product,base,per_name,cost_base\nssl_basic,210,,\n").lines

    assert short.span is not None
    assert empty.span is not None
    assert (short.span.prices.name, short.span.prices.cost_base) == (Decimal(20), Decimal(90))
    assert (empty.span.prices.name, empty.span.prices.cost_base) == (Decimal(0), None)


def test_line_without_a_first_day_that_holds_already_is_unchanged(partner: Partner) -> None:
    make_price(partner, "200.00", product=product("ssl_basic"))

    assert outcomes(plan(partner, "product,base\nssl_basic,200\n")) == ["unchanged"]


def test_price_changed_in_an_exported_file_holds_from_today_on(partner: Partner, nadia: User) -> None:
    make_price(partner, "200.00", product=product("ssl_basic"), valid_from=date(2025, 1, 1))
    make_price(partner, "90.00", product=product("ssl_ev_basic"), valid_from=date(2025, 1, 1))
    content = exported(partner).replace(b"200.00", b"220.00")

    found = take(partner, content, nadia)

    assert sorted(outcomes(found)) == [Outcome.CHANGED, Outcome.UNCHANGED]
    changed = next(line for line in found.lines if line.outcome is Outcome.CHANGED)
    assert changed.span is not None
    assert changed.before is not None
    assert (changed.span.begins, changed.before.base, changed.span.prices.base) == (TODAY, Decimal(200), Decimal(220))
    line = Price.objects.filter(product=product("ssl_basic")).order_by("valid_from")
    assert list(line.values_list("valid_from", "valid_until", "base")) == [
        (date(2025, 1, 1), TODAY - DAY, Decimal(200)),
        (TODAY, None, Decimal(220)),
    ]


def test_last_day_that_came_with_a_changed_price_ends_it_and_brings_no_older_one_back(
    partner: Partner, nadia: User
) -> None:
    make_price(partner, "200.00", product=product("ssl_basic"), valid_from=date(2025, 1, 1))

    take(partner, b"product,base,from,until\nssl_basic,220,2025-01-01,2027-01-31\n", nadia)

    spans = Price.objects.order_by("valid_from").values_list("valid_from", "valid_until")
    assert list(spans) == [(date(2025, 1, 1), TODAY - DAY), (TODAY, date(2027, 1, 31))]


def test_price_that_is_over_is_not_changed_by_a_file(partner: Partner) -> None:
    make_price(partner, "200.00", product=product("ssl_basic"), valid_from=date(2025, 1, 1))
    make_price(partner, "210.00", product=product("ssl_basic"), valid_from=TODAY - DAY)

    text = "product,base,from,until\nssl_basic,1,2025-01-01,\n"

    assert outcomes(plan(partner, text)) == [Fault.PAST]


# What is refused, and how it is said


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("nonsense,1,,,,,,", Fault.UNKNOWN_PRODUCT),
        ("ssl_basic,,,,,,,", Fault.NO_AMOUNT),
        ("ssl_basic,=1+1,,,,,,", Fault.NOT_AN_AMOUNT),
        ("ssl_basic,NaN,,,,,,", Fault.NOT_AN_AMOUNT),
        ("ssl_basic,1e5,,,,,,", Fault.NOT_AN_AMOUNT),
        ("ssl_basic,-1,,,,,,", Fault.NEGATIVE),
        ("ssl_basic,1.234,,,,,,", Fault.TWO_WAYS),
        ("ssl_basic,99999999999,,,,,,", Fault.TOO_LARGE),
        ("ssl_basic,1.50,,JPY,,,,", Fault.NO_CENTS),
        ("ssl_basic,1,,XXX,,,,", Fault.UNKNOWN_CURRENCY),
        ("ssl_basic,1,x,,,,,", Fault.BAD_YEARS),
        ("ssl_basic,1,0,,,,,", Fault.BAD_YEARS),
        ("ssl_basic,1,4,,,,,", Fault.NOT_SOLD_SO_LONG),
        ("ssl_basic,1,,,Platinum,,,", Fault.UNKNOWN_LEVEL),
        ("ssl_basic,1,,,,nobody,,", Fault.UNKNOWN_CUSTOMER),
        ("ssl_basic,1,,,Gold,nobody,,", Fault.LEVEL_AND_CUSTOMER),
        ("ssl_basic,1,,,,,31.31.2026,", Fault.NOT_A_DAY),
        ("ssl_basic,1,,,,,0001-01-01,", Fault.NOT_A_DAY),
        ("ssl_basic,1,,,,,11/12/2026,", Fault.DAY_TWO_WAYS),
        ("ssl_basic,1,,,,,2026-12-01,2026-11-30", Fault.ENDS_BEFORE),
        ("ssl_basic,1,,,,,2026-02-01,", Fault.PAST),
        ("ssl_basic,1", Fault.TOO_FEW_CELLS),
        ("ssl_basic,1,50,,,,,,2026-12-31", Fault.TOO_MANY_CELLS),
        ('"ssl_basic,1', Fault.UNREADABLE),
    ],
)
def test_bad_line_is_rejected_with_its_number_and_a_sentence(partner: Partner, line: str, fault: Fault) -> None:
    make_level(partner)
    make_price(partner, "200.00", product=product("ssl_basic"))
    header = "product,base,years,currency,level,customer,from,until"

    found = plan(partner, f"{header}\nssl_ev_basic,5,,,,,,\n{line}\n")

    assert outcomes(found) == [Outcome.CREATED, fault]
    assert found.lines[1].number == 3
    assert line_sentence(found.lines[1]).endswith(".")
    assert "%(" not in line_sentence(found.lines[1])


def test_the_same_price_twice_is_refused_by_the_line_of_the_first(partner: Partner) -> None:
    found = plan(partner, "product,base\nssl_basic,1\nssl_basic,2\n")

    assert outcomes(found) == [Outcome.CREATED, Fault.TWICE]
    assert "line 2" in line_sentence(found.lines[1])


def test_another_partners_level_and_customer_are_unknown(partner: Partner) -> None:
    other = make_partner("Other")
    make_level(other, "Theirs")
    theirs = make_customer(other, number="T-1")

    text = f"product,base,level,customer\nssl_basic,1,Theirs,\nssl_basic,1,,T-1\nssl_basic,1,,{theirs.key}\n"

    assert outcomes(plan(partner, text)) == [Fault.UNKNOWN_LEVEL, Fault.UNKNOWN_CUSTOMER, Fault.UNKNOWN_CUSTOMER]


def test_nothing_is_imported_while_a_line_is_rejected(partner: Partner, nadia: User) -> None:
    content = b"product,base\nssl_basic,1\nnonsense,2\n"

    with pytest.raises(LinesRejected):
        take(partner, content, nadia)

    assert not Price.objects.exists()


def test_file_is_not_taken_against_other_prices_than_were_shown(partner: Partner, nadia: User) -> None:
    content = b"product,base\nssl_basic,1\n"
    digest = plan_import(partner, content, today=TODAY).digest
    make_price(partner, "5.00", product=product("ssl_basic"))

    with pytest.raises(PlanChanged):
        import_prices(partner, content, digest=digest, file_name="x.csv", actor=nadia, today=TODAY, now=NOW)

    assert Price.objects.count() == 1


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", Refusal.EMPTY),
        (b"   \n \n", Refusal.EMPTY),
        (b"PK\x03\x04 a workbook", Refusal.ARCHIVE),
        (b"\x00" * 64, Refusal.NOT_TEXT),
        (b"product,base,BASE\nssl_basic,1,2\n", Refusal.DUPLICATE_COLUMN),
        (b"product,base\n" + b"x" * 30_000, Refusal.LINE_TOO_LONG),
        (b"product,base\n" + b"ssl_basic,1\n" * 5_001, Refusal.TOO_MANY_ROWS),
        (b"x," * 100 + b"product,base\n", Refusal.DUPLICATE_COLUMN),
        (b"product,base\n" + b"a" * LIMITS.bytes, Refusal.TOO_LARGE),
    ],
)
def test_hostile_file_is_refused_whole_and_kindly(partner: Partner, content: bytes, code: Refusal) -> None:
    with pytest.raises(FileRefused) as refused:
        plan_import(partner, content, today=TODAY)

    assert refused.value.code in (code, Refusal.TOO_MANY_COLUMNS)
    assert "%(" not in refusal_sentence(refused.value)


def test_file_without_its_columns_is_refused_by_their_names(partner: Partner) -> None:
    with pytest.raises(ColumnsMissing) as refused:
        plan(partner, "name,price\nBasic,1\n")

    assert "product, base" in refusal_sentence(refused.value)


@pytest.mark.django_db
@given(st.binary(max_size=400))
def test_no_bytes_break_the_reading(content: bytes) -> None:
    partner = Partner(pk=10**9, name="x", slug="x", currency="EUR")
    with scope(partner=partner), suppress(FileRefused):
        found = plan_import(partner, b"product,base\n" + content, today=TODAY)
        assert not found.counts[Outcome.UNCHANGED]


@given(amounts)
def test_amount_is_read_as_it_was_written_in_either_manner(value: Decimal) -> None:
    english, french = f"{value:,.2f}", f"{value:,.2f}".translate(str.maketrans(",.", " ,"))

    assert cells.amount(english, "EUR") == cells.amount(french, "EUR") == value


@given(st.text(max_size=12))
def test_text_is_an_amount_or_is_refused(text: str) -> None:
    with suppress(BadCell):
        assert 0 <= cells.amount(text, "EUR") <= cells.LARGEST


# The sample


def test_sample_prices_every_plan_with_a_margin(partner: Partner, nadia: User) -> None:
    done = take(partner, sample_file(partner), nadia)

    assert done.counts[Outcome.REJECTED] == 0
    assert Price.objects.count() == done.changes > 30
    assert all(price.cost_base and price.cost_base < price.base for price in Price.objects.all())
    assert outcomes(plan_import(partner, sample_file(partner), today=TODAY)) == ["unchanged"] * done.changes
