"""Prices changed from a day on, filled, raised and taken back; what has held stays, the most particular one wins."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from certificates.models import Customer
from offers.models import Price, Valuation, Watermark
from offers.rules.baskets import UnitPrices
from offers.rules.timelines import Span
from offers.services import sweeping
from offers.services.price_book import price_book
from offers.services.prices import levels
from offers.services.prices.bulk import Fill, PlanChanged, Raise, carry_out, foresee
from offers.services.prices.changing import (
    PastFixed,
    PriceKey,
    Rewritten,
    TooLate,
    drop_price,
    set_price,
    take_back,
    timelines,
)
from portal.models import Activity, Partner, User
from tests.factories import TODAY, make_customer, make_member, make_order, make_partner, midnight, product
from tests.offers.factories import make_level, make_offer, make_price, make_terms

NOW = midnight(TODAY)
NEW_YEAR = date(2027, 1, 1)
DAY = timedelta(days=1)


@pytest.fixture
def nadia(partner: Partner) -> User:
    return make_member(partner, "administrator").user


def key(years: int = 1, currency: str = "EUR", **whose: int) -> PriceKey:
    return PriceKey(product().pk, years, currency, **whose)


def span(base: str, begins: date = TODAY, until: date | None = None) -> Span:
    return Span(begins, until, UnitPrices(Decimal(base), Decimal("20.00"), Decimal("90.00")))


def set_base(
    partner: Partner, actor: User, base: str, begins: date = TODAY, where: PriceKey | None = None
) -> Rewritten:
    return set_price(partner, where or key(), span(base, begins), actor=actor, today=TODAY, now=NOW)


def base_on(partner: Partner, day: date, customer: Customer | None = None) -> Decimal | None:
    """What the pricing itself finds."""
    pk = customer.pk if customer else None
    found = price_book(partner, on=day).unit_prices(product(), 1, pk, "EUR")
    return found.base if found else None


def test_change_holds_from_its_day_on_and_never_before(partner: Partner, nadia: User) -> None:
    make_price(partner, "200.00")

    set_base(partner, nadia, "220.00", NEW_YEAR)

    assert [base_on(partner, day) for day in (TODAY, NEW_YEAR - DAY, NEW_YEAR)] == [200, 200, 220]
    assert list(Price.objects.values_list("valid_from", "valid_until")) == [
        (date(2026, 1, 1), date(2026, 12, 31)),
        (NEW_YEAR, None),
    ]


def test_mistake_of_today_is_corrected_today(partner: Partner, nadia: User) -> None:
    make_price(partner, "200.00")
    set_base(partner, nadia, "2200.00")

    set_base(partner, nadia, "220.00")

    assert [base_on(partner, TODAY - DAY), base_on(partner, TODAY)] == [200, 220]
    assert Price.objects.count() == 2


def test_price_from_yesterday_is_refused(partner: Partner, nadia: User) -> None:
    make_price(partner, "200.00")

    with pytest.raises(PastFixed):
        set_base(partner, nadia, "1.00", TODAY - DAY)

    assert base_on(partner, TODAY) == 200
    assert not Activity.objects.exists()


def test_price_not_begun_is_moved_to_another_day(partner: Partner, nadia: User) -> None:
    make_price(partner, "200.00")
    set_base(partner, nadia, "220.00", NEW_YEAR)
    later = NEW_YEAR + 31 * DAY

    set_price(partner, key(), span("225.00", later), instead_of=NEW_YEAR, actor=nadia, today=TODAY, now=NOW)

    assert [base_on(partner, day) for day in (NEW_YEAR, later - DAY, later)] == [200, 200, 225]


def test_price_not_begun_is_taken_back_and_the_one_before_goes_on(partner: Partner, nadia: User) -> None:
    old = make_price(partner, "200.00")
    set_base(partner, nadia, "220.00", NEW_YEAR)

    drop_price(partner, Price.objects.get(valid_from=NEW_YEAR), actor=nadia, today=TODAY, now=NOW)

    old.refresh_from_db()
    assert old.valid_until is None
    assert base_on(partner, NEW_YEAR) == 200


def test_price_that_has_held_is_not_taken_back(partner: Partner, nadia: User) -> None:
    old = make_price(partner, "200.00")

    with pytest.raises(PastFixed):
        drop_price(partner, old, actor=nadia, today=TODAY, now=NOW)

    assert base_on(partner, TODAY) == 200


def test_own_price_wins_over_that_of_the_level_and_this_over_the_list(partner: Partner, nadia: User) -> None:
    customer, other, gold = make_customer(partner), make_customer(partner), make_level(partner)
    make_terms(customer, level=gold)
    set_base(partner, nadia, "200.00")
    set_base(partner, nadia, "180.00", where=key(level=gold.pk))
    assert [base_on(partner, TODAY, one) for one in (customer, other)] == [180, 200]

    set_base(partner, nadia, "150.00", NEW_YEAR, where=key(customer=customer.pk))

    assert [base_on(partner, day, customer) for day in (TODAY, NEW_YEAR)] == [180, 150]
    assert base_on(partner, NEW_YEAR, other) == 200


def test_same_price_again_changes_nothing_and_is_not_written_down(partner: Partner, nadia: User) -> None:
    assert set_base(partner, nadia, "200.00").count == 1

    assert set_base(partner, nadia, "200.00").count == 0
    assert Activity.objects.count() == 1


def test_change_is_written_down_with_before_and_after(partner: Partner, nadia: User) -> None:
    make_price(partner, "200.00")

    set_base(partner, nadia, "220.00", NEW_YEAR)

    deed = Activity.objects.get()
    assert (deed.verb, deed.actor, deed.facts["begins"]) == ("price.changed", nadia, "2027-01-01")
    assert (deed.facts["before"]["base"], deed.facts["after"]["base"]) == ("200.00", "220.00")


# Many at once


def test_raise_rounds_half_up_and_leaves_levels_customers_costs_and_other_currencies(
    partner: Partner, nadia: User
) -> None:
    gold = make_level(partner)
    make_price(partner, "10.10", name_price=Decimal("0.30"), cost_base=Decimal("5.00"))
    make_price(partner, "9.00", level=gold)
    make_price(partner, "8.00", customer=make_customer(partner))
    make_price(partner, "7.00", currency="CHF")
    deed = Raise(Decimal(5), NEW_YEAR, "EUR")

    foreseen = foresee(partner, deed)
    carry_out(partner, deed, digest=foreseen.digest, actor=nadia, today=TODAY, now=NOW)

    raised = Price.objects.get(valid_from=NEW_YEAR)
    assert (raised.base, raised.name_price, raised.cost_base) == (Decimal("10.61"), Decimal("0.32"), Decimal("5.00"))
    assert [(step.before.base, step.after.base) for step in foreseen.steps if step.before] == [
        (Decimal("10.10"), Decimal("10.61"))
    ]


def test_raise_of_yen_gives_whole_yen(partner: Partner) -> None:
    make_price(partner, "1234.00", currency="JPY")

    (step,) = foresee(partner, Raise(Decimal("2.5"), TODAY, "JPY")).steps

    assert step.after.base == Decimal(1265)


def test_fill_leaves_the_prices_a_level_has_unless_asked(partner: Partner, nadia: User) -> None:
    gold = make_level(partner)
    make_price(partner, "200.00")
    make_price(partner, "300.00", term_years=2)
    make_price(partner, "111.00", level=gold)
    fill = Fill(gold, Decimal(10), TODAY, "EUR")

    assert [step.after.base for step in foresee(partner, fill).steps] == [Decimal("270.00")]
    replacing = Fill(gold, Decimal(10), TODAY, "EUR", replaces=True)
    steps = {step.key.term_years: step for step in foresee(partner, replacing).steps}
    assert {years: step.after.base for years, step in steps.items()} == {1: Decimal("180.00"), 2: Decimal("270.00")}
    assert steps[1].before is not None
    assert steps[1].before.base == Decimal("111.00")


def test_something_else_than_was_shown_is_not_done(partner: Partner, nadia: User) -> None:
    make_price(partner, "200.00")
    deed = Raise(Decimal(5), NEW_YEAR, "EUR")
    shown = foresee(partner, deed)
    set_base(partner, nadia, "201.00")

    with pytest.raises(PlanChanged):
        carry_out(partner, deed, digest=shown.digest, actor=nadia, today=TODAY, now=NOW)

    assert not Price.objects.filter(valid_from=NEW_YEAR).exists()


def test_raise_is_taken_back_whole_even_after_a_session(partner: Partner, nadia: User) -> None:
    make_price(partner, "200.00", cost_base=Decimal("100.00"))
    make_price(partner, "300.00", term_years=2)
    before = timelines(partner)
    deed = Raise(Decimal("7.5"), TODAY, "EUR")
    done = carry_out(partner, deed, digest=foresee(partner, deed).digest, actor=nadia, today=TODAY, now=NOW)
    assert timelines(partner) != before

    take_back(partner, Rewritten.from_json(done.to_json()), actor=nadia, today=TODAY, now=NOW)

    assert timelines(partner) == before


def test_what_was_changed_since_is_not_taken_back(partner: Partner, nadia: User) -> None:
    make_price(partner, "200.00")
    deed = Raise(Decimal("7.5"), TODAY, "EUR")
    done = carry_out(partner, deed, digest=foresee(partner, deed).digest, actor=nadia, today=TODAY, now=NOW)
    set_base(partner, nadia, "999.00")

    with pytest.raises(TooLate):
        take_back(partner, done, actor=nadia, today=TODAY, now=NOW)

    assert base_on(partner, TODAY) == 999


def test_what_has_held_for_a_day_is_not_taken_back(partner: Partner, nadia: User) -> None:
    make_price(partner, "200.00")
    done = set_base(partner, nadia, "220.00")

    with pytest.raises(TooLate):
        take_back(partner, done, actor=nadia, today=TODAY + DAY, now=NOW + DAY)

    assert base_on(partner, TODAY) == 220


def test_raise_touches_no_other_partner(partner: Partner, nadia: User) -> None:
    other = make_partner("Other")
    make_price(partner, "200.00")
    theirs = make_price(other, "200.00")

    deed = Raise(Decimal(5), TODAY, "EUR")
    carry_out(partner, deed, digest=foresee(partner, deed).digest, actor=nadia, today=TODAY, now=NOW)

    theirs.refresh_from_db()
    assert (theirs.base, theirs.valid_until) == (Decimal("200.00"), None)


# Levels


def test_deleted_level_lets_its_customers_fall_back_to_the_list(partner: Partner, nadia: User) -> None:
    customer, gold = make_customer(partner), make_level(partner)
    make_terms(customer, level=gold)
    make_price(partner, "200.00")
    make_price(partner, "150.00", level=gold)
    make_offer(partner, price_levels=[gold.pk])

    uses = levels.delete_level(gold, actor=nadia, now=NOW)

    assert uses == levels.Uses(customers=1, prices=1, offers=1)
    assert base_on(partner, TODAY, customer) == 200


def test_level_moves_up_and_down_and_stays_at_the_ends(partner: Partner, nadia: User) -> None:
    for name in ("Gold", "Silver", "Bronze"):
        levels.add_level(partner, name, actor=nadia, now=NOW)
    silver = levels.levels_of(partner).get(name="Silver")

    levels.move_level(silver, by=-1, actor=nadia, now=NOW)
    levels.move_level(silver, by=-1, actor=nadia, now=NOW)

    assert [level.name for level in levels.levels_of(partner)] == ["Silver", "Gold", "Bronze"]


def test_two_levels_never_have_one_name(partner: Partner, nadia: User) -> None:
    levels.add_level(partner, "Gold", actor=nadia, now=NOW)
    silver = levels.add_level(partner, "Silver", actor=nadia, now=NOW)

    with pytest.raises(levels.NameTaken):
        levels.add_level(partner, "gold", actor=nadia, now=NOW)
    with pytest.raises(levels.NameTaken):
        levels.rename_level(silver, "Gold", actor=nadia, now=NOW)


# Values


def test_next_sweep_values_every_order_at_the_new_price(partner: Partner, nadia: User) -> None:
    make_price(partner, "200.00")
    order = make_order(partner, ends_on=TODAY + 300 * DAY)
    sweeping.sweep(partner, now=NOW)
    assert Valuation.objects.get(order=order).net == 200

    set_base(partner, nadia, "220.00")
    sweeping.sweep(partner, now=_a_minute_later())

    assert Valuation.objects.get(order=order).net == 220 + 20  # with its one name
    mark = Watermark.objects.get()
    assert mark.prices_version == mark.valued_version == 1


def _a_minute_later() -> datetime:
    return NOW + timedelta(minutes=1)
