"""Fifty processes use an offer at the same moment: it is used as often, and gives away as much, as it may."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from offers.models import Offer, Redemption
from portal.access import on_behalf_of
from portal.models import Partner
from tests import factories
from tests.drills.stage import Stage
from tests.offers.factories import make_offer

# The writers of SQLite stand in one queue, where fewer prove as much.
PROCESSES = 50 if connection.vendor == "postgresql" else 16
LIMIT = 10


@pytest.fixture
def partner(transactional_db: None) -> Iterator[Partner]:
    """Its rows are committed, so that other processes see them."""
    relais = factories.make_partner()
    factories.make_customer(relais)
    with on_behalf_of(relais):
        yield relais


def redeem_at_once(offer: Offer, folder: Path, *, subjects: int = PROCESSES) -> dict[str, Any]:
    """How many processes used it, and how many were told that it is used up."""
    stage = Stage.in_folder(folder)
    (said,) = stage.together(("redeem", offer.pk), DRILL_PROCESSES=str(PROCESSES), DRILL_SUBJECTS=str(subjects))
    return said


def test_a_code_for_ten_is_used_ten_times(partner: Partner, tmp_path: Path) -> None:
    offer = make_offer(partner, code="DIX", redemption_limit=LIMIT)

    assert redeem_at_once(offer, tmp_path) == {"used": LIMIT, "used up": PROCESSES - LIMIT}

    if connection.vendor == "postgresql":  # where the processes worked on this very database
        offer.refresh_from_db()
        assert (offer.redeemed, offer.spent) == (LIMIT, Decimal(20 * LIMIT))
        assert sorted(Redemption.objects.values_list("place", flat=True)) == list(range(1, LIMIT + 1))


def test_a_cap_is_spent_to_its_end_and_no_further(partner: Partner, tmp_path: Path) -> None:
    offer = make_offer(partner, code="PLAFOND", spend_cap=Decimal(20 * LIMIT + 19))

    assert redeem_at_once(offer, tmp_path) == {"used": LIMIT, "used up": PROCESSES - LIMIT}


def test_one_thing_asked_for_by_many_uses_the_offer_once(partner: Partner, tmp_path: Path) -> None:
    offer = make_offer(partner, code="UNIQUE", redemption_limit=1)

    assert redeem_at_once(offer, tmp_path, subjects=1) == {"used": PROCESSES}
