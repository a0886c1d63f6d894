"""Twenty processes send quotes at the same moment: every number of the year is given once, and none is missing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from offers.services import quotes
from portal.access import on_behalf_of
from portal.models import Partner
from tests import factories
from tests.certificates.services.work import TEN
from tests.drills.stage import Stage
from tests.offers.quoting import make_buyer, make_due_order, make_shop

# The writers of SQLite stand in one queue, where fewer prove as much.
PROCESSES = 20 if connection.vendor == "postgresql" else 8


@pytest.fixture
def partner(transactional_db: None) -> Iterator[Partner]:
    """Its rows are committed, so that other processes see them."""
    relais = factories.make_partner()
    factories.make_connection(relais)
    make_shop(relais)
    with on_behalf_of(relais):
        customer = make_buyer(relais)
        for _ in range(PROCESSES):
            quotes.draft_quote([make_due_order(customer)], actor=None, now=TEN)
        yield relais


def send_all(partner: Partner, folder: Path, *, failing: int = 0) -> dict[str, Any]:
    stage = Stage.in_folder(folder)
    (said,) = stage.together(("send", partner.pk), DRILL_FAILING=str(failing))
    return said


def numbers(last: int) -> list[str]:
    return [f"Q-2026-{number:05d}" for number in range(1, last + 1)]


def test_numbers_have_no_gap_and_no_double(partner: Partner, tmp_path: Path) -> None:
    assert send_all(partner, tmp_path) == {"sent": PROCESSES, "numbers": numbers(PROCESSES)}


def test_sendings_that_fail_in_the_middle_leave_no_gap(partner: Partner, tmp_path: Path) -> None:
    failed = PROCESSES // 4

    said = send_all(partner, tmp_path, failing=4)

    assert said == {"sent": PROCESSES - failed, "failed": failed, "numbers": numbers(PROCESSES - failed)}
