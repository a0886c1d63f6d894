"""Why (not)? Every step of an order's calendar in a sentence: what happened, what will, and what decided it."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaigns.models import Attempt, Calendar, Call, CallItem, Notice, Step
from campaigns.services.explaining import Outcome, explain
from campaigns.services.planning import plan_touchpoints
from campaigns.states import Channel, NoticeState, Reason
from campaigns.wording import why
from certificates.models import Contact, Order, Reply
from certificates.services.marks import switch_notices
from certificates.states import EmailState
from portal.models import Partner
from portal.roles import Role
from tests.campaigns.factories import make_calendar, make_notice, make_step
from tests.certificates.expiring import sign_in, text
from tests.factories import (
    TODAY,
    make_contact,
    make_customer,
    make_member,
    make_order,
    make_partner,
    make_request,
    make_user,
)

NOW = datetime.combine(TODAY, time(12), UTC)


@pytest.fixture(autouse=True)
def _one_factor(settings: pytest.FixtureRequest) -> None:
    settings.MFA_REQUIRED = False  # type: ignore[attr-defined]


@pytest.fixture
def calendar(partner: Partner) -> Calendar:
    return make_calendar(partner, planned_until=NOW + timedelta(days=7))


@pytest.fixture
def order(partner: Partner) -> Order:
    """Ends on 22 December 2026; its technical contact reads in Paris."""
    customer = make_customer(partner)
    contact = make_contact(customer, "Ada Morel", email="ada@granit.example", time_zone="Europe/Paris")
    return make_order(partner, customer=customer, contact=contact, ends_on=TODAY + timedelta(days=30))


def told(order: Order) -> list[str]:
    """Every step's sentence, in the order of their days."""
    order = Order.objects.select_related("partner", "customer__owner__user", "contact").get(pk=order.pk)
    found = explain(order, now=NOW)
    return [why.told(one) for one in (*found.earlier, *found.steps)]


def notice_of(order: Order, step: Step, **fields: Any) -> Notice:
    return make_notice(order, step, order.contact, **{"due_at": NOW, **fields})


# What happened


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        (
            {"state": "sent", "decided_at": datetime(2026, 10, 3, 7, tzinfo=UTC)},
            "The letter “60 days before the end” went to Ada Morel on 3 October 2026, 09:00 (Paris).",
        ),
        (
            {"state": "queued", "decided_at": NOW},
            "The letter to Ada Morel has been on its way since 22 November 2026, 13:00 (Paris).",
        ),
        ({"state": "held"}, "Held back by one of us; by the calendar it is due on 22 November 2026, 13:00 (Paris)."),
        (
            {"state": "failed", "reason": Reason.SERVER, "detail": "554 5.7.1 no", "decided_at": NOW},
            "Not sent on 22 November 2026, 13:00 (Paris): the mail server refused the letter (554 5.7.1 no).",
        ),
        (
            {"state": "failed", "reason": Reason.TEMPLATE, "detail": "unknown word: frist", "decided_at": NOW},
            "Not sent on 22 November 2026, 13:00 (Paris): the letter could not be written (unknown word: frist).",
        ),
        (
            {"state": "missed", "reason": Reason.GRACE_OVER, "decided_at": NOW},
            "Not sent: it was due on 22 November 2026, 13:00 (Paris) and of use until 27 November 2026, 13:00 (Paris), "
            "and could not leave in between.",
        ),
        (
            {"state": "missed", "reason": Reason.OVERTAKEN, "decided_at": NOW},
            "Not sent: a later step was due by then and took its place.",
        ),
        (
            {"state": "suppressed", "reason": Reason.OPTED_OUT, "decided_at": NOW},
            "Not sent: Ada Morel wants no letters about it.",
        ),
        (
            {"state": "suppressed", "reason": Reason.BAD_ADDRESS, "detail": "550 5.1.1 unknown", "decided_at": NOW},
            "Not sent: letters to ada@granit.example do not arrive (550 5.1.1 unknown).",
        ),
        (
            {"state": "silent", "reason": Reason.STEP_REMOVED, "decided_at": NOW},
            "Not sent: its step was taken out of the calendar.",
        ),
        (
            {"state": "planned", "due_at": NOW + timedelta(days=1)},
            "Will be sent on 23 November 2026, 13:00 (Paris) to Ada Morel.",
        ),
        ({"state": "planned"}, "It is due, and leaves within minutes, or as soon as its reader may be reached."),
    ],
)
def test_what_became_of_a_notice_is_one_sentence_with_its_dates_and_names(
    calendar: Calendar, order: Order, fields: dict[str, Any], sentence: str
) -> None:
    notice_of(order, make_step(calendar, -60), **fields)

    assert told(order) == [sentence]


def test_calls_and_messages_are_told_in_their_own_words(calendar: Calendar, order: Order) -> None:
    for channel in (Channel.CONSOLE, Channel.TELEPHONE):
        step = make_step(calendar, -30, channel)
        make_notice(order, step, due_at=NOW, state=NoticeState.SENT, decided_at=NOW)

    assert told(order) == [
        "“30 days before the end” was shown from 22 November 2026, 12:00 (UTC) on.",
        "The call “30 days before the end” came onto the call list on 22 November 2026, 12:00 (UTC).",
    ]


def test_every_state_and_every_reason_has_a_sentence(calendar: Calendar, order: Order) -> None:
    step = make_step(calendar, -30)
    notice = notice_of(order, step)
    for state in NoticeState.values:
        for reason in Reason.values:
            Notice.objects.filter(pk=notice.pk).update(state=state, reason=reason, decided_at=NOW)

            (sentence,) = told(order)

            assert sentence.endswith(".")
            assert "None" not in sentence


# Why all is quiet


def test_a_renewal_is_told_with_its_day_and_number(partner: Partner, calendar: Calendar, order: Order) -> None:
    result = make_order(partner, customer=order.customer, number="123")
    asked = datetime(2026, 10, 2, 9, tzinfo=UTC)
    make_request(order, requested_at=asked, state="issued", result=result)
    Order.objects.filter(pk=order.pk).update(renewal_mark="renewed", successor_number="123")
    notice_of(order, make_step(calendar, -60), state="silent", reason=Reason.RENEWED, decided_at=asked)
    make_step(calendar, -7)

    assert told(order) == [
        "Not sent: the order was renewed on 2 October 2026 by order 123.",
        "Nothing is sent: the order was renewed on 2 October 2026 by order 123.",
    ]


def test_whoever_switched_the_notices_off_is_named(partner: Partner, calendar: Calendar, order: Order) -> None:
    make_step(calendar, -7)
    claire = make_member(partner, user=make_user(first_name="Claire", last_name="Martin")).user
    with time_machine.travel(datetime(2026, 11, 23, 12, tzinfo=UTC)):
        switch_notices(Order.objects.filter(pk=order.pk), enabled=False, actor=claire)

    assert told(order) == ["Nothing is sent: Claire Martin switched the notices of the order off on 22 November 2026."]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"status": "revoked"}, "Nothing is sent: the order is cancelled, revoked or not issued."),
        ({"renewal_mark": "elsewhere"}, "Nothing is sent: the order was renewed elsewhere."),
    ],
)
def test_an_order_that_is_no_more_is_quiet(
    calendar: Calendar, order: Order, change: dict[str, Any], sentence: str
) -> None:
    make_step(calendar, -7)
    Order.objects.filter(pk=order.pk).update(**change)

    assert told(order) == [sentence]


def test_what_is_put_off_or_promised_waits_and_says_until_when(
    partner: Partner, calendar: Calendar, order: Order
) -> None:
    make_step(calendar, -7)
    reply = Reply.objects.create(
        partner=partner, order=order, kind="not_now", until=date(2026, 12, 20), said_by="Zoé Roy", at=NOW
    )
    assert told(order) == [
        "Due on 15 December 2026, 09:00 (Paris), and not spoken of for now: Zoé Roy has put it off until "
        "20 December 2026."
    ]

    reply.delete()
    call = Call.objects.create(partner=partner, customer=order.customer, due_on=TODAY, opened_at=NOW)
    CallItem.objects.create(partner=partner, call=call, order=order)
    Attempt.objects.create(
        partner=partner,
        call=call,
        outcome="promised",
        promised_on=date(2026, 12, 1),
        due_before=TODAY,
        at=NOW,
        by=make_user(),
    )
    assert told(order)[0].endswith(
        "the customer promised on the telephone on 22 November 2026 to renew by 1 December 2026."
    )


# What the rules will do, or did not


def test_what_lies_ahead_is_worked_out_by_the_same_rules_that_plan(
    partner: Partner, calendar: Calendar, order: Order
) -> None:
    for days in (-28, -7, 7):
        make_step(calendar, days, recipients=["technical", "owner"])
    owner = make_member(partner, user=make_user(first_name="Claire", last_name="Martin", time_zone="UTC"))
    order.customer.owner = owner
    order.customer.save()
    foretold, first = explain(Order.objects.get(pk=order.pk), now=NOW), told(order)[:2]

    for day in range(60):
        plan_touchpoints(now=NOW + timedelta(days=day), partner=partner)

    planned = {(one.step_id, one.day, one.due_at, one.expires_at) for one in Notice.objects.all()}
    assert {one.outcome for one in foretold.steps} == {Outcome.WILL}
    assert {(one.step.pk, one.day, one.at, one.expires_at) for one in foretold.steps} == planned
    assert len(foretold.steps) == len(planned) == 6
    assert first == [
        "Will be sent on 24 November 2026, 09:00 (Paris) to Ada Morel.",
        "Will be sent on 24 November 2026, 09:00 (UTC) to Claire Martin.",
    ]


def test_a_step_before_the_order_came_says_so(partner: Partner, calendar: Calendar, order: Order) -> None:
    make_step(calendar, -60)
    Order.objects.filter(pk=order.pk).update(placed_at=datetime(2026, 11, 5, 12, tzinfo=UTC))

    assert told(order) == [
        "Nothing went out: the order came on 5 November 2026, after the step's day (23 October 2026); "
        "its grace: 5 days."
    ]


def test_an_order_whose_end_became_known_late_says_so(calendar: Calendar, order: Order) -> None:
    make_step(calendar, -60)

    assert told(order) == [
        "Nothing went out: when this order and its end became known here, the step's day (23 October 2026) and the "
        "grace of 5 days were over."
    ]


def test_a_step_that_is_younger_than_its_day_says_since_when_it_stands(calendar: Calendar, order: Order) -> None:
    make_step(calendar, -60, since=NOW)

    assert told(order) == ["Nothing was sent on 23 October 2026: this step came into the calendar on 22 November 2026."]


@pytest.mark.parametrize("idle", [True, False])
def test_what_another_calendar_has_said_is_not_announced_again(
    partner: Partner, calendar: Calendar, order: Order, idle: bool
) -> None:
    step, other = make_step(calendar, -28), make_calendar(partner, "Meanwhile", position=9)
    if idle:
        notice_of(order, step, state="silent", reason=Reason.CALENDAR_CHANGED, decided_at=NOW)
    notice_of(order, make_step(other, -28), state="sent", decided_at=NOW)

    assert told(order)[-1] == (
        "Nothing goes out: the same was said on 22 November 2026, 13:00 (Paris) by another step of that day."
    )

    Notice.objects.filter(state="sent").update(ends_at=NOW)
    assert "the same was said" not in told(order)[-1]


@pytest.mark.parametrize("idle", [True, False])
def test_what_one_of_us_was_told_is_still_said_to_a_contact_of_the_same_name_and_address(
    partner: Partner, calendar: Calendar, order: Order, idle: bool
) -> None:
    step, other = make_step(calendar, -28), make_calendar(partner, "Meanwhile", position=9)
    user = make_user("ada@granit.example", first_name="Ada", last_name="Morel", time_zone="Europe/Paris")
    if idle:
        notice_of(order, step, state="silent", reason=Reason.CALENDAR_CHANGED, decided_at=NOW)
    owner = make_member(partner, user=user)
    make_notice(order, make_step(other, -28), member=owner, due_at=NOW, state="sent", decided_at=NOW)

    assert "the same was said" not in told(order)[-1]


def test_a_step_on_the_certificates_life_gives_way_to_the_renewal(calendar: Calendar, order: Order) -> None:
    make_step(calendar, share=15)

    assert told(order) == [
        "No reissue is asked for: the order itself ends with this certificate, or soon after, and is renewed."
    ]


def test_a_step_outside_the_life_says_so(calendar: Calendar, order: Order) -> None:
    make_step(calendar, -60)
    Order.objects.filter(pk=order.pk).update(starts_at=NOW - timedelta(days=1))

    assert told(order) == ["Nothing goes out: this day lies before the order began."]


def test_where_nobody_can_be_reached_nobody_is_told(calendar: Calendar, order: Order) -> None:
    make_step(calendar, -7)
    Contact.objects.update(email_state=EmailState.BOUNCED)

    assert told(order) == ["Not sent: nobody at the customer can be reached by e-mail."]


def test_notices_about_an_end_that_has_moved_are_told_apart(calendar: Calendar, order: Order) -> None:
    step = make_step(calendar, -60)
    notice_of(order, step, state="silent", reason=Reason.END_MOVED, decided_at=NOW)
    Order.objects.filter(pk=order.pk).update(ends_at=order.ends_at + timedelta(days=90))  # type: ignore[operator]

    found = explain(Order.objects.get(pk=order.pk), now=NOW)

    assert [why.told(one) for one in found.earlier] == ["Not sent: the end it spoke of (23 December 2026) has moved."]
    assert [one.outcome for one in found.steps] == [Outcome.WILL]


# Which calendar


def test_the_calendar_that_applies_is_named_with_what_it_is_for(partner: Partner, order: Order) -> None:
    assert why.calendar_words(explain(order, now=NOW).calendar) == (
        "No calendar applies to this order: none in use fits it."
    )
    make_calendar(partner, "All orders", position=2)
    assert why.calendar_words(explain(order, now=NOW).calendar) == (
        "The calendar “All orders” applies: it is for every order that no other calendar takes."
    )
    make_calendar(partner, "EV", position=1, levels=["ov", "ev"])
    assert why.calendar_words(explain(order, now=NOW).calendar).startswith(
        "The calendar “EV” applies: the order fits its validation levels ("
    )


# The page


def test_support_reads_the_whole_calendar_aloud_and_asks_about_one_day(
    partner: Partner, calendar: Calendar, order: Order
) -> None:
    sam = sign_in(partner, Role.SUPPORT)
    sent = datetime(2026, 10, 23, 7, tzinfo=UTC)
    notice_of(order, make_step(calendar, -60), state="sent", due_at=sent, day=sent.date(), decided_at=sent)
    make_step(calendar, -7)
    url = reverse("campaigns:why", args=[order.pk])
    went = "The letter “60 days before the end” went to Ada Morel on 23 October 2026, 09:00 (Paris)."

    whole, asked, between = (text(sam.get(f"{url}{query}")) for query in ("", "?on=2026-10-23", "?on=2026-11-01"))

    assert went in whole
    assert asked.count(went) == 2
    assert (
        "No step stands on 1 November 2026: the one before it is on 23 October 2026, the next on 15 December 2026."
        in between
    )
    assert sam.get(f"{url}?on=nonsense").status_code == 200
    assert sam.get(f"{url}?on=2026-02-31").status_code == 200


def test_another_partners_order_is_not_explained(partner: Partner) -> None:
    foreign = make_order(make_partner("Autre Partner"))

    assert sign_in(partner).get(reverse("campaigns:why", args=[foreign.pk])).status_code == 404


def test_explaining_asks_as_many_questions_for_one_notice_as_for_many(calendar: Calendar, order: Order) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as captured:
            told(order)
        return len(captured)

    notice_of(order, make_step(calendar, -60))
    one = asked()
    for days in range(-50, -10, 5):
        notice_of(order, make_step(calendar, days), state="sent")

    assert asked() == one
