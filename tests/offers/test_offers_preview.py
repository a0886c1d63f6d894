"""What a draft would do today is what valuing then does, order by order, and it takes few questions to say."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from certificates.models import Certificate, Customer, Order
from certificates.states import RenewalMark
from offers.models import Offer, Price, Valuation
from offers.services.forecasts import Preview
from offers.services.offers import publish_offer
from offers.services.previewing import preview_offer
from offers.services.valuing import value_orders
from offers.wording.offers import break_even_words
from portal.models import Partner
from tests import factories
from tests.certificates.services.work import TEN
from tests.factories import TODAY
from tests.offers.factories import make_offer, make_price, make_prices, make_settings

DRAFT = Offer.State.DRAFT


def make_orders(partner: Partner, *days: int, **fields: Any) -> list[Order]:
    """One order for each number of days left."""
    return [factories.make_order(partner, ends_on=TODAY + timedelta(days=left), **fields) for left in days]


def discounts(orders: Iterable[Order]) -> list[Decimal]:
    """What comes off each of them today, as the lists show it."""
    found = dict(Valuation.objects.values_list("order", "discount"))
    return [found[order.pk] for order in orders]


@pytest.fixture
def customer(partner: Partner) -> Customer:
    return factories.make_customer(partner)


def test_a_draft_says_whom_it_touches_and_what_it_costs(partner: Partner, customer: Customer) -> None:
    make_price(partner, "200.00", cost_base=Decimal(120), cost_name=Decimal(0))
    make_orders(partner, 90, 20, -30, customer=customer)
    make_orders(partner, 40)
    make_orders(partner, 91, -31, customer=customer)
    make_orders(partner, 10, customer=customer, renewal_mark=RenewalMark.RENEWED)
    draft = make_offer(partner, "10", state=DRAFT)

    preview = preview_offer(draft, now=TEN, base_rate=Decimal("0.6"))

    assert (preview.matches, preview.touched, len(preview.customers)) == (4, 4, 2)
    main = preview.main
    assert main is not None
    assert (main.currency, main.before, main.given, main.net) == ("EUR", Decimal(800), Decimal(80), Decimal(720))
    assert (main.margin_before, main.share) == (Decimal("0.4"), Decimal("0.1"))
    assert preview.break_even is not None
    assert break_even_words(preview.break_even) == (
        "At 40% margin, 10% off must lift renewals from 60% to 80% to pay for itself."
    )


def test_a_discount_that_cannot_pay_for_itself_says_so(partner: Partner) -> None:
    make_price(partner, "200.00", cost_base=Decimal(120), cost_name=Decimal(0))
    make_orders(partner, 20)

    even = preview_offer(make_offer(partner, "10", state=DRAFT), now=TEN, base_rate=Decimal("0.8")).break_even

    assert even is not None
    assert break_even_words(even) == (
        "At 40% margin and 80% renewals, 10% off cannot pay for itself, even if every order were renewed."
    )


@pytest.mark.parametrize(
    ("cost", "words"),
    [
        (150, "€50.00 with the offer: renewals must rise from 60% to 96% for it to pay for itself."),
        (100, "€100.00 with the offer: it pays even where renewals stay at 60%."),
        (
            250,
            "€0.00 with the offer: from 60% renewals that cannot pay for itself, even if every order were renewed.",
        ),
    ],
)
def test_an_upgrade_is_held_against_renewing_as_it_is(partner: Partner, cost: int, words: str) -> None:
    present, better = factories.product("ssl_securesite_flex"), factories.product("ssl_securesite_pro")
    make_price(partner, "200.00", product=present, cost_base=Decimal(120), cost_name=Decimal(0))
    make_price(partner, "400.00", product=better, cost_base=Decimal(cost), cost_name=Decimal(0))
    make_orders(partner, 20, product=present)
    offer = make_offer(partner, None, kind="upgrade_same_price", upgrade_targets=[better.name_id], state=DRAFT)

    even = preview_offer(offer, now=TEN, base_rate=Decimal("0.6")).break_even

    assert even is not None
    assert break_even_words(even) == f"An order earns €80.00 as it is and {words}"


def test_orders_without_a_price_or_without_room_are_told_apart(partner: Partner) -> None:
    for name, base, cost in (
        ("ssl_securesite_flex", "200.00", 100),
        ("ssl_basic", "100.00", 95),
        ("ssl_dv_geotrust_flex", "80.00", 90),
    ):
        product = factories.product(name)
        make_price(partner, base, product=product, cost_base=Decimal(cost), cost_name=Decimal(0))
    make_settings(partner, floor_margin=Decimal(2))
    for name in ("ssl_securesite_flex", "ssl_basic", "ssl_dv_geotrust_flex", "ssl_dv_thawte"):
        make_orders(partner, 20, product=factories.product(name))
    factories.make_order(partner, product=None, product_name="Unknown")

    preview = preview_offer(make_offer(partner, "10", state=DRAFT), now=TEN)

    assert (preview.matches, preview.touched, preview.limited) == (5, 2, 1)
    assert (preview.no_room, preview.no_price, preview.not_for_them) == (1, 2, 0)
    assert [(row.name, row.given) for row in preview.by_product] == [
        ("Basic OV", Decimal("3.06")),
        ("Secure Site OV", Decimal("20.00")),
    ]


def test_what_is_foreseen_is_what_valuing_does_once_it_is_live(partner: Partner) -> None:
    """Some orders were reached by a worse offer, some by a better one, some by none."""
    make_prices(partner)
    secure, geotrust = factories.product("ssl_securesite_flex"), factories.product("ssl_dv_geotrust_flex")
    worse, better = make_orders(partner, 80, 50, -3, product=secure), make_orders(partner, 70, 5, product=geotrust)
    fresh = make_orders(partner, 60, 30, 10, -20, product=factories.product("ssl_basic"))
    make_offer(partner, "10", families=["Secure Site"])
    make_offer(partner, "30", families=["GeoTrust"])
    value_orders(partner, now=TEN - timedelta(days=1))
    draft = make_offer(partner, "20", state=DRAFT, starts_at=TEN)
    before = discounts([*worse, *better])

    preview = preview_offer(draft, now=TEN)
    published = publish_offer(draft, forecast=preview.to_json(), actor=None, now=TEN)
    value_orders(partner, now=TEN + timedelta(minutes=1))

    assert (preview.touched, preview.left_out, preview.elsewhere) == (len(fresh), len(worse), len(better))
    assert discounts([*worse, *better]) == before
    assert preview.main is not None
    assert sum(discounts(fresh)) == preview.main.given
    assert set(Valuation.objects.filter(offer=published).values_list("order", flat=True)) == {one.pk for one in fresh}
    assert published.forecast["left_out"] == len(worse)


def test_orders_that_an_ended_offer_left_with_nothing_are_left_out(partner: Partner) -> None:
    make_prices(partner)
    orders = make_orders(partner, 60, 20)
    make_offer(partner, "25", ends_at=TEN - timedelta(days=2))
    value_orders(partner, now=TEN - timedelta(days=3))
    draft = make_offer(partner, "10", state=DRAFT, starts_at=TEN)

    preview = preview_offer(draft, now=TEN)
    publish_offer(draft, forecast={}, actor=None, now=TEN)
    value_orders(partner, now=TEN + timedelta(minutes=1))

    assert (preview.touched, preview.left_out) == (0, 2)
    assert discounts(orders) == [Decimal(0), Decimal(0)]


def test_a_code_leaves_nobody_out(partner: Partner) -> None:
    make_prices(partner)
    make_orders(partner, 60, 20)
    make_offer(partner, "10")
    value_orders(partner, now=TEN - timedelta(days=1))

    preview = preview_offer(make_offer(partner, "20", code="VINGT", state=DRAFT), now=TEN)

    assert (preview.touched, preview.left_out, preview.elsewhere) == (2, 0, 0)
    assert preview.main is not None
    # it replaces the 10 %: of 90 that were paid, 80 are
    assert preview.main.share is not None
    assert round(preview.main.share, 4) == Decimal("0.1111")


def test_another_offer_that_gives_as_much_is_counted_apart(partner: Partner) -> None:
    make_prices(partner)
    make_orders(partner, 60)
    make_offer(partner, "20")

    preview = preview_offer(make_offer(partner, "20", code="VINGT", state=DRAFT), now=TEN)

    assert (preview.touched, preview.elsewhere) == (0, 1)


@pytest.mark.parametrize(
    ("fields", "matches"),
    [
        ({"families": ["GeoTrust"]}, 1),
        ({"products": ["ssl_securesite_flex"]}, 2),
        ({"levels": ["dv"]}, 1),
        ({"countries": ["BE"]}, 2),
        ({"min_orders": 2}, 2),
        ({"max_orders": 1}, 1),
        ({"first_renewal": True}, 3),
        ({"days_until": 40}, 1),
        ({"families": ["Thawte"]}, 0),
    ],
)
def test_the_database_and_the_rules_find_the_same_orders(
    partner: Partner, fields: dict[str, Any], matches: int
) -> None:
    make_prices(partner)
    pair = factories.make_customer(partner, country="BE")
    make_orders(partner, 60, 20, customer=pair)
    make_orders(partner, 10, product=factories.product("ssl_dv_geotrust_flex"))

    assert preview_offer(make_offer(partner, state=DRAFT, **fields), now=TEN).matches == matches


def test_named_customers_and_owners_are_the_only_ones(partner: Partner, customer: Customer) -> None:
    make_prices(partner)
    owner = factories.make_member(partner)
    mine = factories.make_customer(partner, owner=owner)
    for one in (customer, mine):
        make_orders(partner, 20, customer=one)

    by_name = preview_offer(make_offer(partner, state=DRAFT, customers=[customer.pk]), now=TEN)
    by_owner = preview_offer(make_offer(partner, state=DRAFT, owners=[owner.pk]), now=TEN)

    assert (by_name.customers, by_owner.customers) == ({customer.pk}, {mine.pk})


def test_an_upgrade_is_counted_as_the_one_that_costs_least(partner: Partner) -> None:
    make_prices(partner)
    make_orders(partner, 20)
    present = Price.objects.get(product=factories.product("ssl_securesite_flex"), term_years=1)
    pro = Price.objects.get(product=factories.product("ssl_securesite_pro"), term_years=1)

    preview = preview_offer(make_offer(partner, None, kind="upgrade_same_price", state=DRAFT), now=TEN)

    assert preview.main is not None
    assert (preview.touched, preview.main.given) == (1, pro.base - present.base)
    assert [row.name for row in preview.by_product] == ["Secure Site Pro"]


@pytest.mark.parametrize(
    ("fields", "given"),
    [
        ({"percent": "10", "kind": "longer_plan", "min_term_years": 2}, Decimal(44)),
        ({"percent": None, "kind": "extra_names", "free_names": 3}, Decimal(60)),
    ],
)
def test_longer_plans_and_more_names_are_counted_as_if_they_were_bought(
    partner: Partner, fields: dict[str, Any], given: Decimal
) -> None:
    make_prices(partner)
    make_orders(partner, 20)

    preview = preview_offer(make_offer(partner, state=DRAFT, **fields), now=TEN)

    assert preview.main is not None
    assert (preview.touched, preview.main.given) == (1, given)


def test_certificates_of_other_authorities_are_counted_for_moving(partner: Partner, customer: Customer) -> None:
    order = factories.make_order(partner, customer=customer)
    for _ in range(2):
        factories.make_certificate(order, is_current=False)
    Certificate.objects.update(order=None)
    factories.make_certificate(order)

    assert preview_offer(make_offer(partner, kind="consolidation", state=DRAFT), now=TEN).movable == (2, 1)


def test_the_rate_without_the_offer_is_that_of_the_last_twelve_months(partner: Partner) -> None:
    make_prices(partner)
    for number in range(20):
        mark = RenewalMark.RENEWED if number < 12 else RenewalMark.NONE
        make_orders(partner, -31 - number, renewal_mark=mark)
    make_orders(partner, -396, -30, renewal_mark=RenewalMark.RENEWED)

    draft = make_offer(partner, state=DRAFT)

    assert preview_offer(draft, now=TEN).base_rate == Decimal("0.6")
    assert preview_offer(draft, now=TEN, base_rate=Decimal("0.7")).base_rate == Decimal("0.7")


def test_too_few_ended_orders_say_nothing_about_the_rate(partner: Partner) -> None:
    make_orders(partner, *range(-49, -30), renewal_mark=RenewalMark.RENEWED)

    assert preview_offer(make_offer(partner, state=DRAFT), now=TEN).base_rate is None


def test_a_draft_that_was_never_saved_is_foreseen_like_a_saved_one(partner: Partner) -> None:
    make_prices(partner)
    make_orders(partner, 60)
    unsaved = Offer(partner=partner, kind="percent", percent=Decimal(10), starts_at=TEN)

    assert (
        preview_offer(unsaved, now=TEN).to_json() == preview_offer(make_offer(partner, state=DRAFT), now=TEN).to_json()
    )


def test_many_orders_take_no_more_questions_than_one(partner: Partner) -> None:
    make_prices(partner)
    make_offer(partner, "5", redemption_limit=50)
    draft = make_offer(partner, "10", state=DRAFT, min_orders=1)

    def questions() -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            preview: Preview = preview_offer(draft, now=TEN)
        assert preview.matches == Order.objects.count()
        return len(asked)

    make_orders(partner, 60)
    one = questions()
    make_orders(partner, *range(0, 60, 3))

    assert questions() == one
