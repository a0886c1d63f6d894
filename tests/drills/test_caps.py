"""Four workers claim at once near the caps of a day: nobody gets one letter more, and no worker is stuck."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from django.db import connection

from portal import clock
from portal.access import across_partners
from portal.mail import outbox
from portal.mail.letters import Words
from portal.mail.outbox import Draft
from portal.models import OutgoingMail, Partner, SendingCount
from portal.models.mail import MailPurpose, Waiting
from tests import factories
from tests.drills.stage import Stage

WORKERS, LETTERS_EACH = 4, 8
PER_ADDRESS, PER_PARTNER = 5, 40
# One house comes to its own cap first, the other to those of its readers.
READERS = 10, 6


@pytest.fixture
def partners(transactional_db: None) -> list[Partner]:
    """Their rows are committed, so that other processes see them."""
    return [factories.make_partner() for _ in READERS]


def post_letters(partner: Partner, readers: int) -> None:
    """To each reader in turn, forwards and backwards: workers next to each other want the same rows."""
    numbers = range(readers)
    drafts = [
        Draft(
            key=f"drill:{partner.pk}:{turn}:{number}",
            partner=partner,
            purpose=MailPurpose.NOTICE,
            to_email=f"r{number}@house-{partner.pk}.example",
            words=Words("A letter", "What it says."),
        )
        for turn in range(LETTERS_EACH)
        for number in (reversed(numbers) if turn % 2 else numbers)
    ]
    with across_partners():
        outbox.enqueue_many(drafts, now=clock.now())


def test_no_cap_is_passed_by_workers_that_claim_at_once(partners: list[Partner], tmp_path: Path) -> None:
    for partner, readers in zip(partners, READERS, strict=True):
        post_letters(partner, readers)
    caps = {"PORTAL_MAIL_PER_ADDRESS_A_DAY": str(PER_ADDRESS), "PORTAL_MAIL_PER_PARTNER_A_DAY": str(PER_PARTNER)}

    (told,) = Stage.in_folder(tmp_path).together(("claim", WORKERS), **caps)

    assert told["surprises"] == []
    assert max(Counter(told["got"]).values()) == PER_ADDRESS
    # and as many as may leave do leave
    of_houses = Counter(address.partition("@")[2] for address in told["got"])
    assert [of_houses[f"house-{partner.pk}.example"] for partner in partners] == [PER_PARTNER, 6 * PER_ADDRESS]
    if connection.vendor == "postgresql":  # where the processes worked on this very database
        check_rows(dict(zip([partner.pk for partner in partners], [PER_PARTNER, 6 * PER_ADDRESS], strict=True)))


def check_rows(expected: dict[int, int]) -> None:
    with across_partners():
        counted = dict(SendingCount.objects.filter(address="").values_list("partner", "letters"))
        waiting = OutgoingMail.objects.filter(state="queued", waits__in=Waiting.values, attempts=0)
        assert counted == expected
        assert waiting.count() == OutgoingMail.objects.count() - sum(expected.values())
