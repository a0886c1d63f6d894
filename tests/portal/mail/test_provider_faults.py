"""Every way in which a provider's interface fails, over real HTTP: nothing is lost, repeated or blamed on a reader."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from pytest_django import Settings

from portal.mail.delivery import deliver_due
from portal.mail.outcomes import Verdict, outcome_of
from portal.models import MailAlarm, OutgoingMail, SuppressedAddress
from portal.models.mail import MailState
from portal.setup.ports import free_port
from tests.factories import make_partner
from tests.portal.mail.letters import NOW, post, states

pytestmark = [pytest.mark.usefixtures("outbox_table"), pytest.mark.ci_embedded]

DROP, HANG, GARBLED = "drop the connection", "say nothing", "an answer that is none"
Answer = tuple[int, dict[str, Any]] | str
KEEP: Answer = (200, {"ErrorCode": 0, "Message": "OK", "MessageID": "b7bc2f4a"})
IS_INACTIVE = "Found inactive addresses: b@reader.example. Inactive recipients are ones that bounced"
INACTIVE: Answer = (422, {"ErrorCode": 406, "Message": IS_INACTIVE})
INVALID: Answer = (422, {"ErrorCode": 300, "Message": "Invalid 'To' address: 'b@reader.example'."})
WRONG_SENDER: Answer = (422, {"ErrorCode": 400, "Message": "The 'From' address is not a Sender Signature."})


class Provider:
    """Answers as Postmark does; what it says of a letter is set by its reader's address."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.otherwise = KEEP
        self.taken: list[str] = []
        self.is_over = threading.Event()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self.handler())

    def handler(self) -> type[BaseHTTPRequestHandler]:
        provider = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                letter = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                to = {"To": letter["To"]}
                answer = provider.answers.get(letter["To"], provider.otherwise)
                if answer in (KEEP, DROP, HANG, GARBLED):
                    provider.taken.append(letter["To"])
                if answer == HANG:
                    provider.is_over.wait(5)
                if answer in (DROP, HANG):
                    self.close_connection = True
                    return
                status, said = (200, "{") if isinstance(answer, str) else (answer[0], json.dumps(answer[1] | to))
                self.send_response(status)
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said.encode())

            def log_message(self, *_: Any) -> None:
                pass

        return Handler

    def __enter__(self) -> Provider:
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.is_over.set()
        self.server.shutdown()
        self.server.server_close()


def reached_at(settings: Settings, address: str) -> None:
    settings.ANYMAIL = {
        "IGNORE_UNSUPPORTED_FEATURES": True,
        "POSTMARK_SERVER_TOKEN": "a-token",
        "POSTMARK_API_URL": address,
        "REQUESTS_TIMEOUT": 0.2,
    }


@pytest.fixture
def provider(settings: Settings) -> Iterator[Provider]:
    settings.EMAIL_BACKEND = "anymail.backends.postmark.EmailBackend"
    with Provider() as provider:
        reached_at(settings, f"http://127.0.0.1:{provider.server.server_port}/")
        yield provider


def post_three() -> None:
    partner = make_partner()
    for key in ("a", "b", "c"):
        post(key, partner=partner)


def letter_b() -> OutgoingMail:
    return OutgoingMail.objects.get(key="b")


@pytest.mark.parametrize("answer", [DROP, HANG, GARBLED, (504, {})])
def test_without_an_answer_nobody_knows_and_the_letter_goes_once_more(provider: Provider, answer: Answer) -> None:
    provider.answers["b@reader.example"] = answer
    post_three()

    did = deliver_due(now=NOW)

    assert (did.sent, did.unanswered, did.later) == (2, 1, 0)
    assert states() == {"a": "sent", "b": "claimed", "c": "sent"}
    assert deliver_due(now=NOW + timedelta(minutes=14)).sent == 0
    provider.answers.clear()
    assert deliver_due(now=NOW + timedelta(minutes=16)).sent == 1


@pytest.mark.parametrize("status", [403, 408, 429, 500, 502, 503])
def test_what_fails_for_now_is_tried_again_later(provider: Provider, status: int) -> None:
    provider.answers["b@reader.example"] = status, {"Message": "Not now"}
    post_three()

    did = deliver_due(now=NOW)

    assert (did.sent, did.later) == (2, 1)
    assert states() == {"a": "sent", "b": "queued", "c": "sent"}
    assert f"{status}" in letter_b().last_error
    assert "Not now" in letter_b().last_error
    provider.answers.clear()
    assert deliver_due(now=NOW + timedelta(seconds=40)).sent == 1
    assert sorted(provider.taken) == ["a@reader.example", "b@reader.example", "c@reader.example"]


@pytest.mark.parametrize("answer", [INACTIVE, WRONG_SENDER, (400, {}), (413, {})])
def test_what_is_refused_is_set_aside_and_the_address_left_alone(provider: Provider, answer: Answer) -> None:
    provider.answers["b@reader.example"] = answer
    post_three()

    did = deliver_due(now=NOW)

    assert (did.sent, did.parked) == (2, 1)
    assert (letter_b().state, letter_b().reason) == ("parked", "server")
    assert isinstance(answer, str) or answer[1].get("Message", "") in letter_b().last_error
    assert not SuppressedAddress.objects.exists()


def test_an_address_is_switched_off_where_the_provider_says_that_there_is_none(provider: Provider) -> None:
    provider.answers["b@reader.example"] = INVALID
    post_three()

    did = deliver_due(now=NOW)

    assert (did.sent, did.bounced) == (2, 1)
    assert (letter_b().state, letter_b().reason) == ("suppressed", "gone")
    assert SuppressedAddress.objects.get().email == "b@reader.example"


def test_a_key_that_is_not_ours_stops_the_run_tells_a_person_and_costs_the_letters_nothing(provider: Provider) -> None:
    provider.otherwise = 401, {"ErrorCode": 10, "Message": "Bad or missing Server API token."}
    post_three()

    did = deliver_due(now=NOW)

    assert "Bad or missing" in did.stopped
    assert set(OutgoingMail.objects.values_list("state", "attempts", "is_handing", "last_error")) == {
        ("queued", 0, False, "")
    }
    alarm = MailAlarm.objects.exclude(told_at=None).get()
    assert (alarm.kind, alarm.facts) == ("refused", {"code": 401})
    assert deliver_due(now=NOW + timedelta(minutes=14)).stopped
    provider.otherwise = KEEP
    assert deliver_due(now=NOW + timedelta(minutes=16)).sent == 3
    assert not MailAlarm.objects.filter(ended_at=None).exists()


def test_forbidden_again_and_again_stops_the_run_and_sets_nothing_aside(provider: Provider) -> None:
    provider.otherwise = 403, {"Message": "The account may not send"}
    for number in range(8):
        post(f"letter:{number}")

    did = deliver_due(now=NOW)

    assert "refuses every letter" in did.stopped
    assert (did.later, set(states().values())) == (5, {"queued"})
    assert MailAlarm.objects.get().facts == {"code": 403}


def test_a_provider_in_trouble_is_left_alone_after_three_letters(provider: Provider) -> None:
    provider.otherwise = 503, {}
    for number in range(8):
        post(f"letter:{number}")

    did = deliver_due(now=NOW)

    assert (did.later, bool(did.stopped)) == (3, True)
    assert OutgoingMail.objects.filter(attempts=0, state=MailState.QUEUED).count() == 5


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_provider_that_cannot_be_reached_costs_the_letters_nothing(
    provider: Provider, settings: Settings, scheme: str
) -> None:
    # nobody listens there, or not in TLS
    port = free_port() if scheme == "http" else provider.server.server_port
    reached_at(settings, f"{scheme}://127.0.0.1:{port}/")
    post_three()

    for minutes in (0, 11):
        assert "cannot be reached" in deliver_due(now=NOW + timedelta(minutes=minutes)).stopped

    assert set(OutgoingMail.objects.values_list("state", "attempts")) == {("queued", 0)}
    assert MailAlarm.objects.exclude(told_at=None).get().kind == "unreachable"
    assert provider.taken == []


def test_a_house_without_the_extra_judges_its_mail_server_as_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "anymail", None)

    assert outcome_of(ConnectionResetError("gone")).verdict == Verdict.LATER
    assert outcome_of(ValueError("bad header")).verdict == Verdict.POISON
