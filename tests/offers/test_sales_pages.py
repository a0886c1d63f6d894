"""How the house sells and what was agreed with a customer: stored where it differs, and told in words."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from certificates.models import Customer
from offers.deeds.prices import DEEDS, describe
from offers.models import CustomerTerms, SalesSettings, TaxRate, Watermark
from offers.services.vatnumbers import Form, form_of
from portal.deeds import tell
from portal.models import Activity, Partner
from portal.roles import Role
from tests.factories import make_customer, make_member, make_partner
from tests.offers.factories import make_level, make_price, make_settings, make_tax_rate, make_terms


def browser(partner: Partner, role: str) -> Client:
    client = Client()
    client.force_login(make_member(partner, role).user)
    return client


@pytest.fixture
def nadia(partner: Partner) -> Client:
    """The browser of an administrator."""
    return browser(partner, Role.ADMINISTRATOR)


@pytest.fixture
def claire(partner: Partner) -> Client:
    """The browser of an account manager."""
    return browser(partner, Role.ACCOUNT_MANAGER)


def text_of(response: Any) -> str:
    return " ".join(response.content.decode().split())


def typed(*rates: tuple[str, str], **fields: str) -> dict[str, str]:
    """The settings as the form sends them, with rows of countries and rates."""
    settings = {
        "country": "FR",
        "vat_number": "FR40303265045",
        "tax_name_en": "VAT",
        "tax_name_fr": "TVA",
        "floor_margin": "5,5",
        "quote_prefix": "Q",
        "quote_days": "30",
        "terms_en": "",
        "terms_fr": "",
        "legal_footer": "",
        "rates-TOTAL_FORMS": str(len(rates)),
        "rates-INITIAL_FORMS": "0",
    }
    for number, (country, rate) in enumerate(rates):
        settings |= {f"rates-{number}-country": country, f"rates-{number}-rate": rate}
    return settings | fields


# The house


def test_settings_and_rates_are_stored_together(nadia: Client, partner: Partner) -> None:
    make_tax_rate(partner, "DE", "16.00")
    make_tax_rate(partner, "BE", "21.00")

    response = nadia.post("/settings/sales/", typed(("fr", "20"), ("DE", "19,00"), ("", ""), country="fr"))

    assert response.status_code == 302
    row = SalesSettings.objects.get()
    assert (row.country, row.floor_margin) == ("FR", Decimal("5.5"))
    assert dict(TaxRate.objects.values_list("country", "rate")) == {"FR": Decimal(20), "DE": Decimal(19)}
    assert Watermark.objects.get().prices_version == 1


def test_removed_rate_goes(nadia: Client, partner: Partner) -> None:
    make_tax_rate(partner, "DE", "19.00")

    nadia.post("/settings/sales/", typed(("DE", "19"), ("FR", "20"), **{"rates-0-drop": "on"}))

    assert list(TaxRate.objects.values_list("country", flat=True)) == ["FR"]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (typed(("France", "20")), "two letters"),
        (typed(("FR", "")), "Which rate"),
        (typed(("FR", "101")), "from 0 to 100"),
        (typed(("FR", "20"), ("fr", "19")), "named twice"),
        (typed(quote_days="0"), "greater than or equal to 0|from 1 to 365"),
        (typed(quote_days="366"), "from 1 to 365"),
        (typed(quote_prefix="<b>"), "Letters and digits only"),
        (typed(floor_margin="100"), "from 0 to 99"),
        (typed(country="France"), "two letters"),
        (typed(country="XX", vat_number=""), "“XX” is no code of a country"),
        (typed(("ZZ", "20")), "“ZZ” is no code of a country"),
        (typed(vat_number="FR1"), "not a VAT number of the country"),
        (typed(vat_number="DE136695976"), "not a VAT number of the country"),
    ],
)
def test_bad_setting_is_answered_in_a_sentence_and_nothing_is_stored(
    nadia: Client, partner: Partner, fields: dict[str, str], words: str
) -> None:
    response = nadia.post("/settings/sales/", {**fields, "legal_footer": "what I typed"})

    assert response.status_code == 422
    assert any(word in text_of(response) for word in words.split("|"))
    assert "what I typed" in text_of(response)
    assert not SalesSettings.objects.exists()
    assert not TaxRate.objects.exists()


def test_form_takes_neither_the_counter_of_quotes_nor_another_partner(nadia: Client, partner: Partner) -> None:
    other = make_partner("Other")
    make_settings(partner, quote_numbers={"2026": 42}, embed_origins=["https://a.example"])
    theirs = make_settings(other, legal_footer="theirs")
    forged = {field.name: "7" for field in SalesSettings._meta.concrete_fields}

    nadia.post(
        "/settings/sales/",
        {**forged, **typed(), "id": str(theirs.pk), "partner": str(other.pk), "quote_numbers": '{"2026": 0}'},
    )

    row = SalesSettings.objects.get()
    assert (row.partner, row.quote_numbers, row.embed_origins) == (partner, {"2026": 42}, ["https://a.example"])
    theirs.refresh_from_db()
    assert theirs.legal_footer == "theirs"


def test_forged_number_of_rows_is_refused(nadia: Client, partner: Partner) -> None:
    for total in ("1000000", "-1", "x", ""):
        fields = {**typed(("FR", "20")), "rates-TOTAL_FORMS": total}
        assert nadia.post("/settings/sales/", fields).status_code in (302, 422)
    assert TaxRate.objects.count() <= 1


def test_rates_of_another_partner_stay(nadia: Client, partner: Partner) -> None:
    other = make_partner("Other")
    theirs = make_tax_rate(other, "FR", "5.00")

    nadia.post("/settings/sales/", typed(("FR", "20")))

    theirs.refresh_from_db()
    assert theirs.rate == 5


def test_what_was_changed_is_written_down_in_words(nadia: Client, partner: Partner) -> None:
    make_settings(partner, country="FR", vat_number="FR40303265045", quote_days=30)
    make_tax_rate(partner, "DE", "16.00")

    nadia.post("/settings/sales/", typed(("DE", "19"), quote_days="14", floor_margin="0", terms_en="Pay. " * 40))

    told = {activity.verb: tell(activity) for activity in Activity.objects.all()}
    assert told["sales.changed"].words == "Sales settings changed"
    assert told["sales.changed"].detail == "a quote holds so many days: 30 → 14, terms of sale, English"
    assert told["tax_rates.changed"].detail == "DE: 16% → 19%"


def test_same_again_changes_nothing(nadia: Client, partner: Partner) -> None:
    nadia.post("/settings/sales/", typed(("FR", "20")))
    before = Activity.objects.count()

    page = nadia.post("/settings/sales/", typed(("FR", "20,00")), follow=True)

    assert "Nothing was different" in text_of(page)
    assert Activity.objects.count() == before


# A customer


def terms(**fields: str) -> dict[str, str]:
    return {"level": "", "currency": "", "tax_treatment": "automatic", "exemption_reason": "", **fields}


@pytest.fixture
def karst(partner: Partner) -> Customer:
    return make_customer(partner, "Karst Atelier", country="FR")


def test_terms_are_changed_and_shown_on_the_customers_page(claire: Client, partner: Partner, karst: Customer) -> None:
    make_settings(partner)
    make_tax_rate(partner)
    gold = make_level(partner)
    make_price(partner, "150.00", customer=karst, currency="CHF")

    claire.post(f"/customers/{karst.pk}/terms/", terms(level=str(gold.pk), currency="CHF"))

    row = CustomerTerms.objects.get()
    assert (row.partner, row.customer, row.level, row.currency) == (partner, karst, gold, "CHF")
    page = text_of(claire.get(f"/customers/{karst.pk}/"))
    assert "Gold" in page
    assert "They pay VAT at 20%, because they are in your own country." in page
    assert f"/prices/?for=customer-{karst.pk}&amp;currency=CHF" in page


@pytest.mark.parametrize(
    ("country", "number", "treatment", "sentence"),
    [
        ("FR", "", "automatic", "They pay VAT at 20%, because they are in your own country."),
        ("", "", "automatic", "They pay VAT at 20%, your own rate, because their country is not known."),
        ("DE", "DE136695976", "automatic", "a business of Germany with a VAT number of its own accounts for it itself"),
        ("DE", "", "automatic", "They pay VAT at 19%, the rate of Germany that you listed."),
        ("IT", "", "automatic", "They pay VAT at 20%, the rate of France, because no VAT number"),
        ("CH", "", "automatic", "They pay no VAT: Switzerland is outside the area in which you charge it."),
        ("DE", "", "standard", "it was agreed that your own rate always holds."),
        ("DE", "", "exempt", "They pay no VAT: exempt (embassy)."),
    ],
)
def test_page_says_what_tax_a_customer_pays_and_why(
    claire: Client, partner: Partner, country: str, number: str, treatment: str, sentence: str
) -> None:
    make_settings(partner)
    make_tax_rate(partner, "FR", "20.00")
    make_tax_rate(partner, "DE", "19.00")
    customer = make_customer(partner, country=country, vat_number=number)
    reason = "embassy." if treatment == "exempt" else ""
    make_terms(customer, tax_treatment=treatment, exemption_reason=reason)

    assert sentence in text_of(claire.get(f"/customers/{customer.pk}/"))


def test_country_without_a_rate_is_said_to_have_none(claire: Client, partner: Partner, karst: Customer) -> None:
    make_settings(partner)

    assert "No rate of VAT is set for France" in text_of(claire.get(f"/customers/{karst.pk}/"))


def test_exemption_needs_its_reason_and_loses_it_with_the_exemption(
    claire: Client, partner: Partner, karst: Customer
) -> None:
    refused = claire.post(f"/customers/{karst.pk}/terms/", terms(tax_treatment="exempt"))
    assert refused.status_code == 422
    assert "Say why" in text_of(refused)

    claire.post(f"/customers/{karst.pk}/terms/", terms(tax_treatment="exempt", exemption_reason="Embassy"))
    claire.post(f"/customers/{karst.pk}/terms/", terms(exemption_reason="Embassy"))

    assert CustomerTerms.objects.get().exemption_reason == ""


def test_level_of_another_partner_is_refused(claire: Client, partner: Partner, karst: Customer) -> None:
    theirs = make_level(make_partner("Other"))

    assert claire.post(f"/customers/{karst.pk}/terms/", terms(level=str(theirs.pk))).status_code == 422
    assert not CustomerTerms.objects.exists()


def test_terms_take_nothing_that_the_form_does_not_show(claire: Client, partner: Partner, karst: Customer) -> None:
    other = make_customer(partner)
    forged = {field.name: str(other.pk) for field in CustomerTerms._meta.concrete_fields}

    claire.post(f"/customers/{karst.pk}/terms/", {**forged, **terms(currency="CHF")})

    row = CustomerTerms.objects.get()
    assert (row.partner, row.customer) == (partner, karst)


def test_vat_number_of_a_wrong_form_leads_to_no_reverse_charge_and_says_so(
    claire: Client, partner: Partner, karst: Customer
) -> None:
    make_settings(partner, country="FR")
    make_tax_rate(partner, "DE", "19.00")
    Customer.objects.filter(pk=karst.pk).update(country="DE", vat_number="DE1")

    shown = text_of(claire.get(f"/customers/{karst.pk}/"))

    assert "reverse charge" not in shown
    assert "VAT at 19%" in shown
    assert "so it does not count for tax" in shown


def test_support_reads_the_terms_and_changes_nothing(partner: Partner, karst: Customer) -> None:
    sam = browser(partner, Role.SUPPORT)

    assert "Prices and tax" in text_of(sam.get(f"/customers/{karst.pk}/"))
    assert "Edit the terms" not in text_of(sam.get(f"/customers/{karst.pk}/"))
    assert sam.post(f"/customers/{karst.pk}/terms/", terms(currency="CHF")).status_code == 403


def test_change_of_terms_is_written_down_and_asks_for_new_values(
    claire: Client, partner: Partner, karst: Customer
) -> None:
    gold = make_level(partner)

    claire.post(f"/customers/{karst.pk}/terms/", terms(level=str(gold.pk), tax_treatment="standard"))

    activity = Activity.objects.get(verb="terms.changed")
    assert activity.subject_label == "Karst Atelier"
    assert tell(activity).detail == "price level: nothing → Gold, tax: By country and VAT number → Always our own rate"
    assert Watermark.objects.get().prices_version == 1


# VAT numbers


@pytest.mark.parametrize(
    ("number", "country", "form"),
    [
        ("", "FR", Form.NONE),
        ("FR40303265045", "FR", Form.RIGHT),
        ("fr 40 303 265 045", "FR", Form.RIGHT),
        ("FR41303265045", "FR", Form.WRONG),
        ("FR", "FR", Form.WRONG),
        ("EL094259216", "GR", Form.RIGHT),
        ("GR094259216", "GR", Form.OTHER_COUNTRY),
        ("DE136695976", "DE", Form.RIGHT),
        ("DE136695976", "FR", Form.OTHER_COUNTRY),
        ("40303265045", "FR", Form.WRONG),
        ("CHE-107.787.577 TVA", "CH", Form.RIGHT),
        ("FR40303265045", "", Form.RIGHT),
        ("EL094259216", "", Form.RIGHT),
        ("anything", "", Form.UNKNOWN),
        ("anything", "ZZ", Form.UNKNOWN),
        ("<script>", "FR", Form.WRONG),
    ],
)
def test_form_of_a_vat_number(number: str, country: str, form: Form) -> None:
    assert form_of(number, country) is form


def test_every_deed_has_words_even_without_its_facts() -> None:
    for verb in DEEDS:
        words, _detail, _level = describe(verb, {})
        assert str(words)
