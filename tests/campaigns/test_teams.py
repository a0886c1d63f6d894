"""Messages to the partner's own team: each once, in the manner of its room, and only to where it may go."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django_scopes import scopes_disabled

from campaigns.models import TeamChannel, TeamMessage
from campaigns.services import teams
from campaigns.services.team_news import hear_alarm
from campaigns.services.teams import Posted, post_due, save_channel, tell_team
from portal import clock, vault
from portal.http import Answer
from portal.mail import bounces, outbox
from portal.mail.alarms import Alarm
from portal.mail.letters import Words
from portal.models import MailAlarm, Partner
from portal.models.mail import MailPurpose
from portal.outbound import NotReached, Problem
from portal.roles import Role
from tests.certificates.expiring import content, sign_in
from tests.factories import make_contact, make_customer, make_member, make_order, make_partner

URL = "https://hooks.chat.example/T000/secret-token"


@pytest.fixture(autouse=True)
def _one_factor(settings: Any) -> None:
    settings.MFA_REQUIRED = False


@dataclass
class Room:
    """Stands where the chat's server would; says what it was told to say."""

    answers: list[int | Problem] = field(default_factory=list)
    heard: list[tuple[str, Any, Mapping[str, str]]] = field(default_factory=list)

    def __call__(self, url: str, body: bytes, *, headers: Mapping[str, str]) -> Answer:
        self.heard.append((url, json.loads(body), headers))
        said = self.answers.pop(0) if self.answers else 200
        if isinstance(said, Problem):
            raise NotReached(said)
        return Answer(said, b"")


@pytest.fixture
def room() -> Room:
    return Room()


def make_channel(partner: Partner, kind: str = "slack", **fields: Any) -> TeamChannel:
    channel = TeamChannel(partner=partner, **({"name": f"Room {kind}", "kind": kind} | fields))
    return save_channel(channel, url=URL, actor=make_member(partner).user, now=clock.now())


def tell(partner: Partner, event: str = "call.opened", key: str = "call:1", **words: str) -> int:
    said = {"title": "Call Karst Atelier", "text": "EUR 400 at risk", "url": "https://portal.example/customers/1/"}
    return tell_team(partner, event, key=key, now=clock.now(), **(said | words))


def test_message_goes_once_however_often_it_is_asked_for_and_delivered(partner: Partner, room: Room) -> None:
    make_channel(partner)

    for _ in range(2):
        tell(partner)
    runs = [post_due(now=clock.now(), post=room) for _ in range(2)]

    assert runs == [Posted(sent=1), Posted()]
    assert [url for url, _body, _headers in room.heard] == [URL]


def test_channel_hears_only_of_what_it_wants(partner: Partner, room: Room) -> None:
    make_channel(partner, name="All")
    make_channel(partner, name="Sending", events=["sending.stopped"])
    make_channel(make_partner(), name="Another partner's")

    assert tell(partner) == 1
    assert tell(partner, "sending.stopped", key="alarm:1") == 2


def test_address_is_sealed_in_the_database(partner: Partner) -> None:
    channel = make_channel(partner)

    assert "secret-token" not in channel.sealed_url
    assert vault.decrypt(channel.sealed_url.encode()).decode() == URL


def test_slack_reads_names_of_customers_as_words(partner: Partner, room: Room) -> None:
    make_channel(partner)
    tell(partner, title="Call <!channel> & <http://evil.example|us>")

    post_due(now=clock.now(), post=room)

    [(_url, body, _headers)] = room.heard
    assert "<!channel>" not in body["text"]
    assert "&lt;!channel&gt; &amp; &lt;http://evil.example|us&gt;" in body["text"]


def test_teams_gets_a_card_whose_words_are_plain(partner: Partner, room: Room) -> None:
    make_channel(partner, "teams")
    tell(partner, title="[Call](http://evil.example)")

    post_due(now=clock.now(), post=room)

    [(_url, body, _headers)] = room.heard
    card = body["attachments"][0]["content"]
    assert card["body"][0]["inlines"] == [
        {"type": "TextRun", "text": "[Call](http://evil.example)", "weight": "bolder"}
    ]
    assert card["actions"][0]["url"] == "https://portal.example/customers/1/"


def test_webhook_is_signed_so_that_its_receiver_can_tell(partner: Partner, room: Room) -> None:
    channel = make_channel(partner, "webhook")
    tell(partner)

    post_due(now=clock.now(), post=room)

    [(_url, body, headers)] = room.heard
    secret = base64.b64decode(teams.secret_of(channel).removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.{json.dumps(body)}".encode()
    expected = base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert body["data"]["title"] == "Call Karst Atelier"


@pytest.mark.parametrize("fault", [500, 429, Problem.TIMEOUT, Problem.UNREACHABLE])
def test_failure_waits_longer_each_time_and_then_switches_the_channel_off(
    partner: Partner, room: Room, fault: int | Problem
) -> None:
    channel = make_channel(partner)
    tell(partner)
    now = clock.now()
    room.answers = [fault] * 9

    waits = []
    for _ in range(4):
        assert post_due(now=now, post=room) == Posted(later=1)
        due_at = TeamMessage.objects.get().due_at
        waits.append(due_at - now)
        assert post_due(now=due_at - timedelta(seconds=1), post=room) == Posted()
        now = due_at
    assert waits == list(teams.WAITS)
    assert post_due(now=now, post=room) == Posted(parked=1)

    channel.refresh_from_db()
    assert not channel.is_active
    assert channel.stopped_because


def test_room_that_is_gone_switches_its_channel_off_at_once(partner: Partner, room: Room) -> None:
    channel = make_channel(partner)
    tell(partner)
    room.answers = [410]

    assert post_due(now=clock.now(), post=room) == Posted(parked=1)

    channel.refresh_from_db()
    assert (channel.is_active, channel.stopped_because) == (False, "HTTP 410")


def test_worker_killed_while_posting_gives_the_message_back_after_its_lease(partner: Partner, room: Room) -> None:
    make_channel(partner)
    tell(partner)
    now = clock.now()

    def killed(*_args: Any, **_options: Any) -> Answer:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        post_due(now=now, post=killed)

    assert post_due(now=now, post=room) == Posted()
    assert post_due(now=now + teams.LEASE, post=room) == Posted(sent=1)


def test_nothing_goes_out_for_a_suspended_partner(partner: Partner, room: Room) -> None:
    make_channel(partner)
    tell(partner)
    Partner.objects.filter(pk=partner.pk).update(is_active=False)

    assert post_due(now=clock.now(), post=room) == Posted()


# What is told by itself


def test_alarm_about_one_partner_is_its_own_and_about_the_server_everybodys(partner: Partner) -> None:
    other = make_partner()
    mine, theirs = make_channel(partner), make_channel(other)

    hear_alarm(Alarm(MailAlarm.Kind.MASS, partner, clock.now(), {"letters": 4000, "usual": 20}))
    hear_alarm(Alarm(MailAlarm.Kind.REFUSED, None, clock.now() + timedelta(seconds=1), {"code": 554}))

    with scopes_disabled():
        told = list(TeamMessage.objects.order_by("pk").values_list("channel", "title"))
    assert [channel for channel, _title in told] == [mine.pk, mine.pk, theirs.pk]
    assert told[0][1].startswith("4000 letters wait for an administrator")


# Pages

TYPED = {"name": "Renewals", "kind": "slack", "address": URL}


def test_administrator_adds_a_channel_and_the_address_is_never_shown_again(partner: Partner) -> None:
    nadia = sign_in(partner, Role.ADMINISTRATOR)

    assert nadia.post("/settings/team/new/", TYPED).status_code == 302
    channel = TeamChannel.objects.get()
    pages = [content(nadia.get(url)) for url in ("/settings/team/", f"/settings/team/{channel.pk}/")]

    assert all("secret-token" not in page for page in pages)
    nadia.post(f"/settings/team/{channel.pk}/", {"name": "Sales", "kind": "slack", "address": ""})
    channel.refresh_from_db()
    assert (channel.name, vault.decrypt(channel.sealed_url.encode()).decode()) == ("Sales", URL)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"address": "http://hooks.chat.example/x"}, "has to begin with https://"),
        ({"address": "https://me:word@hooks.chat.example/x"}, "hold no name or password"),
        ({"address": "file:///etc/passwd"}, "Enter a valid URL"),
        ({"address": ""}, "This field is required"),
    ],
)
def test_address_that_cannot_be_is_refused(partner: Partner, typed: dict[str, str], said: str) -> None:
    answer = sign_in(partner, Role.ADMINISTRATOR).post("/settings/team/new/", TYPED | typed)

    assert answer.status_code == 422
    assert said in content(answer)
    assert not TeamChannel.objects.exists()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "169.254.169.254", "2130706433", "[::1]"])
def test_trying_an_address_inside_the_house_reaches_nobody(partner: Partner, host: str) -> None:
    channel, nadia = make_channel(partner), sign_in(partner, Role.ADMINISTRATOR)
    save_channel(channel, url=f"https://{host}/x", actor=make_member(partner).user, now=clock.now())

    page = content(nadia.post(f"/settings/team/{channel.pk}/try/", follow=True))

    assert "was not reached" in page


def test_account_managers_see_no_channels(partner: Partner) -> None:
    assert sign_in(partner, Role.ACCOUNT_MANAGER).get("/settings/team/").status_code == 403


def test_bounced_only_contact_is_told_with_the_customer_once(partner: Partner) -> None:
    make_channel(partner)
    reader = make_contact(make_customer(partner, "Karst Atelier SA"), email="it@karst.example")
    make_order(partner, customer=reader.customer, contact=reader, ends_on=clock.today() + timedelta(days=20))
    words = Words("60 days", "Renew")
    letter = outbox.enqueue(
        key="letter", partner=partner, purpose=MailPurpose.NOTICE, to_email=reader.email, words=words, now=clock.now()
    )

    for _ in range(2):
        bounces.switch_off(letter, detail="550 5.1.1 unknown", at=clock.now())

    [told] = TeamMessage.objects.filter(event="call.opened")
    assert told.title == "Call Karst Atelier SA: Letters do not arrive"
    assert told.url.endswith(f"/customers/{reader.customer_id}/")
