"""Two real workers, each with a scheduler of its own, outlive Redis and one another: no letter is lost.

What arrives twice does so under one Message-ID, and was in hand when a worker was killed.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings

from portal import clock
from portal.mail import outbox
from portal.mail.letters import Words
from portal.mail.outbox import Draft
from portal.models import Partner
from portal.models.mail import MailPurpose
from portal.setup import services
from portal.setup.children import ends_with_parent
from tests import factories
from tests.drills.post_office import Mood, PostOffice
from tests.drills.stage import Stage, copy_to, of_workers

LOTS, LOT = 5, 60
# Between two letters, so that something happens while they go out.
MUSING_SECONDS = 0.03
LEASE_SECONDS = 10
PATIENCE = 120
# Long enough for several sweeps to find nobody there
REDIS_AWAY_SECONDS = 3


@pytest.fixture
def partner(transactional_db: None) -> Partner:
    """Its rows are committed, so that other processes see them."""
    return factories.make_partner()


@dataclass
class House:
    """Workers on services of their own, each with a mail server that takes its letters."""

    folder: Path
    database: services.PostgreSQL
    broker: services.Redis
    restart_broker: Callable[[], None]
    offices: dict[str, PostOffice]
    workers: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def log(self) -> Path:
        return self.folder / "workers.log"

    @property
    def taken(self) -> Counter[str]:
        """How often each letter was taken, by its Message-ID."""
        return sum((office.taken for office in self.offices.values()), Counter())

    def employ(self, name: str) -> None:
        mail = self.offices[name].address
        known = of_workers(self.folder, database_url=self.database.url, redis_url=self.broker.url, mail=mail)
        quick = {"PORTAL_MAIL_LEASE_SECONDS": str(LEASE_SECONDS), "PORTAL_SWEEP_SECONDS": "1"}
        with self.log.open("ab") as log:
            self.workers[name] = subprocess.Popen(
                [sys.executable, "manage.py", "work", "--threads=4"],
                cwd=settings.BASE_DIR,
                env=os.environ | known | quick,
                stdout=log,
                stderr=log,
                preexec_fn=ends_with_parent(signal.SIGKILL),  # noqa: PLW1509 - no thread of ours runs there
            )

    def kill(self, name: str) -> set[str]:
        """Returns the Message-IDs of the letters that were in somebody's hand just then."""
        self.workers[name].kill()
        self.workers.pop(name).wait()
        return set(self.ask("SELECT message_id FROM portal_outgoingmail WHERE is_handing AND state = 'claimed'"))

    def dismiss_all(self) -> list[int]:
        """Ask all to stop; returns how they ended."""
        for worker in self.workers.values():
            worker.terminate()
        return [worker.wait(PATIENCE) for worker in self.workers.values()]

    def ask(self, query: str) -> list[str]:
        return self.database.ask(query).splitlines()

    def listeners(self) -> int:
        """How many workers are waiting for Redis to hand them something."""
        return sum(" cmd=brpop " in line for line in self.broker.ask("client", "list").splitlines())

    def release(self, lot: int) -> None:
        """Let the letters of a lot become due; nobody is nudged, so that only the sweeps find them."""
        due = "UPDATE portal_outgoingmail SET due_at = '2000-01-01Z' WHERE key LIKE"
        self.ask(f"{due} 'lot:{lot}:%'")

    def wait_for(self, what: str, is_so: Callable[[], bool]) -> None:
        patience = time.monotonic() + PATIENCE
        while not is_so():
            ended = {name: worker.returncode for name, worker in self.workers.items() if worker.poll() is not None}
            assert not ended, f"{ended} ended while {what} was waited for: {self.log.read_text()}"
            assert time.monotonic() < patience, f"In vain waited for {what}; {self.log.read_text()}"
            time.sleep(0.05)

    def wait_for_workers(self) -> None:
        self.wait_for(f"{len(self.workers)} listening workers", lambda: self.listeners() == len(self.workers))

    def wait_for_letters(self, number: int) -> None:
        self.wait_for(f"{number} letters", lambda: len(self.taken) >= number)

    def busy_with(self, lot: int) -> str:
        """The name of a worker that hands over letters of this lot."""
        busy: list[str] = []

        def is_any() -> bool:
            busy.extend(name for name, office in self.offices.items() if len(office.taken.keys() & ids_of(lot)) > 2)
            return bool(busy)

        self.wait_for(f"somebody who sends lot {lot}", is_any)
        return busy[0]


@contextmanager
def house(folder: Path) -> Iterator[House]:
    with ExitStack() as stack:
        database, start_database = stack.enter_context(services.new_postgresql())
        broker, start_broker = stack.enter_context(services.new_redis())
        stack.enter_context(start_database())
        copy_to(database, Stage.in_folder(folder).database_url)
        running_broker = stack.enter_context(ExitStack())
        running_broker.enter_context(start_broker())
        offices = {name: stack.enter_context(PostOffice(musing_seconds=MUSING_SECONDS)) for name in ("one", "two")}

        def restart_broker() -> None:
            running_broker.close()
            time.sleep(REDIS_AWAY_SECONDS)
            running_broker.enter_context(start_broker())

        here = House(folder, database, broker, restart_broker, offices)
        try:
            yield here
        finally:
            for worker in here.workers.values():
                worker.kill()
                worker.wait()


def ids_of(lot: int) -> set[str]:
    """The Message-IDs of a lot."""
    return {outbox.message_id(f"lot:{lot}:{number}") for number in range(lot * LOT, (lot + 1) * LOT)}


def post_lots(partner: Partner) -> set[str]:
    """Letters that are due far in the future, until their lot is released; returns their Message-IDs."""
    now = clock.now()
    drafts = [
        Draft(
            key=f"lot:{number // LOT}:{number}",
            partner=partner,
            purpose=MailPurpose.NOTICE,
            to_email=f"{Mood.KEEPS}-{number}@reader.example",
            words=Words(f"Letter {number}", "What it says.", "<p>What it says.</p>"),
            due_at=now + timedelta(days=365),
        )
        for number in range(LOTS * LOT)
    ]
    outbox.enqueue_many(drafts, now=now)
    return {outbox.message_id(draft.key) for draft in drafts}


def test_two_workers_with_their_schedulers_outlive_redis_and_each_other(
    partner: Partner, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    posted = post_lots(partner)

    with house(tmp_path) as here:
        began = time.monotonic()
        here.employ("one")
        here.employ("two")
        here.wait_for_workers()

        here.release(0)
        here.wait_for_letters(LOT // 2)
        here.broker.ask("flushall")
        here.wait_for_letters(LOT)

        here.release(1)
        here.wait_for_letters(LOT + LOT // 2)
        here.restart_broker()
        here.wait_for_letters(2 * LOT)
        here.wait_for_workers()

        here.release(2)
        victim = here.busy_with(2)
        in_hand = here.kill(victim)
        # the other one still hears its own scheduler, though both had lost Redis
        here.release(3)
        here.wait_for("the letters of one worker", lambda: here.taken.keys() >= ids_of(3))
        here.employ(victim)
        here.wait_for_workers()

        here.release(4)
        here.wait_for_letters(len(posted))
        unsent = "SELECT count(*) FROM portal_outgoingmail WHERE state <> 'sent'"
        here.wait_for("the last to be noted", lambda: here.ask(unsent) == ["0"])
        endings = here.dismiss_all()
        seconds, taken = time.monotonic() - began, here.taken

    twice = {message_id for message_id, times in taken.items() if times > 1}
    assert taken.keys() == posted
    assert twice <= in_hand
    assert max(taken.values()) <= 2
    assert endings == [0, 0]
    record_property(
        "figures",
        f"{len(posted)} letters in {seconds:.0f} s by two workers with a scheduler each, over a flushed and a "
        f"restarted Redis and a killed worker: 0 lost, {len(twice)} of {len(in_hand)} in hand arrived twice under "
        "one Message-ID",
    )
