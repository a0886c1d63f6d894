"""Products side by side, and the block that says what else a customer needs."""

from __future__ import annotations

from datetime import timedelta

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from certificates.models import Product
from certificates.states import RenewalMark
from portal.models import Partner
from portal.roles import Role
from tests.factories import TODAY, make_customer, make_member, make_order
from tests.offers.factories import make_price, make_prices
from tests.offers.reading import words

PRODUCTS = "offers:products"


# Side by side


def test_every_offered_product_stands_under_its_brand(page: Client) -> None:
    Product.objects.filter(name_id="ssl_dv_thawte").update(is_offered=False)

    shown = page.get(reverse(PRODUCTS))

    titles = [section.title for section in shown.context["sections"]]
    assert titles == ["DigiCert Basic", "Secure Site", "Secure Site Pro", "GeoTrust", "Thawte", "RapidSSL"]
    assert "Thawte Webserver OV" in words(shown)
    assert "Thawte SSL123" not in words(shown)


def test_one_level_stands_side_by_side_over_all_brands(page: Client) -> None:
    (section,) = page.get(reverse(PRODUCTS), {"level": "ov"}).context["sections"]

    assert [one.name_id for one in section.products] == [
        "ssl_basic",
        "ssl_securesite_flex",
        "ssl_securesite_pro",
        "ssl_geotrust_truebizid",
        "ssl_thawte_webserver",
    ]


def test_lines_in_which_products_differ_are_marked(page: Client) -> None:
    (section,) = page.get(reverse(PRODUCTS), {"level": "ov"}).context["sections"]

    differing = {str(line.label): line.cells for line in section.lines if line.differs}
    assert differing["Site seal"] == [False, True, True, False, False]
    assert "Organisation verified and named in the certificate" not in differing


def test_a_brand_is_told_without_the_lines_that_are_empty(page: Client) -> None:
    (section,) = page.get(reverse(PRODUCTS), {"brand": "RapidSSL"}).context["sections"]

    assert "Site seal" not in [str(line.label) for line in section.lines]


def test_a_brand_without_the_level_says_so(page: Client) -> None:
    assert "This brand has no product of this level" in words(page.get(reverse(PRODUCTS) + "?level=ev&brand=RapidSSL"))


def test_prices_are_shown_where_there_are_any_and_only_for_what_a_product_holds(
    page: Client, connected: Partner
) -> None:
    assert "Prices are given on request." in words(page.get(reverse(PRODUCTS)))
    make_prices(connected)

    (section,) = page.get(reverse(PRODUCTS), {"brand": "DigiCert Basic"}).context["sections"]

    prices = {str(line.label): line.cells for line in section.lines if line.is_price}
    assert prices == {"One year, one name": ["€120.00", "€170.00"], "One year, one wildcard": ["€190.00", False]}


def test_customers_compare_in_their_own_frame_without_the_house_settings(connected: Partner) -> None:
    client = Client()
    client.force_login(make_member(connected, Role.CUSTOMER, customer=make_customer(connected)).user)

    html = client.get(reverse(PRODUCTS)).content.decode()

    assert '<body class="quiet">' in html
    assert reverse("offers:embed") not in html


# What else a customer needs


def needs_on(client: Client, name: str, pk: int) -> list[tuple[str, str, str]]:
    """Code, words and saving of each need in the block; none without the block."""
    panels = client.get(reverse(name, args=[pk])).context["panels"]
    found = next((context for template, context in panels if template == "offers/advice/needs.html"), None)
    return [(one.code, one.words, one.saving) for one in (*found["needs"], *found["more"])] if found else []


def test_a_customer_who_needs_nothing_has_no_block(page: Client, connected: Partner) -> None:
    order = make_order(connected, names=["granit-phare.example", "www.granit-phare.example"])

    assert needs_on(page, "certificates:customer", order.customer_id) == []
    assert needs_on(page, "certificates:order", order.pk) == []


def test_the_block_says_what_many_names_and_lapsed_ones_ask_for(page: Client, connected: Partner) -> None:
    make_prices(connected)
    customer = make_customer(connected)
    hosts = [f"host{number}.granit-phare.example" for number in range(7)]
    make_order(connected, customer=customer, names=hosts, common_name=hosts[0])
    ended = make_order(
        connected,
        customer=customer,
        ends_on=TODAY - timedelta(days=40),
        common_name="old.granit-phare.example",
    )
    elsewhere = make_customer(connected, "Somebody else")
    make_order(connected, customer=elsewhere, ends_on=TODAY - timedelta(days=9), common_name="leak.example.org")

    shown = page.get(reverse("certificates:customer", args=[customer.pk]))

    assert needs_on(page, "certificates:customer", customer.pk) == [
        (
            "beside",
            "old.granit-phare.example stood on an order that ended, while other hosts of granit-phare.example "
            "are still covered.",
            "",
        ),
        (
            "wildcard",
            "7 names below granit-phare.example are listed one by one, for €340.00 a year. "
            "Secure Site OV with a wildcard costs €290.00, and holds those to come.",
            "€50.00",
        ),
    ]
    html = shown.content.decode()
    assert f"?customer={customer.pk}&amp;after={ended.pk}" in html
    assert f"?customer={customer.pk}&amp;product=ssl_securesite_flex" in html


def test_an_order_is_told_only_what_concerns_it(page: Client, connected: Partner) -> None:
    customer = make_customer(connected)
    first = make_order(connected, customer=customer, common_name="www.granit-phare.example")
    second = make_order(connected, customer=customer, common_name="www.karst-atelier.example")

    (missing,) = needs_on(page, "certificates:order", second.pk)

    assert missing[1] == "www.karst-atelier.example is covered and karst-atelier.example is not: visitors type both."
    assert first.common_name not in missing[1]


def test_several_missing_halves_are_told_in_one_sentence(page: Client, connected: Partner) -> None:
    customer = make_customer(connected)
    for name in ("www.one.example", "www.two.example"):
        make_order(connected, customer=customer, common_name=name)

    ((_code, sentence, _saving),) = needs_on(page, "certificates:customer", customer.pk)

    assert sentence == "Nothing covers one.example, two.example, though the same domains with www are covered."


def test_an_order_renewed_elsewhere_is_no_lapse(page: Client, connected: Partner) -> None:
    order = make_order(
        connected,
        ends_on=TODAY - timedelta(days=3),
        renewal_mark=RenewalMark.ELSEWHERE,
        common_name="old.granit-phare.example",
    )

    assert needs_on(page, "certificates:customer", order.customer_id) == []


def test_a_single_longer_plan_leads_to_the_renewal_with_it(page: Client, connected: Partner) -> None:
    make_price(connected, "200.00")
    make_price(connected, "540.00", term_years=3)
    order = make_order(connected, names=["granit-phare.example", "www.granit-phare.example"])

    shown = page.get(reverse("certificates:order", args=[order.pk])).content.decode()

    assert needs_on(page, "certificates:order", order.pk) == [
        (
            "longer_plan",
            "1 order is bought year by year. A plan of 3 years costs €540.00 instead of €600.00.",
            "€60.00",
        )
    ]
    assert f'href="{reverse("offers:renew", args=[order.pk])}?term_years=3"' in shown


def test_longer_plans_of_several_orders_lead_to_a_quote(page: Client, connected: Partner) -> None:
    make_price(connected, "200.00")
    make_price(connected, "540.00", term_years=3)
    customer = make_customer(connected)
    for domain in ("one.example", "two.example"):
        make_order(connected, customer=customer, names=[domain, f"www.{domain}"], common_name=domain)

    shown = page.get(reverse("certificates:customer", args=[customer.pk])).content.decode()

    assert "2 orders are bought year by year." in shown
    assert f'href="{reverse("offers:quote_new")}?customer={customer.pk}"' in shown


def test_the_block_costs_as_many_queries_for_one_order_as_for_many(page: Client, connected: Partner) -> None:
    make_prices(connected)
    customer = make_customer(connected)

    def queries(more: int) -> int:
        for number in range(more):
            make_order(connected, customer=customer, common_name=f"host{number}.one{more}.example", term_years=1)
        with CaptureQueriesContext(connection) as captured:
            page.get(reverse("certificates:customer", args=[customer.pk]))
        return len(captured)

    queries(1)
    assert queries(1) == queries(20)
