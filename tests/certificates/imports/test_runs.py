"""The life of an import: stored, read, foreseen, applied; broken off and taken up again; nothing left behind."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from certificates.models import Certificate, ImportLine, ImportRun, Order
from certificates.services.imports import runs, storing
from certificates.services.imports.runs import NotNow, State
from certificates.services.imports.stage import Stage
from certificates.states import AuthorityKind
from certificates.tasks import clear_imports, sweep_imports
from certificates.x509 import BadRequest
from portal import csvio
from portal.models import Activity, Partner
from tests.certificates import certs
from tests.factories import TODAY, make_customer, make_order, make_user, midnight

SAMPLE = Path(__file__).parents[2] / "data" / "orders-report-sample.csv"
NOW = midnight(TODAY)
HEADER = b"order_id,common_name,status,valid_from,valid_till\r\n"


def line(number: int, host: str = "", until: str = "2027-01-10 23:59:59") -> bytes:
    return f"{number},{host or f'www{number}.example'},issued,2026-01-10 00:00:00,{until}\r\n".encode()


def start(partner: Partner, data: bytes, name: str = "orders.csv", **fields: Any) -> ImportRun:
    fields.setdefault("authority", AuthorityKind.CERTCENTRAL)
    return runs.start_run([data], name=name, partner=partner, actor=make_user(), now=NOW, **fields)


def fresh(run: ImportRun) -> ImportRun:
    return ImportRun.objects.get(pk=run.pk)


def counts(run: ImportRun) -> tuple[int, int, int, int]:
    return run.created, run.updated, run.unchanged, run.rejected


def read(run: ImportRun) -> ImportRun:
    sweep_imports()
    return fresh(run)


def confirm(run: ImportRun) -> ImportRun:
    runs.confirm_run(run)
    sweep_imports()
    return fresh(run)


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.DATA_DIR = tmp_path
    return tmp_path / "imports"


def test_sample_is_foreseen_then_created_then_unchanged(partner: Partner, folder: Path) -> None:
    run = read(start(partner, SAMPLE.read_bytes()))
    assert (run.state, *counts(run)) == (State.PREVIEW, 240, 0, 0, 0)
    assert Order.objects.count() == 0

    run = confirm(run)
    assert (run.state, run.percent, *counts(run)) == (State.DONE, 100, 240, 0, 0, 0)
    assert Order.objects.count() == 240
    assert run.brought["customers"] > 0

    again = confirm(read(start(partner, SAMPLE.read_bytes())))
    assert counts(again) == (0, 0, 240, 0)
    assert list(folder.iterdir()) == []


def test_file_is_kept_for_the_portal_alone_until_the_import_has_ended(partner: Partner, folder: Path) -> None:
    run = start(partner, HEADER + line(1))
    (stored,) = folder.iterdir()

    assert stored.stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
    assert run.file_name not in stored.name

    confirm(read(run))
    assert not stored.exists()


@pytest.mark.parametrize(
    ("data", "refusal"),
    [
        (b"", csvio.Refusal.EMPTY),
        (b"PK\x03\x04 a zip", csvio.Refusal.ARCHIVE),
        (b"\0" * 100, csvio.Refusal.NOT_TEXT),
        (b"x" * 2_000, csvio.Refusal.TOO_LARGE),
        (b"order_id,order_id,common_name\r\n1,2,3\r\n", csvio.Refusal.DUPLICATE_COLUMN),
    ],
)
def test_refused_file_leaves_nothing(
    partner: Partner, folder: Path, settings: Any, data: bytes, refusal: csvio.Refusal
) -> None:
    settings.IMPORT_MAX_BYTES = 1_000

    with pytest.raises(csvio.FileRefused) as refused:
        start(partner, data)

    assert refused.value.code is refusal
    assert list(folder.iterdir()) == []
    assert not ImportRun.objects.exists()


@pytest.mark.parametrize("cut", [0, 5, 40])
def test_private_key_is_refused_and_not_stored_even_cut_in_two(partner: Partner, folder: Path, cut: int) -> None:
    data = certs.as_pem(certs.make_certificate()) + certs.private_pem(certs.ec_key()).encode()
    place = data.index(b"PRIVATE KEY") + cut

    with pytest.raises(BadRequest):
        runs.start_run(
            [data[:place], data[place:]],
            name="bundle.pem",
            partner=partner,
            authority=AuthorityKind.OTHER,
            actor=make_user(),
            now=NOW,
        )

    assert list(folder.iterdir()) == []
    assert not ImportRun.objects.exists()


def test_bad_line_is_kept_with_its_reason(partner: Partner) -> None:
    run = confirm(read(start(partner, HEADER + line(1, until="soon") + line(2))))

    assert counts(run) == (1, 0, 0, 1)
    rejected = ImportLine.objects.get(run=run, outcome=ImportLine.Outcome.REJECTED)
    assert (rejected.line, rejected.number, rejected.reason["code"]) == (2, "1", "bad_date")


def test_unknown_header_waits_for_its_columns_and_is_remembered(partner: Partner) -> None:
    data = b"Ref;Machine;Until\r\nA-1;www.example;12/22/2026\r\n"
    mapping = {"number": "Ref", "common_name": "Machine", "order_end": "Until", "date_order": "month_first"}
    run = start(partner, data)
    assert run.state == State.MAPPING

    with pytest.raises(runs.NoMapping) as none:
        runs.map_columns(run, {"number": "Ref"})
    assert none.value.missing == ("common_name",)

    runs.map_columns(run, mapping)
    run = confirm(read(run))
    assert counts(run) == (1, 0, 0, 0)
    assert Order.objects.get().number == "A-1"

    later = start(partner, data)
    assert runs.suggest_mapping(later, runs.header_of(later)) == mapping


# Broken off


class Killed(BaseException):
    """The process ends, whatever it was doing."""


def test_worker_that_dies_while_importing_is_followed_by_another(
    partner: Partner, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    data = HEADER + b"".join(line(number) for number in range(1, 11))
    run = read(start(partner, data))
    runs.confirm_run(run)
    _apply_by_threes_and_die_after_the_second(monkeypatch)
    with pytest.raises(Killed):
        sweep_imports()
    monkeypatch.undo()

    run = fresh(run)
    assert (run.state, run.applied_through, Order.objects.count()) == (State.RUNNING, 7, 6)

    sweep_imports()
    assert fresh(run).state == State.RUNNING, "the dead worker's lease has not ended"
    settings.PORTAL_TODAY = (TODAY + timedelta(days=1)).isoformat()
    sweep_imports()

    run = fresh(run)
    assert (run.state, *counts(run)) == (State.DONE, 10, 0, 0, 0)
    assert Order.objects.count() == 10


def _apply_by_threes_and_die_after_the_second(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("certificates.services.imports.stage.BATCH", 3)
    whole = Stage.batches

    def dying(stage: Stage, *, after: int) -> Iterator[Any]:
        for count, batch in enumerate(whole(stage, after=after)):
            if count == 2:
                raise Killed
            yield batch

    monkeypatch.setattr(Stage, "batches", dying)


def test_worker_that_dies_while_reading_is_followed_by_another(
    partner: Partner, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    run = start(partner, HEADER + line(1))

    def die(_stage: Stage) -> None:
        raise Killed

    monkeypatch.setattr(Stage, "resolve", die)
    with pytest.raises(Killed):
        sweep_imports()
    monkeypatch.undo()
    settings.PORTAL_TODAY = (TODAY + timedelta(days=1)).isoformat()

    assert read(run).state == State.PREVIEW
    assert ImportLine.objects.filter(run=run).count() == 1


def test_run_that_kills_its_workers_is_given_up(partner: Partner, folder: Path) -> None:
    run = start(partner, HEADER + line(1))
    ImportRun.objects.filter(pk=run.pk).update(attempts=runs.MOST_ATTEMPTS)

    run = read(run)

    assert (run.state, run.fault) == (State.FAILED, {"code": "gave_up"})
    assert list(folder.iterdir()) == []


def test_file_that_is_gone_fails_the_run_with_its_reason(partner: Partner) -> None:
    run = start(partner, HEADER + line(1))
    storing.remove(run.stored_as)

    run = read(run)

    assert (run.state, run.fault) == (State.FAILED, {"code": "file_gone"})
    assert Activity.objects.filter(verb="import.failed").exists()


def test_suspended_partner_is_passed_over(partner: Partner) -> None:
    run = start(partner, HEADER + line(1))
    Partner.objects.filter(pk=partner.pk).update(is_active=False)

    assert read(run).state == State.READING


# Cancelled, confirmed twice, forgotten


def test_cancelled_import_changes_nothing_and_deletes_the_file(partner: Partner, folder: Path) -> None:
    run = read(start(partner, HEADER + line(1)))

    runs.cancel_run(run, actor=make_user(), now=NOW)
    sweep_imports()

    assert fresh(run).state == State.CANCELED
    assert (Order.objects.count(), list(folder.iterdir())) == (0, [])
    with pytest.raises(NotNow):
        runs.confirm_run(run)
    with pytest.raises(NotNow):
        runs.cancel_run(run, actor=make_user(), now=NOW)


def test_import_cancelled_while_it_runs_stops_after_its_batch(
    partner: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = read(start(partner, HEADER + b"".join(line(number) for number in range(1, 11))))
    runs.confirm_run(run)
    monkeypatch.setattr("certificates.services.imports.stage.BATCH", 3)
    whole = Stage.batches

    def cancelling(stage: Stage, *, after: int) -> Iterator[Any]:
        for count, batch in enumerate(whole(stage, after=after)):
            if count == 1:
                runs.cancel_run(run, actor=make_user(), now=NOW)
            yield batch

    monkeypatch.setattr(Stage, "batches", cancelling)
    sweep_imports()

    assert fresh(run).state == State.CANCELED
    assert Order.objects.count() == 3


def test_second_confirmation_is_refused(partner: Partner) -> None:
    run = read(start(partner, HEADER + line(1)))

    runs.confirm_run(run)

    with pytest.raises(NotNow):
        runs.confirm_run(run)


def test_uploads_nobody_came_back_to_are_let_go(partner: Partner, folder: Path) -> None:
    old = read(start(partner, HEADER + line(1)))
    new = read(start(partner, HEADER + line(2)))
    ImportRun.objects.filter(pk=old.pk).update(created_at=NOW - timedelta(days=31))
    stray = folder / "stray"
    stray.touch()
    _age(folder, NOW - timedelta(days=2))

    clear_imports()

    assert [fresh(run).state for run in (old, new)] == [State.CANCELED, State.PREVIEW]
    assert [path.name for path in folder.iterdir()] == [new.stored_as]


def _age(folder: Path, when: datetime) -> None:
    for path in folder.iterdir():
        os.utime(path, (when.timestamp(), when.timestamp()))


# Certificates


def test_bundle_waits_for_its_customer_and_twice_changes_nothing(partner: Partner) -> None:
    customer = make_customer(partner)
    data = b"".join(
        certs.as_pem(one)
        for one in (
            certs.make_certificate("a.example", ["a.example"], serial=1),
            certs.make_certificate("b.example", ["b.example"], serial=2),
            certs.make_certificate("Some CA", [], serial=3, is_ca=True),
        )
    )
    run = start(partner, data, "bundle.pem")
    assert (run.format, run.state) == (ImportRun.Format.PEM, State.MAPPING)
    runs.choose_customer(run, customer)
    run = read(run)
    assert (counts(run), run.warnings, Certificate.objects.count()) == ((2, 0, 1, 0), 1, 0)

    assert counts(confirm(run)) == (2, 0, 1, 0)
    again = confirm(read(start(partner, data, "bundle.pem", customer=customer)))

    assert counts(again) == (0, 0, 3, 0)
    assert {one.common_name for one in Certificate.objects.filter(customer=customer, order=None)} == {
        "a.example",
        "b.example",
    }


def test_certificate_of_a_known_order_becomes_its_own(partner: Partner) -> None:
    certificate = certs.make_certificate("www.granit-phare.example", ["www.granit-phare.example"])
    ends_at = certificate.not_valid_after_utc + timedelta(seconds=1)
    order = make_order(partner, common_name="www.granit-phare.example")
    Order.objects.filter(pk=order.pk).update(certificate_ends_at=ends_at)
    Certificate.objects.filter(order=order).delete()

    data = certs.as_pem(certificate)
    confirm(read(start(partner, data, "one.pem", customer=make_customer(partner, "Another SA"))))

    found = Certificate.objects.get()
    assert (found.order_id, found.customer_id) == (order.pk, order.customer_id)
