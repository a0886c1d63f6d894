from __future__ import annotations

import csv
import io
import re
from datetime import date

import pytest
from django_scopes import scopes_disabled
from playwright.sync_api import FilePayload, Page, expect

from certificates.models import Certificate, ImportRun, Order
from portal.demo import PARTNER_SLUG
from portal.models import Partner
from tests.certificates.certs import as_pem, ec_key, make_certificate, private_pem
from tests.factories import make_customer
from tests.journeys.house import House
from tests.journeys.looks import barriers
from tests.journeys.people import CLAIRE
from tests.journeys.visits import Visits

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("office")]

SOON = 30_000
IMPORT = re.compile(r"^Import (one|\d+) ")
# Semicolons, the western code page, a name in two lines, and a line without a number.
LIST = """Bestellung;Host;Kunde;Bestellt;Gültig bis;Produkt
A-1;www.kueste.example;Küste AG;01.12.2025;01.12.2026;Secure Site OV
A-2;shop.kueste.example;"Küste
AG";02.12.2025;02.12.2026;Secure Site OV
;mail.kueste.example;Küste AG;03.12.2025;03.12.2026;Secure Site OV
""".encode("cp1252")


def upload(page: Page, name: str, content: bytes) -> None:
    page.goto("/imports/")
    file = FilePayload(name=name, mimeType="application/octet-stream", buffer=content)
    page.get_by_label("Choose a file, or drop it here").set_input_files(file)
    page.get_by_role("button", name="See what would happen").click()


def test_any_list_is_imported_by_saying_which_column_is_which(visits: Visits) -> None:
    page = visits.open(CLAIRE)
    upload(page, "liste.csv", LIST)
    columns = {
        "Order number*": "Bestellung",
        "Common name*": "Host",
        "Organisation": "Kunde",
        "Ordered on": "Bestellt",
        "Order ends": "Gültig bis",
        "Product": "Produkt",
    }
    for label, column in columns.items():
        page.get_by_role("combobox", name=label, exact=True).select_option(column)
    assert barriers(page) == []
    page.get_by_role("button", name="See what would happen").click()

    expect(page.get_by_text("This is what will happen")).to_be_visible(timeout=SOON)
    expect(page.get_by_text("One line cannot be imported; it stops none of the others.")).to_be_visible()
    page.get_by_role("button", name=IMPORT).click()
    expect(page.get_by_text("Imported on")).to_be_visible(timeout=SOON)
    assert barriers(page) == []
    with scopes_disabled():
        orders = Order.objects.order_by("number").values_list("number", "common_name", "customer__name", "ends_on")
        assert list(orders) == [
            ("A-1", "www.kueste.example", "Küste AG", date(2026, 12, 1)),
            ("A-2", "shop.kueste.example", "Küste AG", date(2026, 12, 2)),
        ]

    with page.expect_download() as download:
        page.get_by_role("link", name="Rejected lines").click()
    [line] = csv.DictReader(io.StringIO(download.value.path().read_text("utf-8-sig")))
    assert line["Line"] == "5"
    assert line["Reason"]


def test_certificates_of_another_authority_become_the_chosen_customers(office: House, visits: Visits) -> None:
    customer = make_customer(Partner.objects.get(slug=PARTNER_SLUG), "Granit Phare SA")
    page = visits.open(CLAIRE)
    upload(page, "found.pem", as_pem(make_certificate("www.granit-phare.example", ["www.granit-phare.example"])))

    page.get_by_label("Granit Phare SA").check()
    page.get_by_role("button", name="See what would happen").click()
    expect(page.get_by_text("This is what will happen")).to_be_visible(timeout=SOON)
    page.get_by_role("button", name=IMPORT).click()
    expect(page.get_by_text("Imported on")).to_be_visible(timeout=SOON)

    page.goto(f"/customers/{customer.pk}/")
    expect(page.get_by_text("www.granit-phare.example").first).to_be_visible()
    with scopes_disabled():
        assert Certificate.objects.get(order=None).customer_id == customer.pk


def test_a_private_key_is_refused_and_kept_nowhere(office: House, visits: Visits) -> None:
    visits.watch.expected = {422}
    with scopes_disabled():
        before = ImportRun.objects.count()
    page = visits.open(CLAIRE)
    upload(page, "bundle.pem", as_pem(make_certificate()) + private_pem(ec_key()).encode())

    expect(page.get_by_role("alert")).to_contain_text("private key")
    with scopes_disabled():
        assert ImportRun.objects.count() == before
    assert not [path for path in office.folder.rglob("*") if path.is_file() and b"PRIVATE KEY" in path.read_bytes()]


def test_a_preview_that_is_cancelled_changes_nothing(visits: Visits) -> None:
    with scopes_disabled():
        before = Order.objects.count()
    page = visits.open(CLAIRE)
    upload(
        page, "orders.csv", b"order_id,common_name,status,date_created\n77,www.a.example,issued,2026-01-01 10:00:00\n"
    )
    expect(page.get_by_role("button", name="Cancel the import")).to_be_visible(timeout=SOON)

    page.get_by_role("button", name="Cancel the import").click()
    page.get_by_role("button", name="Yes, cancel it").click()

    expect(page.get_by_text("This import was cancelled")).to_be_visible()
    with scopes_disabled():
        assert Order.objects.count() == before
