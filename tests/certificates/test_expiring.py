"""The Expiring page: every bound of its tabs, its numbers, its filters, its files, and who sees it."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from certificates import filters
from certificates.rules import TAB_DAYS, Tab
from certificates.services.imports import import_orders, open_orders
from certificates.states import AuthorityKind, OrderStatus, RenewalMark
from portal.models import Partner
from portal.roles import Role
from tests.certificates.expiring import content, numbers, sign_in, tab_counts, text
from tests.certificates.imports.test_sample import SAMPLE
from tests.factories import (
    TODAY,
    make_contact,
    make_customer,
    make_member,
    make_order,
    make_partner,
    midnight,
    product,
)
from tests.queries import assert_query_baseline

LABELS = {
    Tab.NOW: "Expired or within 7 days",
    Tab.DAYS_30: "30 days",
    Tab.DAYS_60: "60 days",
    Tab.DAYS_90: "90 days",
    Tab.LATER: "Later",
    Tab.OLDER: "Older",
}


@pytest.fixture(autouse=True)
def _one_factor(settings: pytest.FixtureRequest) -> None:
    settings.MFA_REQUIRED = False  # type: ignore[attr-defined]


@pytest.fixture
def browser(partner: Partner) -> Client:
    return sign_in(partner)


@pytest.fixture
def on_every_bound(partner: Partner) -> dict[str, int]:
    """Orders on both sides of each bound, by number, with the days they have left."""
    days = [-40, -8, -7, -1, 0, 1, 7, 8, 30, 31, 60, 61, 90, 91, 400]
    made = {f"D{day}": day for day in days}
    for number, day in made.items():
        make_order(partner, number=number, ends_on=TODAY + timedelta(days=day))
    return made


# Tabs and their counts


@pytest.mark.parametrize("tab", list(Tab))
def test_tab_holds_exactly_the_days_between_its_bounds(
    browser: Client, on_every_bound: dict[str, int], tab: Tab
) -> None:
    first, last = TAB_DAYS[tab]
    inside = {
        number
        for number, day in on_every_bound.items()
        if (first is None or first <= day) and (last is None or day <= last)
    }

    response = browser.get(f"/expiring/?tab={tab}")

    assert set(numbers(response)) == inside
    assert tab_counts(response)[LABELS[tab]] == str(len(inside))


def test_first_tab_is_what_expired_this_week_or_will_within_seven_days(
    browser: Client, on_every_bound: dict[str, int]
) -> None:
    assert numbers(browser.get("/expiring/")) == ["D-7", "D-1", "D0", "D1", "D7"]
    assert numbers(browser.get("/expiring/?tab=nonsense")) == ["D-7", "D-1", "D0", "D1", "D7"]


def test_what_ended_longest_ago_stands_last(browser: Client, on_every_bound: dict[str, int]) -> None:
    assert numbers(browser.get("/expiring/?tab=older")) == ["D-8", "D-40"]


def test_sample_fills_the_tabs_of_orders_and_of_certificates(browser: Client, partner: Partner) -> None:
    with SAMPLE.open("rb") as file:
        records = open_orders(file).records()
        import_orders(records, partner=partner, authority=AuthorityKind.CERTCENTRAL, now=midnight(TODAY))

    orders = tab_counts(browser.get("/expiring/"))
    certificates = tab_counts(browser.get("/expiring/?show=certificates"))

    # By day, of the sample: 1..29 and the one or none on day 30, and so on; each tab contains the one before.
    assert orders["Expired or within 7 days"] == "10"
    assert certificates["Expired or within 7 days"] == "14"
    assert (orders["90 days"], orders["Later"], orders["Older"]) == ("60", "109", "29")
    assert (certificates["90 days"], certificates["Later"], certificates["Older"]) == ("90", "70", "35")


@pytest.mark.parametrize("status", [OrderStatus.ISSUED, OrderStatus.REISSUE_PENDING])
def test_live_orders_count(browser: Client, partner: Partner, status: OrderStatus) -> None:
    make_order(partner, number="live", status=status)

    assert numbers(browser.get("/expiring/?tab=30")) == ["live"]


@pytest.mark.parametrize(
    "fields",
    [
        {"status": OrderStatus.REVOKED},
        {"status": OrderStatus.CANCELED},
        {"status": OrderStatus.REJECTED},
        {"status": OrderStatus.PENDING},
        {"status": OrderStatus.NEEDS_APPROVAL},
        {"renewal_mark": RenewalMark.IN_HAND},
        {"renewal_mark": RenewalMark.RENEWED},
        {"renewal_mark": RenewalMark.ELSEWHERE},
    ],
)
def test_what_is_not_issued_or_is_renewed_is_nowhere(browser: Client, partner: Partner, fields: dict[str, Any]) -> None:
    make_order(partner, number="gone", **fields)

    for tab in Tab:
        for show in ("orders", "certificates"):
            response = browser.get(f"/expiring/?tab={tab}&show={show}")
            assert numbers(response) == []
            assert set(tab_counts(response).values()) == {"0"}


def test_certificates_stand_by_their_own_end(browser: Client, partner: Partner) -> None:
    soon = TODAY + timedelta(days=5)
    make_order(partner, number="early", ends_on=TODAY + timedelta(days=200), certificate_ends_on=soon)

    assert numbers(browser.get("/expiring/")) == []
    response = browser.get("/expiring/?show=certificates")
    assert numbers(response) == ["early"]
    assert "in 5 days 27 Nov 2026 order to 10 Jun 2027" in text(response)


def test_foreign_orders_are_in_no_row_count_or_file(browser: Client, partner: Partner) -> None:
    make_order(make_partner(), number="canary")
    make_order(partner, number="own")

    response = browser.get("/expiring/?tab=30")

    assert numbers(response) == ["own"]
    assert tab_counts(response)["30 days"] == "1"
    assert "canary" not in content(browser.get("/expiring/?tab=30&export=csv"))


def test_same_address_shows_each_partner_its_own(partner: Partner) -> None:
    other = make_partner()
    make_order(partner, number="ours")
    make_order(other, number="theirs")
    one, another = sign_in(partner), sign_in(other)

    for _cold_then_warm in range(2):
        assert numbers(one.get("/expiring/?tab=30")) == ["ours"]
        assert numbers(another.get("/expiring/?tab=30")) == ["theirs"]


# The numbers above the list


def test_lead_counts_what_ends_within_90_days_or_ended_this_week(
    browser: Client, on_every_bound: dict[str, int]
) -> None:
    words = text(browser.get("/expiring/?tab=60"))

    assert "11 orders end within 90 days or ended this week. 5 need you today." in words


def test_figures_speak_of_the_whole_partner_whatever_the_filters(browser: Client, partner: Partner) -> None:
    loud, deaf = make_customer(partner, "Loud"), make_customer(partner, "Deaf", notices_enabled=False)
    make_order(partner, customer=loud)
    make_order(partner, customer=loud, notices_enabled=False)
    make_order(partner, customer=deaf)
    soon = TODAY + timedelta(days=10)
    make_order(partner, ends_on=TODAY + timedelta(days=300), certificate_ends_on=soon)
    make_order(partner, ends_on=TODAY - timedelta(days=20), renewal_mark=RenewalMark.RENEWED)
    make_order(partner, ends_on=TODAY - timedelta(days=20))

    words = text(browser.get("/expiring/?tab=30&q=nothing-like-it"))

    assert "Orders ending, 30 days 3 2 customers" in words
    assert "Hear nothing, 30 days 2 renewal notices are off" in words
    assert "Reissues due, 30 days 1 included in the plan" in words
    assert "Renewed, this quarter 50% of 2 orders that ended, in time or late" in words


# Filters


def narrowed(browser: Client, query: str) -> set[str]:
    return set(numbers(browser.get(f"/expiring/?tab=30&{query}")))


def test_words_customer_product_brand_and_level_narrow_the_list(browser: Client, partner: Partner) -> None:
    quartz = make_customer(partner, "Opale Quartz GmbH", search_text=" opale quartz gmbh")
    make_order(partner, number="700001", customer=quartz, search_text=" 700001 pay.opale.example opale quartz gmbh")
    make_order(partner, number="700002", product=product("ssl_ev_securesite_pro"), search_text=" 700002 shop")
    make_order(partner, number="700003", product=product("ssl_dv_rapidssl"), search_text=" 700003 shop")

    assert narrowed(browser, "q=pay.opale") == {"700001"}
    assert narrowed(browser, "customer=quartz") == {"700001"}
    assert narrowed(browser, "product=ssl_dv_rapidssl&product=ssl_ev_securesite_pro") == {"700002", "700003"}
    assert narrowed(browser, "brand=Secure+Site+Pro") == {"700002"}
    assert narrowed(browser, "level=dv") == {"700003"}
    assert narrowed(browser, "level=nonsense") == {"700001", "700002", "700003"}


def test_owner_is_me_nobody_or_a_colleague(browser: Client, partner: Partner) -> None:
    colleague = make_member(partner)
    owners = {"mine": browser.member, "hers": colleague, "free": None}  # type: ignore[attr-defined]
    for number, owner in owners.items():
        make_order(partner, number=number, customer=make_customer(partner, owner=owner))

    assert narrowed(browser, "owner=me") == {"mine"}
    assert narrowed(browser, "owner=nobody") == {"free"}
    assert narrowed(browser, f"owner={colleague.pk}") == {"hers"}
    assert narrowed(browser, "owner=999999999") == {"mine", "hers", "free"}


def test_notices_are_off_for_the_order_or_for_its_whole_customer(browser: Client, partner: Partner) -> None:
    deaf = make_customer(partner, notices_enabled=False)
    make_order(partner, number="on")
    make_order(partner, number="off", notices_enabled=False)
    make_order(partner, number="deaf", customer=deaf)

    assert narrowed(browser, "notices=on") == {"on"}
    assert narrowed(browser, "notices=off") == {"off", "deaf"}


def test_last_contact_counts_from_today(browser: Client, partner: Partner) -> None:
    for number, ago in {"week": 6, "month": 31, "season": 91, "never": None}.items():
        at = None if ago is None else midnight(TODAY) - timedelta(days=ago)
        make_order(partner, number=number, customer=make_customer(partner, last_contacted_at=at))

    assert narrowed(browser, "contact=7") == {"week"}
    assert narrowed(browser, "contact=not30") == {"month", "season", "never"}
    assert narrowed(browser, "contact=not90") == {"season", "never"}
    assert narrowed(browser, "contact=never") == {"never"}


def test_wildcards_are_found_among_all_names(browser: Client, partner: Partner) -> None:
    make_order(partner, number="star", common_name="*.a.example")
    make_order(partner, number="also", common_name="b.example", names=["b.example", "*.b.example"])
    make_order(partner, number="none", common_name="c.example")

    assert narrowed(browser, "wildcard=yes") == {"star", "also"}
    assert narrowed(browser, "wildcard=no") == {"none"}


def test_tabs_count_what_the_filters_leave(browser: Client, partner: Partner) -> None:
    make_order(partner, notices_enabled=False)
    make_order(partner)

    assert tab_counts(browser.get("/expiring/?notices=off"))["30 days"] == "1"


def test_chip_shows_a_filter_and_takes_it_back(browser: Client, partner: Partner) -> None:
    page = content(browser.get("/expiring/?tab=30&owner=me&level=dv&size=25"))

    assert 'href="?tab=30&amp;level=dv&amp;size=25"' in page
    assert "Remove the filter Mine" in page
    assert "Remove the filter Level: Domain validated" in page
    assert 'href="?tab=30&amp;size=25"' in page


def test_filter_is_offered_where_its_menu_is_opened_and_without_script_on_the_page(
    browser: Client, partner: Partner
) -> None:
    make_order(partner)
    htmx = {"HX-Request": "true", "HX-Target": "filter-product"}

    fragment = browser.get("/expiring/?tab=30&owner=me&filter=product", headers=htmx)
    page = browser.get("/expiring/?tab=30&filter=product")

    assert "Secure Site Pro EV" in text(fragment)
    assert 'name="owner" value="me"' in content(fragment)
    assert "<main" not in content(fragment)
    assert "Secure Site Pro EV" in text(page)
    assert browser.get("/expiring/?filter=secret", headers=htmx).status_code == 404


def test_empty_list_says_what_to_do_next(browser: Client, partner: Partner) -> None:
    assert "Import the order report of your authority" in text(browser.get("/expiring/"))

    make_order(partner)

    assert "Nothing expires here" in text(browser.get("/expiring/"))
    assert "Nothing matches these filters" in text(browser.get("/expiring/?level=dv"))


# Sorting and paging


def test_list_is_sorted_by_end_or_name_in_either_direction(browser: Client, partner: Partner) -> None:
    for number, (days, name) in {"1": (3, "b.example"), "2": (9, "a.example"), "3": (5, "c.example")}.items():
        make_order(partner, number=number, ends_on=TODAY + timedelta(days=days), common_name=name)

    assert numbers(browser.get("/expiring/?tab=30")) == ["1", "3", "2"]
    assert numbers(browser.get("/expiring/?tab=30&sort=-expires")) == ["2", "3", "1"]
    assert numbers(browser.get("/expiring/?tab=30&sort=name")) == ["2", "1", "3"]


def test_pages_lead_through_the_list_and_back_over_many_orders_of_one_day(browser: Client, partner: Partner) -> None:
    customer = make_customer(partner)
    for number in range(60):
        make_order(partner, number=f"{number:03}", customer=customer)

    first = browser.get("/expiring/?tab=30&size=25")
    second = browser.get(f"/expiring/{first.context['page'].older_url}")
    third = browser.get(f"/expiring/{second.context['page'].older_url}")
    back = browser.get(f"/expiring/{third.context['page'].newer_url}")
    last = browser.get(f"/expiring/{first.context['page'].last_url}")

    assert numbers(first) + numbers(second) + numbers(third) == [f"{number:03}" for number in range(60)]
    assert numbers(back) == numbers(second)
    assert numbers(last)[-1] == "059"
    assert "26–50 of 60" in text(second)


# Parts, files, roles


def test_htmx_gets_the_list_alone_and_the_address_to_remember(browser: Client, partner: Partner) -> None:
    make_order(partner, number="1")
    headers = {"HX-Request": "true", "HX-Target": "list"}

    response = browser.get("/expiring/?tab=30&level=&q=", headers=headers)

    assert content(response).lstrip().startswith("<section")
    assert numbers(response) == ["1"]
    assert response.headers["HX-Push-Url"] == "/expiring/?tab=30"
    assert "HX-Request" in response.headers["Vary"]


def test_file_holds_exactly_the_rows_of_the_list_on_all_pages(browser: Client, partner: Partner) -> None:
    customer = make_customer(partner, "=SUM(A1)")
    for number in range(30):
        make_order(partner, number=f"{number:02}", customer=customer, notices_enabled=number % 2 == 0)
    make_order(partner, number="foreign to the filter", ends_on=TODAY + timedelta(days=60))

    query = "tab=30&notices=off&size=25&sort=-expires"
    shown = numbers(browser.get(f"/expiring/?{query}"))
    rows = list(csv.DictReader(io.StringIO(content(browser.get(f"/expiring/?{query}&export=csv")))))

    assert [row["Order #"] for row in rows] == shown
    assert len(rows) == 15
    assert rows[0]["Customer"] == "'=SUM(A1)"
    assert rows[0]["Renewal notices"] == "Off"
    assert rows[0]["Order expires"] == "2026-12-12"


def test_workbook_is_offered_too(browser: Client, partner: Partner) -> None:
    make_order(partner)

    response = browser.get("/expiring/?tab=30&export=xlsx")

    assert "spreadsheetml" in response.headers["Content-Type"]
    assert browser.get("/expiring/?export=pdf").status_code == 404


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.ACCOUNT_MANAGER, Role.SUPPORT])
def test_staff_see_the_page(partner: Partner, role: str) -> None:
    assert sign_in(partner, role).get("/expiring/").status_code == 200


def test_customers_and_strangers_do_not(partner: Partner) -> None:
    assert sign_in(partner, Role.CUSTOMER).get("/expiring/").status_code == 403
    assert Client().get("/expiring/").status_code == 302


def test_page_asks_as_much_of_the_database_at_sixty_rows_as_at_one(browser: Client, partner: Partner) -> None:
    filters.catalogue()

    def add(count: int) -> None:
        for _ in range(count):
            customer = make_customer(partner, owner=make_member(partner))
            make_order(partner, customer=customer, contact=make_contact(customer))

    assert_query_baseline(browser, "/expiring/?tab=30", "expiring", add_rows=add)


def test_filtered_list_alone_asks_as_much_at_sixty_rows_as_at_one(browser: Client, partner: Partner) -> None:
    def add(count: int) -> None:
        for _ in range(count):
            make_order(partner, notices_enabled=False)

    url = "/expiring/?tab=30&notices=off&level=ov"
    assert_query_baseline(browser, url, "expiring filtered", add_rows=add)
