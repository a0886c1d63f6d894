"""The pages of the price list: what staff read, what administrators change, and what nobody else may."""

from __future__ import annotations

import csv
import io
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from offers.models import Price, PriceLevel
from portal.models import Activity, Partner
from portal.roles import Role
from tests.factories import TODAY, make_customer, make_member, make_partner, product
from tests.offers.factories import make_level, make_price, make_prices, make_terms

NEW_YEAR = date(2027, 1, 1)


@pytest.fixture
def nadia(partner: Partner) -> Client:
    """The browser of an administrator."""
    return browser(partner, Role.ADMINISTRATOR)


def browser(partner: Partner, role: str, **fields: Any) -> Client:
    client = Client()
    client.force_login(make_member(partner, role, **fields).user)
    return client


def text_of(response: Any) -> str:
    return " ".join(response.content.decode().split())


def edit_url(name_id: str = "ssl_basic", years: int = 1, *, whose: str = "") -> str:
    return f"{reverse('offers:price_edit', args=[name_id, years])}?for={whose}"


def typed(**fields: str) -> dict[str, str]:
    return {"base": "220", "name": "", "wildcard": "", "begins": "2027-01-01", "until": "", **fields}


# Reading


def test_empty_list_says_how_to_begin(nadia: Client, partner: Partner) -> None:
    make_price(make_partner("Other"), "1.00")

    page = text_of(nadia.get("/prices/"))

    assert "No prices yet" in page
    assert "Start from a sample" in page
    assert "Start from a sample" not in text_of(browser(partner, Role.SUPPORT).get("/prices/"))


def test_list_shows_the_day_asked_for_and_what_comes_later(nadia: Client, partner: Partner) -> None:
    make_price(partner, "200.00", cost_base=Decimal("150.00"), valid_until=date(2026, 12, 31))
    make_price(partner, "220.00", valid_from=NEW_YEAR)

    today, later = text_of(nadia.get("/prices/")), text_of(nadia.get("/prices/?on=2027-01-01"))

    assert "€200.00" in today
    assert "margin 25%" in today
    assert "€220.00 from 1 Jan 2027" in today
    assert "€200.00" not in later
    assert "€220.00" in later


def test_prices_of_a_customer_stand_out_from_those_of_level_and_list(nadia: Client, partner: Partner) -> None:
    customer, gold = make_customer(partner, "Karst"), make_level(partner, "Gold")
    make_terms(customer, level=gold)
    make_price(partner, "300.00", term_years=3)
    make_price(partner, "180.00", term_years=2, level=gold)
    make_price(partner, "150.00", customer=customer)

    page = text_of(nadia.get(f"/prices/?for=customer-{customer.pk}"))

    assert page.count(">from the list<") == 1
    assert page.count(">from Gold<") == 1
    assert "1 price of its own" in page


def test_number_of_queries_does_not_grow_with_the_list(
    nadia: Client, partner: Partner, django_assert_max_num_queries: Any
) -> None:
    make_prices(partner)
    make_prices(partner, level=make_level(partner))

    with django_assert_max_num_queries(16):
        nadia.get("/prices/")


def test_somebody_elses_level_or_customer_is_not_found(nadia: Client, partner: Partner) -> None:
    other = make_partner("Other")
    level, customer = make_level(other), make_customer(other)

    for whose in (f"level-{level.pk}", f"customer-{customer.pk}", "level-x", "nobody-1", "level-" + "9" * 30):
        assert nadia.get(f"/prices/?for={whose}").status_code == 404
        assert nadia.post(edit_url(whose=whose), typed()).status_code == 404


def test_product_page_tells_past_present_and_future(nadia: Client, partner: Partner) -> None:
    make_price(partner, "190.00", valid_from=date(2025, 1, 1), valid_until=date(2025, 12, 31))
    make_price(partner, "200.00", valid_until=date(2026, 12, 31))
    make_price(partner, "220.00", valid_from=NEW_YEAR)
    url = reverse("offers:product_prices", args=[product().name_id])

    assert [amount in text_of(nadia.get(url)) for amount in ("€190.00", "€200.00", "€220.00")] == [True] * 3
    assert [amount in text_of(nadia.get(f"{url}?show=later")) for amount in ("€190.00", "€220.00")] == [False, True]
    assert "Take back" not in text_of(browser(partner, Role.SUPPORT).get(url))


# Changing


def test_price_is_set_from_a_day_on(nadia: Client, partner: Partner) -> None:
    response = nadia.post(edit_url(), typed(base="1 234,50", cost_base="900"))

    assert response.status_code == 302
    price = Price.objects.get()
    assert (price.base, price.cost_base, price.valid_from, price.currency) == (
        Decimal("1234.50"),
        Decimal(900),
        NEW_YEAR,
        "EUR",
    )


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"base": "1.234"}, "can be read in two ways"),
        ({"base": ""}, "This field is required"),
        ({"base": "-5"}, "below zero"),
        ({"base": "a lot"}, "is not an amount"),
        ({"begins": "2026-11-21"}, "What has held stays as it was"),
        ({"begins": "9999-01-01"}, "Write the date as year-month-day"),
        ({"until": "2026-12-31"}, "It has to end after it begins"),
    ],
)
def test_bad_input_is_answered_in_a_sentence_and_stays_typed(
    nadia: Client, partner: Partner, fields: dict[str, str], words: str
) -> None:
    response = nadia.post(edit_url(), typed(**fields, cost_base="77.77"))

    assert response.status_code == 422
    assert words in text_of(response)
    assert "77.77" in text_of(response)
    assert not Price.objects.exists()


def test_form_takes_nothing_that_it_does_not_show(nadia: Client, partner: Partner) -> None:
    other, level = make_partner("Other"), make_level(partner)
    forged = {
        field.name: str(other.pk if field.name == "partner" else level.pk if field.name == "level" else 7)
        for field in Price._meta.concrete_fields
    }

    nadia.post(edit_url(), {**forged, **typed(), "currency": "JPY", "term_years": "3", "valid_from": "2020-01-01"})

    price = Price.objects.get()
    assert (price.partner, price.level, price.customer, price.term_years) == (partner, None, None, 1)
    assert (price.currency, price.valid_from, price.product.name_id) == ("EUR", NEW_YEAR, "ssl_basic")


def test_term_that_is_not_sold_has_no_price(nadia: Client, partner: Partner) -> None:
    assert nadia.get(edit_url(years=4)).status_code == 404
    assert nadia.get(edit_url("nonsense")).status_code == 404


def test_price_taken_back_can_be_brought_back(nadia: Client, partner: Partner) -> None:
    price = make_price(partner, "220.00", valid_from=NEW_YEAR)

    page = nadia.post(reverse("offers:price_drop", args=[price.pk]), follow=True)
    assert not Price.objects.exists()
    undo = str(next(iter(page.context["messages"])).extra_tags).removeprefix("undo:")
    nadia.post(undo)

    assert Price.objects.get().base == 220


def test_price_below_its_cost_is_saved_and_said_plainly(nadia: Client, partner: Partner) -> None:
    begins = TODAY.isoformat()

    saved = nadia.post(edit_url(), typed(base="100", cost_base="220", begins=begins), follow=True)

    assert Price.objects.get().base == 100
    assert "1 price is below what it costs you" in text_of(saved)
    assert "Below cost" in text_of(nadia.get("/prices/"))
    assert "Below cost" in text_of(nadia.get("/prices/ssl_basic/"))
    nadia.post(edit_url(), typed(base="300", cost_base="220", begins=begins))
    assert "Below cost" not in text_of(nadia.get("/prices/"))


@pytest.mark.parametrize(("role", "sees"), [(Role.SUPPORT, False), (Role.ACCOUNT_MANAGER, True)])
def test_support_sees_prices_and_neither_costs_nor_margins(partner: Partner, role: str, sees: bool) -> None:
    make_price(partner, "200.00", product=product("ssl_basic"), cost_base=Decimal("150.00"))
    make_price(partner, "100.00", product=product("ssl_ev_basic"), cost_base=Decimal("123.00"))
    client = browser(partner, role)

    pages = [client.get(address) for address in ("/prices/", "/prices/ssl_basic/", "/prices/ssl_ev_basic/")]
    shown = " ".join(text_of(page) for page in pages)
    export = client.get("/prices/export/")
    file = b"".join(export.streaming_content).decode()  # type: ignore[attr-defined]

    assert "€200.00" in shown
    assert [word in shown for word in ("€150.00", "25%", "€123.00", "Below cost", "Margin")] == [sees] * 5
    assert [word in file for word in ("cost_base", "150.00", "123.00")] == [sees] * 3


@pytest.mark.parametrize("role", [Role.SUPPORT, Role.ACCOUNT_MANAGER])
def test_who_is_no_administrator_reads_and_exports_and_changes_nothing(partner: Partner, role: str) -> None:
    price, level = make_price(partner, "220.00", valid_from=NEW_YEAR), make_level(partner)
    client = browser(partner, role)

    assert client.get("/prices/").status_code == 200
    assert client.get("/prices/export/").status_code == 200
    for address in (
        edit_url(),
        reverse("offers:price_drop", args=[price.pk]),
        reverse("offers:price_level", args=[level.pk]),
        reverse("offers:price_level_delete", args=[level.pk]),
        "/prices/levels/",
        "/prices/raise/",
        "/prices/fill/",
        "/prices/import/",
        "/prices/import/confirm/",
        "/settings/sales/",
    ):
        assert client.post(address, typed()).status_code == 403
    assert Price.objects.get().base == 220


def test_customers_see_nothing_of_the_price_list(partner: Partner) -> None:
    customer = make_customer(partner)
    make_price(partner, "200.00", customer=customer)
    client = browser(partner, Role.CUSTOMER, customer=customer)

    for address in (
        "/prices/",
        "/prices/export/",
        "/prices/ssl_basic/",
        edit_url(),
        f"/customers/{customer.pk}/terms/",
    ):
        assert client.get(address).status_code == 403


# Many at once


def test_raise_is_shown_then_done_then_undone(nadia: Client, partner: Partner) -> None:
    make_price(partner, "200.00")
    fields = {"percent": "7,5", "currency": "EUR", "begins": "2027-01-01"}

    shown = nadia.post("/prices/raise/", fields)
    assert "€215.00" in text_of(shown)
    assert Price.objects.count() == 1
    done = nadia.post("/prices/raise/", {**fields, "digest": shown.context["foreseen"].digest}, follow=True)
    assert Price.objects.get(valid_from=NEW_YEAR).base == 215
    undo = str(next(iter(done.context["messages"])).extra_tags).removeprefix("undo:")

    assert "as it was" in text_of(nadia.post(undo, follow=True))
    assert list(Price.objects.values_list("base", "valid_until")) == [(Decimal(200), None)]
    assert "no longer" in text_of(nadia.post(undo, follow=True))


def test_raise_that_was_not_shown_is_shown_first(nadia: Client, partner: Partner) -> None:
    make_price(partner, "200.00")

    page = nadia.post(
        "/prices/raise/", {"percent": "5", "currency": "EUR", "begins": "2027-01-01", "digest": "made up"}
    )

    assert "This is what would happen now" in text_of(page)
    assert Price.objects.count() == 1


@pytest.mark.parametrize("percent", ["0", "-91", "501", "ten", "1e2", "NaN", ""])
def test_percent_that_means_nothing_is_refused(nadia: Client, partner: Partner, percent: str) -> None:
    fields = {"percent": percent, "currency": "EUR", "begins": "2027-01-01"}

    assert nadia.post("/prices/raise/", fields).status_code == 422


def test_level_of_another_partner_cannot_be_filled(nadia: Client, partner: Partner) -> None:
    make_level(partner)
    theirs = make_level(make_partner("Other"))

    fields = {"level": str(theirs.pk), "percent": "5", "currency": "EUR", "begins": "2027-01-01"}

    assert nadia.post("/prices/fill/", fields).status_code == 422


# Levels


def test_level_is_added_renamed_and_deleted_with_its_number_of_customers(nadia: Client, partner: Partner) -> None:
    nadia.post("/prices/levels/", {"name": "Gold"})
    level = PriceLevel.objects.get()
    make_terms(make_customer(partner), level=level)
    make_terms(make_customer(partner), level=level)
    nadia.post(f"/prices/levels/{level.pk}/", {"name": "Platinum"})

    assert "2 customers of this level fall back" in text_of(nadia.get(f"/prices/levels/{level.pk}/delete/"))
    assert PriceLevel.objects.get().name == "Platinum"
    page = text_of(nadia.post(f"/prices/levels/{level.pk}/delete/", follow=True))

    assert "2 customers pay the list" in page
    assert not PriceLevel.objects.exists()


def test_level_with_a_taken_name_is_refused(nadia: Client, partner: Partner) -> None:
    make_level(partner, "Gold")

    response = nadia.post("/prices/levels/", {"name": "GOLD"})

    assert response.status_code == 422
    assert "Another level has this name" in text_of(response)


# Files


def upload(client: Client, content: bytes, name: str = "prices.csv") -> Any:
    return client.post("/prices/import/", {"file": SimpleUploadedFile(name, content)})


def test_export_is_what_is_shown(nadia: Client, partner: Partner) -> None:
    gold = make_level(partner, "=Gold")
    make_price(partner, "200.00")
    make_price(partner, "210.00", valid_from=NEW_YEAR)
    make_price(partner, "180.00", level=gold, term_years=2)
    make_price(partner, "99.00", currency="CHF")

    def lines(query: str) -> list[dict[str, str]]:
        response = nadia.get(f"/prices/export/?{query}")
        text = b"".join(response.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
        return list(csv.DictReader(io.StringIO(text)))

    assert [line["base"] for line in lines("")] == ["200.00"]
    assert [(line["level"], line["base"]) for line in lines(f"for=level-{gold.pk}")] == [
        ("", "200.00"),
        ("'=Gold", "180.00"),
    ]
    assert len(lines("all=1")) == 4


def test_file_is_shown_first_and_taken_on_the_second_press(nadia: Client, partner: Partner) -> None:
    shown = upload(nadia, b"product;base;from\nssl_basic;12,50;2027-01-01\n")
    assert "Import one price" in text_of(shown)
    assert not Price.objects.exists()

    nadia.post("/prices/import/confirm/", {"staged": shown.context["staged"]})

    assert Price.objects.get().base == Decimal("12.50")
    deed = Activity.objects.get(verb="prices.imported")
    assert (deed.facts["file"], deed.facts["created"]) == ("prices.csv", 1)


def test_file_pressed_twice_is_taken_once(nadia: Client, partner: Partner) -> None:
    shown = upload(nadia, b"product;base;from\nssl_basic;12,50;2027-01-01\n")
    staged = {"staged": shown.context["staged"]}

    nadia.post("/prices/import/confirm/", staged)
    again = nadia.post("/prices/import/confirm/", staged)

    assert again.status_code == 409
    assert Price.objects.count() == 1


def test_preview_of_another_person_or_changed_by_hand_is_not_taken(nadia: Client, partner: Partner) -> None:
    staged = upload(nadia, b"product,base\nssl_basic,1\n").context["staged"]
    colleague = browser(partner, Role.ADMINISTRATOR)

    for client, sealed in ((colleague, staged), (nadia, f"A{staged}"), (nadia, ""), (nadia, "a:b:c")):
        response = client.post("/prices/import/confirm/", {"staged": sealed})
        assert response.headers["Location"] == "/prices/import/"
    assert not Price.objects.exists()


def test_rejected_line_keeps_the_button_away(nadia: Client, partner: Partner) -> None:
    page = upload(nadia, b"product,base\nssl_basic,1\n<script>alert(1)</script>,2\n")

    assert "One line cannot be taken" in text_of(page)
    assert "Import one price" not in text_of(page)
    assert b"<script>alert" not in page.content
    staged = page.context["staged"]
    assert nadia.post("/prices/import/confirm/", {"staged": staged}).status_code == 409
    assert not Price.objects.exists()


@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04", b"\x00" * 50, b"a,b\n1,2\n", b"product,base\n" + b"x" * 600_000]
)
def test_file_that_is_no_price_list_is_refused_in_a_sentence(nadia: Client, partner: Partner, content: bytes) -> None:
    response = upload(nadia, content)

    assert response.status_code == 422
    assert response.context["form"].errors["file"]


def test_sample_is_shown_and_can_be_taken(nadia: Client, partner: Partner) -> None:
    shown = nadia.post("/prices/import/", {"sample": "1"})

    nadia.post("/prices/import/confirm/", {"staged": shown.context["staged"]})

    assert Price.objects.count() > 30
    assert "No price" not in text_of(nadia.get("/prices/"))
