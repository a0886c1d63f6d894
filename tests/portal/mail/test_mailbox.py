"""The demo's mailbox: what a local mail server took in, shown without a script, a request or a word to outsiders."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from portal.mail import mailbox, sink
from portal.setup.ports import free_port

HOSTILE = (
    "<style>td{color:red}</style><script>alert(1)</script><img src='https://tracker.example/p.gif' onerror='alert(2)'>"
    "<form action='https://evil.example/'><a href='javascript:alert(3)'>Renew</a></form>"
)


@pytest.fixture(autouse=True)
def _demo(settings: Settings, tmp_path: Path, db: None) -> None:
    settings.DEMO = True
    settings.DATA_DIR = tmp_path


def letter(subject: str = "Sixty days", *, to: str = "it@karst.example", html: str = "<p>Hello</p>") -> bytes:
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = subject, "Relais <post@relais.example>", to
    message["Date"] = "Sun, 22 Nov 2026 10:00:00 +0100"
    message.set_content("Hello\nin plain words")
    message.add_alternative(html, subtype="html")
    return message.as_bytes()


def keep(subject: str = "Sixty days", *, to: str = "it@karst.example", html: str = "<p>Hello</p>") -> str:
    mailbox.put(letter(subject, to=to, html=html), recipients=[to])
    return mailbox.newest(1)[0].key


@pytest.fixture
def port() -> Iterator[int]:
    number = free_port()
    server = sink.start(host="127.0.0.1", port=number)
    yield number
    server.stop()


def test_what_is_sent_to_the_local_server_stands_in_the_mailbox(port: int, client: Client) -> None:
    with smtplib.SMTP("127.0.0.1", port) as connection:
        connection.sendmail("post@relais.example", ["it@karst.example", "boss@karst.example"], letter("Été à venir"))

    (kept,) = mailbox.newest()
    assert (kept.subject, kept.sender) == ("Été à venir", "Relais <post@relais.example>")
    assert kept.recipients == "it@karst.example, boss@karst.example"
    assert (kept.text, kept.html) == ("Hello\nin plain words\n", "<p>Hello</p>\n")
    assert kept.at.isoformat() == "2026-11-22T09:00:00+00:00"
    assert "Été à venir" in client.get(reverse("portal:mailbox")).content.decode()


def test_newest_letter_stands_first_and_can_be_found_by_its_reader(client: Client) -> None:
    keep("First", to="a@karst.example")
    keep("Second", to="b@karst.example")

    body = client.get(reverse("portal:mailbox")).content.decode()
    found = client.get(reverse("portal:mailbox"), {"to": "A@karst.example"}).content.decode()

    assert body.index("Second") < body.index("First")
    assert "Second" not in found
    assert "First" in found


def test_mailbox_keeps_a_bounded_number_of_letters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailbox, "KEPT", 3)
    for number in range(5):
        keep(f"Letter {number}")

    assert [kept.subject for kept in mailbox.newest()] == ["Letter 4", "Letter 3", "Letter 2"]


def test_letter_is_shown_in_a_frame_that_runs_nothing(client: Client) -> None:
    key = keep(html=HOSTILE)

    page = client.get(reverse("portal:mailbox_letter", args=[key]))
    frame = client.get(reverse("portal:mailbox_html", args=[key]))

    body = page.content.decode()
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in body
    assert "alert(1)" not in body
    assert "frame-src 'self'" in page.headers["Content-Security-Policy"]
    policy = frame.headers["Content-Security-Policy"]
    assert "unsafe" not in page.headers["Content-Security-Policy"] + policy
    for rule in ("script-src 'none'", "connect-src 'none'", "form-action 'none'", "img-src data:", "sandbox allow-"):
        assert rule in policy
    assert "allow-scripts" not in policy
    assert "allow-same-origin" not in policy
    assert "style-src-elem 'sha256-" in policy
    assert frame.headers["X-Frame-Options"] == "SAMEORIGIN"


def test_empty_mailbox_says_how_to_fill_it_and_a_search_without_letters_leads_back(client: Client) -> None:
    empty = client.get(reverse("portal:mailbox")).content.decode()
    keep()
    narrowed = client.get(reverse("portal:mailbox"), {"to": "nobody@elsewhere.example"}).content.decode()

    assert "No letters yet" in empty
    assert "Invite a person" in empty
    assert "No letters to nobody@elsewhere.example" in narrowed
    assert f'href="{reverse("portal:mailbox")}">Show the letters to everybody' in narrowed


@pytest.mark.parametrize("key", ["nothing", "..%2F..%2Fsecrets", "1.M1P1Q1.host"])
def test_letters_that_are_not_there_are_not_found(client: Client, key: str) -> None:
    keep()

    assert client.get(f"/mailbox/{key}/").status_code == 404
    assert client.get(f"/mailbox/{key}/html/").status_code == 404


def test_there_is_no_mailbox_outside_the_demo(client: Client, settings: Settings) -> None:
    key = keep()
    settings.DEMO = False

    for name, args in (("mailbox", []), ("mailbox_letter", [key]), ("mailbox_html", [key])):
        assert client.get(reverse(f"portal:{name}", args=args)).status_code == 404


def test_what_nobody_can_read_as_a_letter_is_shown_all_the_same(client: Client) -> None:
    mailbox.put(b"\xff\xfe not a letter \r\n\r\n\x00\x80", recipients=["a@karst.example\r\nBcc: all@example.com"])

    assert client.get(reverse("portal:mailbox")).status_code == 200
    (kept,) = mailbox.newest()
    assert client.get(reverse("portal:mailbox_letter", args=[kept.key])).status_code == 200


def test_letter_in_a_character_set_that_nobody_knows_is_read_as_well_as_can_be(client: Client) -> None:
    letter_of_chaos = letter().replace(b'charset="utf-8"', b'charset="nonsense"')
    assert b"nonsense" in letter_of_chaos
    mailbox.put(letter_of_chaos, recipients=["it@karst.example"])

    assert client.get(reverse("portal:mailbox")).status_code == 200
