"""Several workers open calls at once, and several people note one at once: one open call per customer, one outcome."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection

from campaigns.models import Attempt, Call, CallItem, Notice
from campaigns.states import NoticeState
from portal.access import on_behalf_of
from portal.models import Partner
from tests import factories
from tests.campaigns.calling import make_call, make_called, make_due, make_ring
from tests.drills.stage import Stage

WORKERS = 4
CUSTOMERS, ORDERS = 12, 3


@pytest.fixture
def partner(transactional_db: None) -> Iterator[Partner]:
    """Its rows are committed, so that other processes see them."""
    relais = factories.make_partner()
    with on_behalf_of(relais):
        yield relais


def test_one_call_per_customer_is_open_however_many_open_them_at_once(partner: Partner, tmp_path: Path) -> None:
    for number in range(CUSTOMERS):
        customer = make_called(partner, f"Customer {number}")
        for _each in range(ORDERS):
            make_ring(make_due(customer))

    told = Stage.in_folder(tmp_path).together(*[("ring", partner.pk)] * WORKERS)

    assert sum(one["opened"] for one in told) == CUSTOMERS
    assert sum(one["notices"] for one in told) == CUSTOMERS * ORDERS
    if connection.vendor == "postgresql":  # where the processes worked on this very database
        assert Call.objects.open().count() == CUSTOMERS
        assert CallItem.objects.count() == CUSTOMERS * ORDERS
        assert not Notice.objects.exclude(state=NoticeState.SENT).exists()


def test_one_outcome_is_kept_of_those_noted_at_once(partner: Partner, tmp_path: Path) -> None:
    call = make_call(make_due(make_called(partner)))

    told = Stage.in_folder(tmp_path).together(*[("note_call", call.pk)] * WORKERS)

    assert sorted(one["noted"] for one in told) == [*[False] * (WORKERS - 1), True]
    if connection.vendor == "postgresql":
        assert Attempt.objects.count() == 1
