"""Several workers at once: whatever they take from one another, each reader gets one letter."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, time, timedelta

import pytest
from django.db import connections
from django_scopes import scopes_disabled

from campaigns.models import Notice
from campaigns.services import arbiter
from campaigns.services.arbiter import gather_due
from campaigns.states import NoticeState
from portal.models import OutgoingMail
from tests.campaigns.factories import make_calendar, make_notice, make_step
from tests.factories import TODAY, make_contact, make_customer, make_order, make_partner

NOW = datetime.combine(TODAY, time(9), UTC)
READERS, EACH, WORKERS = 12, 2, 4


@pytest.mark.django_db(transaction=True)
def test_four_workers_write_one_letter_to_each_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arbiter, "BATCH", 3)
    partner = make_partner()
    step = make_step(make_calendar(partner, planned_until=NOW + timedelta(days=7)))
    for _ in range(READERS):
        customer = make_customer(partner)
        contact = make_contact(customer, time_zone="UTC")
        for _ in range(EACH):
            make_notice(make_order(partner, customer=customer), step, contact, due_at=NOW)

    def work(_number: int) -> int:
        try:
            return gather_due(now=NOW).letters
        finally:
            connections.close_all()

    with ThreadPoolExecutor(WORKERS) as workers:
        written = sum(workers.map(work, range(WORKERS)))

    with scopes_disabled():
        written += gather_due(now=NOW).letters
        assert written == READERS
        assert OutgoingMail.objects.values("to_email").distinct().count() == OutgoingMail.objects.count() == READERS
        assert Notice.objects.filter(state=NoticeState.QUEUED).count() == READERS * EACH
