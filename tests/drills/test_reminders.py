"""Several workers find the same certificate that nobody has installed: one letter, written once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import time, timedelta
from pathlib import Path

import pytest

from certificates.models import Certificate, Installation
from certificates.states import RequestState
from portal import clock
from portal.access import on_behalf_of
from portal.models import Partner
from tests import factories
from tests.campaigns.factories import make_calendar
from tests.drills.stage import Stage


@pytest.fixture
def partner(transactional_db: None) -> Iterator[Partner]:
    """Its rows are committed, so that other processes see them."""
    relais = factories.make_partner()
    with on_behalf_of(relais):
        yield relais


def make_uninstalled(partner: Partner, number: int) -> Certificate:
    """A certificate of a renewal whose reminder is due."""
    old = factories.make_order(partner, common_name=f"www{number}.granit-phare.example")
    contact = factories.make_contact(old.customer, email=f"it{number}@granit-phare.example")
    new = factories.make_order(partner, customer=old.customer, contact=contact, predecessor=old)
    factories.make_request(old, state=RequestState.ISSUED, result=new, finished_at=clock.now())
    certificate = factories.make_certificate(new)
    Installation.objects.create(
        partner=partner, certificate=certificate, remind_due_at=clock.now() - timedelta(minutes=number)
    )
    return certificate


def test_workers_at_the_same_moment_write_one_letter_for_each_certificate(partner: Partner, tmp_path: Path) -> None:
    make_calendar(partner, quiet_from=time(0), quiet_until=time(0, 0, 0, 1))
    for number in range(5):
        make_uninstalled(partner, number)

    found = Stage.in_folder(tmp_path).together(*[("remind", 5)] * 4)

    assert sum(one["sent"] for one in found) == 5
    assert {tuple(one["letters"]) for one in found} == {(1, 1, 1, 1, 1)}
