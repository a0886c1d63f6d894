"""A mass far from usual stops and asks; what is released is that mass; what people wait for is never stopped (T46)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django_scopes import scopes_disabled
from pytest_django import Settings

from portal.mail import alarms, guard
from portal.mail.alarms import Alarm
from portal.mail.delivery import deliver_due, foresee
from portal.mail.settled import Settled, on_settled
from portal.models import Activity, OutgoingMail, Partner, SendingCount, SendingHold, User
from portal.models.mail import MailPurpose
from tests.factories import make_partner, make_user
from tests.portal.mail.letters import NOW, post, states

pytestmark = pytest.mark.usefixtures("outbox_table")


@pytest.fixture(autouse=True)
def _small_numbers(settings: Settings) -> None:
    settings.MAIL_GUARD_LETTERS = 10
    settings.MAIL_GUARD_FACTOR = 3


@pytest.fixture
def head() -> User:
    return make_user()


def post_many(partner: Partner, count: int, purpose: MailPurpose = MailPurpose.NOTICE) -> None:
    begin = OutgoingMail.objects.count()
    for number in range(begin, begin + count):
        post(f"notice:{number}", partner=partner, purpose=purpose)


def make_day(partner: Partner, days_ago: int, letters: int) -> None:
    day = (NOW - timedelta(days=days_ago)).date()
    SendingCount.objects.create(partner=partner, day=day, letters=letters, mass=letters)


def sent() -> int:
    return list(states().values()).count("sent")


def test_mass_far_from_usual_is_stopped_before_the_first_letter(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[Alarm] = []
    monkeypatch.setattr(alarms.alarms, "items", [heard.append])
    partner, other = make_partner(), make_partner()
    post_many(partner, 11)
    post_many(other, 10)
    for purpose in (MailPurpose.SIGN_IN, MailPurpose.SERVICE, MailPurpose.QUOTE):
        post(f"waited for:{purpose}", partner=partner, purpose=purpose)

    did = deliver_due(now=NOW)
    deliver_due(now=NOW + timedelta(minutes=1))

    assert (did.sent, did.asked) == (13, 11)
    hold = SendingHold.objects.get()
    assert (hold.partner, hold.kind, hold.wants, hold.usual, hold.since) == (partner, "guard", 11, 0, NOW)
    assert [(alarm.kind, alarm.partner, dict(alarm.facts)) for alarm in heard] == [
        ("mass", partner, {"letters": 11, "usual": 0})
    ]
    assert [(deed.verb, deed.actor) for deed in Activity.objects.all()] == [("sending.stopped", None)]
    assert foresee(now=NOW).asked == 11


@pytest.mark.parametrize(("letters", "stopped"), [(30, 0), (31, 31)])
def test_usual_is_the_middle_of_the_days_with_letters(letters: int, stopped: int) -> None:
    partner = make_partner()
    # one great day that somebody let go does not make such days usual, and neither do days long ago
    for days_ago, count in ((1, 10), (2, 900), (3, 8), (20, 10), (40, 900)):
        make_day(partner, days_ago, count)
    post_many(partner, letters)

    assert deliver_due(now=NOW).asked == stopped
    assert sent() == letters - stopped


def test_mass_that_comes_in_drops_is_stopped_too() -> None:
    partner = make_partner()
    for minutes in range(5):
        post_many(partner, 3)
        deliver_due(now=NOW + timedelta(minutes=minutes))

    assert sent() == 9
    assert SendingHold.objects.get().wants == 12


def test_mass_that_grows_while_it_is_sent_stops_at_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "watch", lambda *_: 0)  # as if the run had begun before
    partner = make_partner()
    post_many(partner, 25)

    deliver_due(now=NOW)

    assert sent() == 10
    assert (SendingHold.objects.get().wants, SendingHold.objects.count()) == (25, 1)


def test_letters_tried_again_are_no_new_mass() -> None:
    partner = make_partner()
    post_many(partner, 8)
    deliver_due(now=NOW)
    OutgoingMail.objects.update(state="queued")  # as after a refusal for now

    assert deliver_due(now=NOW).sent == 8


def test_what_is_released_leaves_and_the_next_mass_is_asked_about_anew(head: User) -> None:
    partner = make_partner()
    post_many(partner, 11)
    deliver_due(now=NOW)

    assert guard.release(SendingHold.objects.get(), actor=head, now=NOW) == 11
    with pytest.raises(guard.AlreadyAnswered):
        guard.refuse(SendingHold.objects.get(), actor=head, now=NOW)
    assert deliver_due(now=NOW).sent == 11

    post_many(partner, 5)
    assert deliver_due(now=NOW).sent == 5
    post_many(partner, 11)
    assert deliver_due(now=NOW).asked == 11
    assert SendingHold.objects.filter(answer="").count() == 1
    assert list(alarms.standing(partner)) != []


def test_what_is_refused_is_never_sent_and_its_app_hears_why(head: User, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[Settled] = []
    monkeypatch.setattr(on_settled, "items", [heard.extend])
    partner = make_partner()
    post_many(partner, 11)
    post("later", partner=partner, purpose=MailPurpose.NOTICE, due_at=NOW + timedelta(days=3))
    deliver_due(now=NOW)

    assert guard.refuse(SendingHold.objects.get(), actor=head, now=NOW) == 11
    deliver_due(now=NOW)

    assert list(states().values()).count("withdrawn") == 11
    assert {one.reason for one in heard} == {"refused"}
    assert alarms.standing(partner) == []
    with scopes_disabled():
        deeds = [(deed.verb, deed.actor) for deed in Activity.objects.order_by("pk")]
        assert deeds == [("sending.stopped", None), ("sending.refused", head)]
    assert deliver_due(now=NOW + timedelta(days=3)).sent == 1


def test_administrator_stops_and_lets_go_by_hand(head: User) -> None:
    partner = make_partner()
    hold = guard.hold_all(partner, actor=head, now=NOW)
    assert guard.hold_all(partner, actor=head, now=NOW) == hold
    post_many(partner, 2, MailPurpose.OFFER)
    post("quote", partner=partner, purpose=MailPurpose.QUOTE)
    post_many(make_partner(), 2)

    assert deliver_due(now=NOW).sent == 3

    assert guard.release(hold, actor=head, now=NOW) == 2
    assert deliver_due(now=NOW).sent == 2
