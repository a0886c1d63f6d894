"""Imports in the browser: upload, columns, whose certificates, preview, progress, report."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import translation

from certificates.models import Certificate, ImportRun, Order
from certificates.services.imports.reasons import line_sentence
from certificates.tasks import sweep_imports
from portal.models import Activity, Partner, User
from portal.roles import Role
from tests.certificates import certs
from tests.factories import TODAY, make_customer, make_member, make_partner, make_user, midnight
from tests.offers.reading import words
from tests.queries import assert_query_baseline

SAMPLE = Path(__file__).parents[1] / "data" / "orders-report-sample.csv"
LIST, UPLOAD = reverse("certificates:imports"), reverse("certificates:import_upload")
HEADER = "order_id,common_name,status,valid_from,valid_till\r\n"
GOOD = "7100001,www.granit-phare.example,issued,2026-01-10 00:00:00,2027-01-10 23:59:59\r\n"
BAD = "7100002,shop.granit-phare.example,issued,2026-01-10,the day after\r\n"
ODD = "7100003,api.granit-phare.example,pondering,2026-01-10 00:00:00,2027-01-10 23:59:59\r\n"
State = ImportRun.State


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.MFA_REQUIRED = False
    settings.DATA_DIR = tmp_path
    return tmp_path / "imports"


def browser_of(partner: Partner, role: str = Role.ACCOUNT_MANAGER) -> Client:
    client = Client()
    client.force_login(make_member(partner, role).user)
    return client


@pytest.fixture
def page(partner: Partner) -> Client:
    return browser_of(partner)


def send(page: Client, data: bytes | str, name: str = "orders.csv", **fields: Any) -> Any:
    body = data.encode() if isinstance(data, str) else data
    return page.post(UPLOAD, {"file": SimpleUploadedFile(name, body), **fields})


def upload(page: Client, data: bytes | str, name: str = "orders.csv", **fields: Any) -> ImportRun:
    """A file that is taken in."""
    response = send(page, data, name, **fields)
    assert response.status_code == 302, words(response)
    run = ImportRun.objects.latest("pk")
    assert response.url == url(run)
    return run


def url(run: ImportRun, deed: str = "") -> str:
    return reverse(f"certificates:import{'_' if deed else ''}{deed}", args=[run.pk])


def read(page: Client, data: bytes | str, name: str = "orders.csv") -> ImportRun:
    """A file whose preview is ready."""
    run = upload(page, data, name)
    sweep_imports()
    return fresh(run)


def confirm(page: Client, run: ImportRun) -> ImportRun:
    assert page.post(url(run, "confirm"))["Location"] == url(run)
    sweep_imports()
    return fresh(run)


def fresh(run: ImportRun) -> ImportRun:
    return ImportRun.objects.get(pk=run.pk)


def press(page: Client, run: ImportRun, deed: str, data: dict[str, Any] | None = None) -> str:
    """What is said on the page that follows."""
    return words(page.post(url(run, deed), data or {}, follow=True))


# The road of a report


def test_first_import_says_what_can_be_imported(page: Client) -> None:
    shown = words(page.get(LIST))

    assert "Choose a file, or drop it here" in shown
    assert "CertCentral's order report" in shown
    assert "No imports yet" in shown


def test_sample_is_foreseen_confirmed_and_reported(page: Client, folder: Path) -> None:
    run = upload(page, SAMPLE.read_bytes(), "report.csv")
    assert "Reading the file" in words(page.get(url(run)))

    sweep_imports()
    shown = words(page.get(url(run)))
    assert "This is what will happen" in shown
    assert "New 240 orders" in shown
    assert "Import 240 orders" in shown
    assert Order.objects.count() == 0

    press(page, run, "confirm")
    assert "You may leave this page and come back; the import goes on." in words(page.get(url(run)))
    sweep_imports()
    shown = words(page.get(url(run)))
    assert "Created 240 orders" in shown
    assert "With the orders came:" in shown
    assert Order.objects.count() == 240
    assert list(folder.iterdir()) == []
    assert "report.csv" in words(page.get(LIST))


def test_same_report_again_brings_nothing_new(page: Client) -> None:
    confirm(page, read(page, SAMPLE.read_bytes()))
    run = read(page, SAMPLE.read_bytes())

    shown = words(page.get(url(run)))
    assert "The file brings nothing new" in shown
    assert "Unchanged 240 orders" in shown
    assert "Finish" in shown

    run = confirm(page, run)
    assert (run.created, run.updated, run.unchanged, run.rejected) == (0, 0, 240, 0)


def test_progress_bar_asks_again_until_there_is_more_to_see(page: Client) -> None:
    run = upload(page, HEADER + GOOD)

    bar = page.get(url(run, "progress"))
    assert b'hx-trigger="every 1s"' in bar.content
    assert b'aria-label="Reading the file"' in bar.content
    assert page.get(url(run)).content.count(b"<progress") == 1

    sweep_imports()
    assert page.get(url(run, "progress")).headers["HX-Redirect"] == url(run)


def test_progress_of_a_running_import_is_told_in_orders(page: Client) -> None:
    run = read(page, HEADER + GOOD)
    ImportRun.objects.filter(pk=run.pk).update(state=State.RUNNING, percent=65, rows_done=50_000, rows_total=100_000)

    assert "50,000 of 100,000 orders" in words(page.get(url(run, "progress")))


def test_people_may_leave_and_come_back(page: Client, partner: Partner) -> None:
    run = read(page, HEADER + GOOD)

    colleague = browser_of(partner, Role.ADMINISTRATOR)
    assert "Ready to import" in words(colleague.get(LIST))
    confirm(colleague, run)

    assert fresh(run).state == State.DONE
    deeds = Activity.objects.filter(verb__startswith="import.").values_list("verb", flat=True)
    assert sorted(deeds) == ["import.finished", "import.started"]


# Lines


def test_bad_line_stands_in_the_report_and_in_its_file(page: Client) -> None:
    run = confirm(page, read(page, HEADER + BAD + GOOD))

    shown = words(page.get(url(run)))
    assert "Created 1 order" in shown
    assert "Rejected 1 line" in shown
    assert "“the day after” in “valid_till” is not a date that can be read." in shown

    response = page.get(url(run, "rejections"))
    assert 'filename="orders-rejected.csv"' in response.headers["Content-Disposition"]
    text = b"".join(response).decode("utf-8-sig")
    header, row = csv.reader(io.StringIO(text))
    assert header == ["Line", "Order number", "Common name", "Column", "Value", "Reason"]
    assert row == [
        "2",
        "7100002",
        "shop.granit-phare.example",
        "valid_till",
        "the day after",
        "“the day after” in “valid_till” is not a date that can be read.",
    ]


def test_rejected_lines_are_told_in_the_language_of_the_reader(page: Client) -> None:
    run = confirm(page, read(page, HEADER + BAD))
    User.objects.update(language="fr")

    in_french = b"".join(page.get(url(run, "rejections")))

    with translation.override("fr"):
        sentence = line_sentence({"code": "bad_date", "column": "valid_till", "value": "the day after"})
    assert sentence in in_french.decode()


def test_lines_are_shown_by_what_became_of_them(page: Client) -> None:
    run = confirm(page, read(page, HEADER + BAD + GOOD + ODD))

    created = words(page.get(url(run), {"show": "created"}))
    assert "www.granit-phare.example" in created
    assert "shop.granit-phare.example" not in created
    everything = words(page.get(url(run), {"show": "all"}))
    assert "www.granit-phare.example" in everything
    assert "shop.granit-phare.example" in everything


def test_remark_of_a_line_that_was_kept_is_shown(page: Client) -> None:
    run = read(page, HEADER + GOOD + ODD)

    shown = words(page.get(url(run), {"show": "remarked"}))

    assert "The status “pondering” is not known here; it is kept as it is." in shown
    assert "www.granit-phare.example" not in shown


# Files that are not taken


@pytest.mark.parametrize(
    ("data", "name", "sentence"),
    [
        (b"", "orders.csv", "The file is empty."),
        (b"PK\x03\x04 a workbook", "orders.csv", "This is an archive, an Excel workbook or a PDF."),
        (b"\0\1\2\3" * 50, "orders.csv", "This is not a text file."),
        (b"order_id,order_id,common_name\r\n1,2,3\r\n", "orders.csv", "Two columns are called “order_id”."),
        (b"x" * 3_000, "orders.csv", "The file is larger than 2 kB."),
    ],
)
def test_file_that_cannot_be_a_table_is_refused_in_a_sentence(
    page: Client, settings: Any, folder: Path, data: bytes, name: str, sentence: str
) -> None:
    settings.IMPORT_MAX_BYTES = 2 * 1024

    response = send(page, data, name)

    assert response.status_code == 422
    assert sentence in words(response)
    assert not ImportRun.objects.exists()
    assert list(folder.iterdir()) == []


def test_upload_without_a_file_asks_for_one(page: Client) -> None:
    response = page.post(UPLOAD, {"authority": "certcentral"})

    assert response.status_code == 422
    assert "Choose a file first." in words(response)


def test_private_key_is_refused_and_kept_nowhere(page: Client, partner: Partner, folder: Path) -> None:
    bundle = certs.as_pem(certs.make_certificate()) + certs.private_pem(certs.ec_key()).encode()

    response = send(page, bundle, "bundle.pem")

    assert "The file holds a private key. It was not stored." in words(response)
    assert not ImportRun.objects.exists()
    assert list(folder.iterdir()) == []


def test_file_that_fails_later_says_why_and_what_to_do(page: Client, folder: Path) -> None:
    run = upload(page, HEADER + GOOD)
    for stored in folder.iterdir():
        stored.unlink()
    sweep_imports()

    shown = words(page.get(url(run)))

    assert "The uploaded file is no longer there. Upload it again." in shown
    assert "Choose another file" in shown


# Columns


OTHER = "Ref;Machine;Expires\r\nA-1;www.granit-phare.example;22/12/2026\r\n"
COLUMNS = {"number": "Ref", "common_name": "Machine", "order_end": "Expires", "date_order": "day_first"}


def test_unknown_header_asks_which_column_is_which(page: Client) -> None:
    run = upload(page, OTHER)

    response = page.get(url(run))

    assert "Which column is which?" in words(response)
    assert '<option value="Expires" selected>Expires</option>' in response.content.decode()


def test_mapped_columns_are_imported_and_remembered(page: Client) -> None:
    run = upload(page, OTHER)
    press(page, run, "columns", COLUMNS)
    sweep_imports()
    confirm(page, run)

    order = Order.objects.get()
    assert (order.number, str(order.ends_on)) == ("A-1", "2026-12-22")
    again = page.get(url(upload(page, OTHER))).content.decode()
    assert '<option value="Machine" selected>Machine</option>' in again
    assert '<option value="Ref" selected>Ref</option>' in again


def test_column_that_every_order_needs_is_asked_for(page: Client) -> None:
    run = upload(page, OTHER)

    shown = press(page, run, "columns", {"number": "Ref"})

    assert "Choose the column; no order can be recognised without it." in shown
    assert fresh(run).state == State.MAPPING


def test_column_that_the_file_has_not_is_refused(page: Client) -> None:
    run = upload(page, OTHER)

    press(page, run, "columns", {**COLUMNS, "number": "Somewhere else"})

    assert fresh(run).state == State.MAPPING


# Certificates


def bundle() -> bytes:
    one = certs.make_certificate("a.example", ["a.example"], serial=1)
    authority = certs.make_certificate("Some CA", [], serial=2, is_ca=True)
    return certs.as_pem(one) + certs.as_pem(authority)


def test_bundle_asks_whose_certificates_it_holds(page: Client, partner: Partner) -> None:
    customer = make_customer(partner)
    run = upload(page, bundle(), "bundle.pem")
    assert "Whose certificates are these?" in words(page.get(url(run)))
    assert customer.name in words(page.get(url(run), {"q": "granit"}))

    press(page, run, "customer", {"customer": customer.pk})
    sweep_imports()
    shown = words(page.get(url(run), {"show": "all"}))
    assert "Import one certificate" in shown
    assert "This is the certificate of an authority and was passed over." in shown

    confirm(page, run)
    certificate = Certificate.objects.get()
    assert (certificate.customer_id, certificate.order_id) == (customer.pk, None)
    assert "a.example" in words(page.get(url(run), {"show": "created"}))


def test_authority_passed_over_is_told_of_as_that(page: Client, partner: Partner) -> None:
    alone = certs.as_pem(certs.make_certificate("Some CA", [], serial=2, is_ca=True))
    run = upload(page, alone, "ca.pem")

    press(page, run, "customer", {"customer": make_customer(partner).pk})
    sweep_imports()

    shown = words(page.get(url(run)))
    assert "The file brings no new certificate. One was passed over" in shown
    assert "every order is known as it is" not in shown


def test_bundle_cannot_go_to_a_customer_of_somebody_else(page: Client, partner: Partner) -> None:
    stranger = make_customer(make_partner("Another partner"))
    run = upload(page, bundle(), "bundle.pem")

    shown = press(page, run, "customer", {"customer": stranger.pk})

    assert "Choose whose certificates these are." in shown
    assert fresh(run).state == State.MAPPING


# Who, when, and how much it asks


def test_support_may_neither_look_nor_import(page: Client, partner: Partner) -> None:
    run = read(page, HEADER + GOOD)
    support = browser_of(partner, Role.SUPPORT)

    assert support.get(LIST).status_code == 403
    assert support.get(url(run)).status_code == 403
    assert send(support, HEADER + GOOD).status_code == 403
    assert support.post(url(run, "confirm")).status_code == 403
    assert f'href="{LIST}"' not in support.get(reverse("certificates:orders")).content.decode()


def test_cancelled_import_is_said_to_be_cancelled(page: Client, folder: Path) -> None:
    run = read(page, HEADER + GOOD)

    shown = press(page, run, "cancel")

    assert "The import of orders.csv is cancelled." in shown
    assert "This import was cancelled" in shown
    assert (Order.objects.count(), list(folder.iterdir())) == (0, [])
    assert "This import has gone on meanwhile." in press(page, run, "confirm")
    assert "This import has ended already." in press(page, run, "cancel")


def test_two_confirmations_are_one(page: Client) -> None:
    run = read(page, HEADER + GOOD)

    press(page, run, "confirm")
    assert "This import has gone on meanwhile." in press(page, run, "confirm")
    sweep_imports()

    assert Order.objects.count() == 1


def test_list_asks_as_much_for_one_import_as_for_many(page: Client, partner: Partner) -> None:
    actor = make_user()

    def add(count: int) -> None:
        for _ in range(count):
            ImportRun.objects.create(
                partner=partner,
                format=ImportRun.Format.ORDER_REPORT,
                state=State.DONE,
                file_name="orders.csv",
                started_by=actor,
                created_at=midnight(TODAY),
            )

    assert_query_baseline(page, LIST, "imports", add_rows=add, many=40)
