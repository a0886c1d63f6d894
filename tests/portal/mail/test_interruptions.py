"""Workers that are killed in the middle, and workers that work at once: nothing is lost, repeats are recognisable."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.cache import cache

from portal.access import across_partners
from portal.crashpoints import KILLED
from tests import processes
from tests.portal.mail.letters import NOW, post, states
from tests.portal.mail.servers import Server

pytestmark = pytest.mark.django_db(transaction=True)

DELIVER = """
from datetime import datetime
from portal.mail.delivery import deliver_due
deliver_due(now=datetime.fromisoformat("{now}"))
"""


def deliver(server: Server, *, minutes: int = 0, crash_at: str = "", status: int = 0) -> None:
    host, port = server.address
    process = processes.start(
        DELIVER.format(now=NOW + timedelta(minutes=minutes)),
        EMAIL_URL=f"smtp://{host}:{port}",
        PORTAL_CRASH_AT=crash_at,
    )
    processes.finish(process, status=status)


@pytest.fixture(autouse=True)
def _no_pause() -> None:
    cache.clear()


def test_killed_after_the_claim_loses_nothing_and_repeats_nothing(server: Server) -> None:
    for key in ("a", "b", "c"):
        post(key)

    deliver(server, crash_at="mail.claimed", status=KILLED)
    assert server.script.seen == []
    deliver(server, minutes=14)
    assert server.script.seen == []
    deliver(server, minutes=16)

    assert sorted(server.subjects()) == ["Letter a", "Letter b", "Letter c"]
    with across_partners():
        assert set(states().values()) == {"sent"}


def test_killed_between_the_answer_and_the_record_repeats_under_the_same_message_id(server: Server) -> None:
    for key in ("a", "b", "c"):
        post(key)

    deliver(server, crash_at="mail.handed_over", status=KILLED)
    assert len(server.script.seen) == 1
    deliver(server, minutes=16)

    assert len(server.script.seen) == 4
    assert len(set(server.message_ids())) == 3
    with across_partners():
        assert set(states().values()) == {"sent"}


def test_two_workers_at_once_send_each_letter_once(server: Server) -> None:
    for number in range(160):
        post(f"letter:{number}")
    host, port = server.address

    workers = [
        processes.start(DELIVER.format(now=NOW.isoformat()), EMAIL_URL=f"smtp://{host}:{port}") for _ in range(2)
    ]
    for worker in workers:
        processes.finish(worker)

    assert len(server.script.seen) == 160
    assert len(set(server.message_ids())) == 160
