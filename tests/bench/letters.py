"""The queue of letters against a naive one: `python -m tests.bench.letters --letters 1000`.

Works on a private SQLite file, or on the empty database of DATABASE_URL, and sends a real letter of the library to a
mail server in a process of its own. The naive side is one Celery task for each letter, published to the portal's own
broker and taken by a Celery worker, one at a time: it loads the row, builds the letter with EmailMultiAlternatives,
sends it on a connection of its own and saves the row. Its time ends when the last row is saved. Building and sending
is also measured beside ready-made bytes handed over by smtplib in one session.
"""

from __future__ import annotations

import argparse
import os
import smtplib
import tempfile
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from tests.bench import naive, sink
from tests.bench.expiring_page import TODAY, prepare

QUEUE_MUST, SENDING_MUST = 5.0, 0.15
LETTER = "days_30"


def now() -> datetime:
    from tests.factories import midnight

    return midnight(TODAY) + timedelta(hours=9)


def make_house() -> tuple[Any, Any]:
    """A partner, and a letter of the library as its customer would get it."""
    from campaigns.services.examples import example
    from tests.factories import make_partner

    partner = make_partner("Bench Partner", slug="bench")
    return partner, example(partner, LETTER, "en", now()).drawn.words


def queue(partner: Any, words: Any, turn: str, count: int) -> list[int]:
    """So many letters that are due, each to a reader of its own."""
    from portal.mail import outbox
    from portal.mail.letters import Words
    from portal.models.mail import MailPurpose

    drafts = [
        outbox.Draft(
            key=f"bench:{turn}:{number}",
            partner=partner,
            purpose=MailPurpose.NOTICE,
            to_email=f"reader-{turn}-{number}@customer.example",
            to_name=f"Reader {number}",
            words=Words(words.subject, words.text, words.html),
        )
        for number in range(count)
    ]
    return list(outbox.enqueue_many(drafts, now=now()).ids.values())


# The two queues


def deliver(ids: list[int]) -> None:
    from portal.mail.delivery import deliver_due

    sent = 0
    while sent < len(ids):
        did = deliver_due(now=now())
        if not did.sent:
            raise AssertionError(did)
        sent += did.sent


# Sending alone


def build_and_send(letters: list[Any]) -> None:
    from portal.mail.line import Line, message_of

    line = Line()
    line.open()
    for letter in letters:
        line.send(message_of(letter))
    line.close()


def written(letter: Any) -> bytes:
    from portal.mail.line import message_of

    content: bytes = message_of(letter).message().as_bytes(linesep="\r\n")  # type: ignore[call-arg]
    return content


def generate(letters: list[tuple[str, str, bytes]], port: int) -> None:
    with smtplib.SMTP("127.0.0.1", port) as line:
        for sender, reader, content in letters:
            line.sendmail(sender, [reader], content)


# What is measured


def rate(work: Callable[[], None], count: int) -> float:
    """Letters in a second."""
    began = time.perf_counter()
    work()
    return count / (time.perf_counter() - began)


def measure(count: int, repeats: int, port: int) -> dict[str, float]:
    """The best rates of each, in letters in a second, and the weight of one letter in bytes."""
    from portal.access import across_partners
    from portal.models import OutgoingMail

    best: dict[str, float] = {}
    partner, words = make_house()

    def note(name: str, work: Callable[[], None]) -> None:
        best[name] = max(best.get(name, 0.0), rate(work, count))

    with across_partners():
        for turn in range(repeats):
            theirs, ours = (queue(partner, words, f"{side}-{turn}", count) for side in ("naive", "ours"))
            # before they are sent, when their texts are forgotten
            letters = list(OutgoingMail.objects.filter(pk__in=ours).select_related("partner"))
            # gone again before the others are measured, who would wait while it looks for tasks
            with naive.worker():
                note("naive", partial(naive.deliver, theirs))
            note("queue", partial(deliver, ours))
            made = [written(one) for one in letters]
            ready = [("post@bench.example", one.to_email, made[at]) for at, one in enumerate(letters)]
            note("sending", partial(build_and_send, letters))
            note("generator", partial(generate, ready, port))
            best["weight"] = len(made[0])
        left = OutgoingMail.objects.unsent().count()
    if left:
        raise AssertionError(f"{left} letters were not sent")
    return best


def report(best: dict[str, float], count: int) -> str:
    from django.db import connection

    queues, sending = best["queue"] / best["naive"], best["sending"] / best["generator"]
    return "\n".join(
        [
            f"Sending letters on {connection.vendor}, {count:,} letters of {best['weight'] / 1024:.0f} KiB",
            f"  {'one task and one .send() each':32}{best['naive']:9,.0f} letters/s",
            f"  {'claim, build, send, mark':32}{best['queue']:9,.0f} letters/s   {queues:5.2f} times,"
            f" must {QUEUE_MUST:.2f} {_verdict(queues >= QUEUE_MUST)}",
            f"  {'smtplib, ready-made, one session':32}{best['generator']:9,.0f} letters/s",
            f"  {'build + send':32}{best['sending']:9,.0f} letters/s   rate {sending:5.2f},"
            f" must {SENDING_MUST:.2f} {_verdict(sending >= SENDING_MUST)}",
        ]
    )


def _verdict(met: bool) -> str:
    return "met" if met else "MISSED"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--letters", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=3)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, sink.running() as port:
        # nobody is asked about the mass, and no cap keeps it: that is measured, not met
        os.environ |= {
            "EMAIL_URL": f"smtp://127.0.0.1:{port}",
            "PORTAL_MAIL_GUARD_LETTERS": "1000000",
            "PORTAL_MAIL_PER_PARTNER_A_DAY": "1000000",
        }
        prepare(folder)
        print(report(measure(wanted.letters, wanted.repeats, port), wanted.letters))


if __name__ == "__main__":
    main()
