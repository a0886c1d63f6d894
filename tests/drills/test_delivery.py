"""Two thousand letters, four workers that may die at any point, services that go away: none is lost.

What arrives twice does so under one Message-ID, and only after an answer that never came or a worker that was killed
while it was handing the letter over. Without either, nothing arrives twice.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from portal import clock
from portal.access import across_partners
from portal.mail import outbox
from portal.mail.letters import Words
from portal.mail.outbox import Draft
from portal.models import Partner
from portal.models.mail import MailPurpose
from portal.setup import services
from tests import factories
from tests.drills.post_office import FINAL, Mood, PostOffice, mood_of, reader
from tests.drills.stage import Stage, copy_to, of_workers

ON_SERVICES = connection.vendor == "postgresql" and bool(settings.REDIS_URL)
pytestmark = pytest.mark.ci_services
# The writers of SQLite stand in one queue, where fewer prove as much.
LETTERS = 2000 if ON_SERVICES else 300
CALM_LETTERS = 400 if ON_SERVICES else 100
PATIENCE = 150
# Short where the dead are many, and long enough for a restart of the database where none is to be taken for dead.
SHORT_LEASE, LONG_LEASE = 4, 30


@dataclass
class World:
    """Where the workers live, and what befalls them on the way."""

    folder: Path
    database_url: str
    redis_url: str = ""
    troubles: list[Callable[[], None]] = field(default_factory=list)


@pytest.fixture
def partner(transactional_db: None) -> Partner:
    """Its rows are committed, so that other processes see them."""
    return factories.make_partner()


def post_letters(partner: Partner, numbers: Iterator[int]) -> None:
    drafts = [
        Draft(
            key=f"drill:{number}",
            partner=partner,
            purpose=MailPurpose.NOTICE,
            to_email=reader(number),
            words=Words(f"Letter {number}", "What it says.", "<p>What it says.</p>"),
        )
        for number in numbers
    ]
    with across_partners():
        outbox.enqueue_many(drafts, now=clock.now())


@contextmanager
def world(folder: Path) -> Iterator[World]:
    """On the embedded defaults a file; on services a PostgreSQL and a Redis of its own, which can be restarted."""
    stage = Stage.in_folder(folder)
    if not ON_SERVICES:
        yield World(folder, stage.database_url)
        return
    with ExitStack() as stack:
        database, start_database = stack.enter_context(services.new_postgresql())
        broker, start_broker = stack.enter_context(services.new_redis())
        running_database, running_broker = stack.enter_context(ExitStack()), stack.enter_context(ExitStack())
        running_database.enter_context(start_database())
        running_broker.enter_context(start_broker())
        copy_to(database, stage.database_url)

        def restart_database() -> None:
            running_database.close()
            running_database.enter_context(start_database())

        def restart_broker() -> None:
            running_broker.close()
            time.sleep(1)
            running_broker.enter_context(start_broker())

        def flush_broker() -> None:
            broker.ask("flushall")

        yield World(folder, database.url, broker.url, [flush_broker, restart_database, restart_broker])


def deliver(world: World, office: PostOffice, *, expected: int, lease: int, **environment: str) -> dict[str, Any]:
    """Let the brood work until all letters have met an end, with the world's troubles on the way; what it told."""
    known = of_workers(
        world.folder, database_url=world.database_url, redis_url=world.redis_url, mail=office.address
    ) | {
        "DRILL_FOLDER": str(world.folder),
        "PORTAL_MAIL_GUARD_LETTERS": str(LETTERS),
        "PORTAL_MAIL_LEASE_SECONDS": str(lease),
        "PORTAL_MAIL_TIMEOUT_SECONDS": "1",
    }
    with (world.folder / "brood.log").open("w") as log:
        brood = subprocess.Popen(
            [sys.executable, "-m", "tests.drills.brood"],
            cwd=settings.BASE_DIR,
            env=os.environ | known | environment,
            stdout=log,
            stderr=log,
        )
        accompany(world, office, brood, expected=expected, lease=lease)
        (world.folder / "stop").touch()
        assert brood.wait(PATIENCE) == 0
    answer: dict[str, Any] = json.loads((world.folder / "told.json").read_text())
    return answer


def accompany(world: World, office: PostOffice, brood: subprocess.Popen[bytes], *, expected: int, lease: int) -> None:
    """Bring the troubles while letters arrive, each at its share of them, and wait until no more will."""
    troubles, patience = list(world.troubles), time.monotonic() + PATIENCE
    share = expected // (len(troubles) + 2)
    quiet_since, last = time.monotonic(), 0
    while time.monotonic() < patience and brood.poll() is None:
        arrived = sum(office.taken.values())
        if troubles and arrived > share * (len(world.troubles) - len(troubles) + 1):
            troubles.pop(0)()
        if arrived != last:
            quiet_since, last = time.monotonic(), arrived
        # what the dead had claimed comes back with its lease, and the dying may claim it once more
        quiet = 2 if len(office.taken) == expected else lease + 3
        if not troubles and last and time.monotonic() - quiet_since > quiet:
            return
        time.sleep(0.1)


def arrives(number: int) -> bool:
    return mood_of(reader(number)) not in {*FINAL, Mood.BLOCKS}


def check_ends(told: dict[str, Any], office: PostOffice) -> None:
    """Every letter has come to the end that its reader's mail server gives it, and none is lost."""
    for letter in told["letters"]:
        mood, end = mood_of(letter["to_email"]), (letter["state"], letter["reason"])
        if mood == Mood.NOBODY:
            assert end == ("suppressed", "gone"), letter
        elif mood in {Mood.FULL, Mood.BLOCKS}:
            assert end == ("parked", "server"), letter
        else:
            assert end == ("sent", "sent"), letter
            assert office.taken[letter["message_id"]] >= 1, letter
    gone = {one["to_email"] for one in told["letters"] if mood_of(one["to_email"]) == Mood.NOBODY}
    assert set(told["off"]) == gone


def repeated(told: dict[str, Any], office: PostOffice) -> dict[str, int]:
    """How often each letter arrived that arrived more than once, by its address."""
    addresses = {letter["message_id"]: letter["to_email"] for letter in told["letters"]}
    assert set(office.taken) <= set(addresses)
    return {addresses[one]: times for one, times in office.taken.items() if times > 1}


def figures(told: dict[str, Any], office: PostOffice, seconds: float) -> str:
    states = Counter(letter["state"] for letter in told["letters"])
    twice = repeated(told, office)
    return (
        f"{len(told['letters'])} letters in {seconds:.0f} s, {told['killed']} workers killed: "
        f"{states['sent']} sent, 0 lost, {states['suppressed']} to addresses that do not exist, "
        f"{states['parked']} refused for good; {len(twice)} arrived twice under one Message-ID, "
        f"{len(told['set_aside'])} were set aside as never answered and let go by a person"
    )


def test_two_thousand_letters_through_everything_that_can_go_wrong(
    partner: Partner, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    post_letters(partner, iter(range(LETTERS)))

    arriving = sum(arrives(number) for number in range(LETTERS))

    with world(tmp_path) as here, PostOffice() as office:
        began = time.monotonic()
        told = deliver(here, office, expected=arriving, lease=SHORT_LEASE, PORTAL_CRASH_CHANCE="0.05")
        record_property("figures", figures(told, office, time.monotonic() - began))

    check_ends(told, office)
    assert len(told["letters"]) == LETTERS
    assert told["killed"] > LETTERS // 100
    # what arrived again was never answered for: the line went dead, or its worker did
    unanswered = {letter["to_email"] for letter in told["letters"] if letter["unanswered"]}
    twice = repeated(told, office)
    assert twice.keys() <= unanswered | set(told["set_aside"])
    assert {address for address, times in twice.items() if times > 2} <= set(told["set_aside"])


def test_nothing_arrives_twice_while_nobody_is_killed_and_every_letter_is_answered(
    partner: Partner, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    unclear = {Mood.DROPS, Mood.HANGS}
    numbers = [number for number in range(CALM_LETTERS * 2) if mood_of(reader(number)) not in unclear]
    post_letters(partner, iter(numbers[:CALM_LETTERS]))
    arriving = sum(map(arrives, numbers[:CALM_LETTERS]))

    with world(tmp_path) as here, PostOffice() as office:
        told = deliver(here, office, expected=arriving, lease=LONG_LEASE)

    check_ends(told, office)
    assert (len(told["letters"]), told["killed"], told["set_aside"]) == (CALM_LETTERS, 0, [])
    assert repeated(told, office) == {}
    assert {letter["unanswered"] for letter in told["letters"]} == {0}
