"""What lies behind the demo's partner: letters, calls and messages that went, and nothing that leaves by itself."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.management import call_command
from django_scopes import scope

from campaigns.models import Attempt, Call, EventLetter, Notice
from campaigns.services.copies import copy_of
from campaigns.states import Channel, NoticeState
from portal import clock
from portal.models import OutgoingMail, Partner
from portal.models.mail import MASS_PURPOSES, MailState


@pytest.fixture
def relais(demo_once: Partner, db: None) -> Partner:
    return demo_once


def test_the_outbox_of_the_demo_knows_what_went_what_did_not_and_what_comes(relais: Partner) -> None:
    with scope(partner=relais):
        states = set(Notice.objects.values_list("channel", "state"))
        late = Notice.objects.planned().filter(expires_at__lte=clock.now())

        assert {(channel, NoticeState.SENT) for channel in Channel} <= states
        assert {("email", state) for state in ("planned", "held", "failed", "sent")} <= states
        assert not Notice.objects.filter(state=NoticeState.SENT, decided_at__gt=clock.now()).exists()
        assert not late.exists()


def test_no_letter_of_the_past_waits_to_be_sent_and_some_can_be_read(relais: Partner) -> None:
    with scope(partner=relais):
        letters = OutgoingMail.objects.filter(purpose__in=MASS_PURPOSES, key__regex="^(touch|event):")
        told = EventLetter.objects.select_related("mail").get()

        assert {letter.state for letter in letters} == {MailState.SENT}
        assert [letter.text + letter.html for letter in letters] == [""] * len(letters)
        assert [copy for copy in map(copy_of, letters) if copy is None] == []
        assert told.mail in letters


def test_calls_of_earlier_weeks_were_made(relais: Partner) -> None:
    with scope(partner=relais):
        noted = Attempt.objects.filter(call__state=Call.State.DONE)

        assert noted.count() >= 3
        assert not noted.filter(at__gt=clock.now()).exists()
        assert Call.objects.open().exists()


def test_the_portal_goes_on_from_there(relais: Partner) -> None:
    with scope(partner=relais):
        before = set(Notice.objects.filter(state=NoticeState.SENT).values_list("pk", flat=True))
        call_command("plan_touchpoints", verbosity=0)

        assert before == set(Notice.objects.filter(state=NoticeState.SENT).values_list("pk", flat=True))
        assert not Notice.objects.filter(planned_at__gt=clock.now() + timedelta(minutes=5)).exists()
