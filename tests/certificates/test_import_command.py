"""`manage.py import_orders`: the same import as in the browser, said in sentences or JSON, with an exit status."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from certificates.models import Certificate, Customer, ImportRun, Order
from certificates.states import AuthorityKind
from portal.access import across_partners
from portal.models import Activity, Partner
from tests.certificates import certs
from tests.factories import make_customer, make_partner

SAMPLE = Path(__file__).parents[1] / "data" / "orders-report-sample.csv"
HEADER = "order_id,common_name,status,valid_from,valid_till\r\n"
GOOD = "7100001,www.granit-phare.example,issued,2026-01-10 00:00:00,2027-01-10 23:59:59\r\n"
BAD = "7100002,shop.granit-phare.example,issued,2026-01-10,the day after\r\n"


@dataclass
class Ran:
    """What a command said, and its exit status."""

    status: int
    out: str
    err: str

    @property
    def told(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.out)
        return found


@pytest.fixture
def relais(db: None) -> Partner:
    """A partner without an open scope: the command opens its own."""
    return make_partner(slug="relais")


def run(path: Path, *options: str, partner: str = "relais") -> Ran:
    out, err = io.StringIO(), io.StringIO()
    status, refused = 0, ""
    try:
        call_command("import_orders", str(path), "--partner", partner, *options, stdout=out, stderr=err)
    except SystemExit as ended:
        status = int(ended.code or 0)
    except CommandError as error:
        status, refused = error.returncode, str(error)
    return Ran(status, out.getvalue(), err.getvalue() + refused)


def written(folder: Path, text: str | bytes, name: str = "orders.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def orders() -> int:
    with across_partners():
        return Order.objects.count()


def test_sample_is_created_once_and_unchanged_the_second_time(relais: Partner) -> None:
    first, second = run(SAMPLE), run(SAMPLE)

    assert first == Ran(0, "240 lines: 240 created, 0 updated, 0 unchanged, 0 rejected.\n", "")
    assert second.out == "240 lines: 0 created, 0 updated, 240 unchanged, 0 rejected.\n"
    assert orders() == 240


def test_dry_run_says_what_would_happen_and_writes_nothing(relais: Partner) -> None:
    ran = run(SAMPLE, "--dry-run")

    assert ran == Ran(0, "240 lines, nothing was written: 240 created, 0 updated, 0 unchanged, 0 rejected.\n", "")
    assert orders() == 0
    with across_partners():
        assert not Customer.objects.exists()
        assert not ImportRun.objects.exists()
        assert not Activity.objects.filter(verb="partner.orders_imported").exists()


def test_json_names_every_count(relais: Partner) -> None:
    told = run(SAMPLE, "--json").told

    assert {name: told[name] for name in ("dry_run", "created", "updated", "unchanged", "rejected", "warnings")} == {
        "dry_run": False,
        "created": 240,
        "updated": 0,
        "unchanged": 0,
        "rejected": [],
        "warnings": [],
    }
    assert told["brought"]["customers"] > 0


def test_bad_line_is_named_and_does_not_stop_the_rest(relais: Partner, tmp_path: Path) -> None:
    ran = run(written(tmp_path, HEADER + BAD + GOOD))

    assert ran.status == 1
    assert ran.err == "line 2: “the day after” in “valid_till” is not a date that can be read.\n"
    assert ran.out == "2 lines: 1 created, 0 updated, 0 unchanged, 1 rejected.\n"
    assert orders() == 1


def test_bad_line_stands_in_the_json_with_its_sentence(relais: Partner, tmp_path: Path) -> None:
    (rejected,) = run(written(tmp_path, HEADER + BAD + GOOD), "--json").told["rejected"]

    assert (rejected["line"], rejected["number"], rejected["code"]) == (2, "7100002", "bad_date")
    assert rejected["sentence"] == "“the day after” in “valid_till” is not a date that can be read."


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b"PK\x03\x04 a zip that is called csv", "archive"),
        (b"a\0b\0c\0d\0e\0f\0g\0h\0i\0", "not_text"),
        (b"colour,size\r\nred,3\r\n", "columns_missing"),
    ],
)
def test_file_that_cannot_be_read_ends_with_a_sentence_and_status_2(
    relais: Partner, tmp_path: Path, data: bytes, code: str
) -> None:
    ran = run(written(tmp_path, data), "--json")

    assert ran.status == 2
    assert ran.told["error"]["code"] == code
    assert ran.told["error"]["sentence"].endswith(".")
    assert ran.told["error"]["sentence"] in ran.err


def test_file_that_is_not_there_is_named(relais: Partner, tmp_path: Path) -> None:
    ran = run(tmp_path / "nowhere.csv")

    assert ran.status == 2
    assert "nowhere.csv: No such file or directory" in ran.err


def test_unknown_partner_is_named(db: None) -> None:
    ran = run(SAMPLE, partner="nobody")

    assert (ran.status, ran.err) == (2, "There is no partner “nobody”.")


def test_other_columns_are_mapped_by_options(relais: Partner, tmp_path: Path) -> None:
    path = written(tmp_path, "Ref;Host;Until\r\nA-1;www.granit-phare.example;22/12/2026\r\n")

    columns = ("--column", "number=Ref", "--column", "common_name=Host", "--column", "order_end=Until")
    ran = run(path, *columns, "--authority", "other")

    assert ran.status == 0, ran.err
    with across_partners():
        order = Order.objects.get()
    assert (order.number, order.common_name, order.authority) == (
        "A-1",
        "www.granit-phare.example",
        AuthorityKind.OTHER,
    )
    assert order.ends_on is not None
    assert order.ends_on.isoformat() == "2026-12-22"


def test_certificates_need_a_customer_and_become_candidates(relais: Partner, tmp_path: Path) -> None:
    customer = make_customer(relais, number="C-7")
    path = written(tmp_path, certs.as_pem(certs.make_certificate()), "bundle.pem")

    nobody = run(path)
    first, second = run(path, "--customer", "C-7"), run(path, "--customer", "C-7")

    assert (nobody.status, nobody.err) == (2, "Say with --customer whose certificates these are.")
    assert first.out.startswith("1 line: 1 created")
    assert "1 unchanged" in second.out
    with across_partners():
        assert Certificate.objects.get().customer_id == customer.pk


def test_what_was_imported_is_an_activity(relais: Partner) -> None:
    run(SAMPLE)

    with across_partners():
        activity = Activity.objects.get(verb="partner.orders_imported")
    assert activity.partner_id == relais.pk
    assert activity.facts["created"] == 240
