"""Calendars: which one an order follows, and how they change."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django_scopes import scope

from campaigns.models import Calendar, Notice, Step
from campaigns.rules.ladder import DEFAULT_LADDER, Channel, Recipient, Refusal, Rung, Tone
from campaigns.services import calendars
from campaigns.services.calendars import (
    CalendarRefused,
    CalendarUsed,
    ChangedMeanwhile,
    NameTaken,
    NothingToUndo,
    calendar_for,
    change_calendar,
    copy_calendar,
    create_calendar,
    delete_calendar,
    ensure_calendar,
    move_calendar,
    rung_of,
    steps_of,
    switch_calendar,
    undo_change,
    version_of,
)
from campaigns.services.planning import plan_touchpoints
from portal.models import Activity, Partner
from tests import factories
from tests.campaigns.factories import EVERY_DAY, make_calendar, make_step

NOW = datetime.combine(factories.TODAY, time(10), UTC)
LATER = NOW + timedelta(hours=1)


def letter(days: int, **more: Any) -> Rung:
    return Rung(Channel.EMAIL, days, **({"letter": "days_30", "recipients": (Recipient.TECHNICAL,)} | more))


def change(calendar: Calendar, rungs: list[Rung], terms: dict[str, Any] | None = None, **more: Any) -> Calendar:
    said = {"version": version_of(calendar), "actor": None, "now": LATER} | more
    return change_calendar(calendar, terms or {}, rungs, **said)


def rungs_of(calendar: Calendar) -> set[Rung]:
    return {rung_of(step) for step in steps_of(calendar)}


def created(partner: Partner, name: str, **segment: Any) -> Calendar:
    return create_calendar(partner, {"name": name} | segment, [letter(-30)], actor=None, now=NOW)


def names(partner: Partner) -> list[str]:
    return list(Calendar.objects.for_partner(partner).values_list("name", flat=True))


def change_of(calendar: Calendar) -> int:
    """The key of the last thing that was done to it."""
    return int(Activity.objects.about(calendar).values_list("pk", flat=True)[0])


def used(calendar: Calendar) -> Notice:
    """Something planned by the first step of a calendar."""
    order = factories.make_order(calendar.partner)
    at = datetime(2026, 11, 23, 9, tzinfo=UTC)
    return Notice.objects.create(
        partner=calendar.partner,
        step=steps_of(calendar)[0],
        order=order,
        customer=order.customer,
        channel=Channel.EMAIL,
        ends_at=at + timedelta(days=30),
        day=at.date(),
        due_at=at,
        expires_at=at + timedelta(days=5),
        planned_at=NOW,
    )


# Which one


def test_a_partner_without_a_calendar_gets_the_default_one_and_only_once(partner: Partner) -> None:
    made = ensure_calendar(partner)

    assert ensure_calendar(partner) == made
    assert rungs_of(made) == set(DEFAULT_LADDER)
    assert names(partner) == ["All orders"]
    assert set(Step.objects.values_list("since", flat=True)) == {None}


def test_the_default_calendar_is_called_in_the_language_of_its_partner(db: None) -> None:
    francophone = factories.make_partner("Relais Sud", language="fr")

    with scope(partner=francophone):
        assert ensure_calendar(francophone).pk
        assert Calendar.objects.count() == 1


def test_an_order_follows_the_first_calendar_that_fits(partner: Partner) -> None:
    everything = ensure_calendar(partner)
    belgian = created(partner, "Belgium", countries=["BE"])
    ev = created(partner, "EV", levels=["ev"])
    belgium, france = (factories.make_customer(partner, country=code) for code in ("BE", "FR"))
    pro = factories.product("ssl_ev_securesite_flex")

    assert calendar_for(factories.make_order(partner, customer=belgium, product=pro)) == ev
    assert calendar_for(factories.make_order(partner, customer=belgium)) == belgian
    assert calendar_for(factories.make_order(partner, customer=france)) == everything


def test_an_order_without_a_product_follows_what_asks_for_none(partner: Partner) -> None:
    everything = ensure_calendar(partner)
    created(partner, "EV", levels=["ev"])

    assert calendar_for(factories.make_order(partner, product=None)) == everything


@pytest.mark.parametrize("segment", ["families", "levels", "countries", "customers", "owners"])
def test_each_list_of_a_segment_holds_its_orders_and_no_others(partner: Partner, segment: str) -> None:
    owner = factories.make_member(partner)
    inside = factories.make_order(partner, customer=factories.make_customer(partner, country="BE", owner=owner))
    pro = factories.product("ssl_ev_securesite_pro")
    outside = factories.make_order(partner, customer=factories.make_customer(partner, country="FR"), product=pro)
    held = {
        "families": [inside.product.family],  # type: ignore[union-attr]
        "levels": ["ov"],
        "countries": ["BE"],
        "customers": [inside.customer_id],
        "owners": [owner.pk],
    }
    narrow = created(partner, "Some", **{segment: held[segment]})

    assert calendar_for(inside) == narrow
    assert calendar_for(outside) is None


def test_a_calendar_that_is_switched_off_is_passed_over(partner: Partner) -> None:
    everything = ensure_calendar(partner)
    first = created(partner, "First")
    order = factories.make_order(partner)

    assert calendar_for(order) == first
    assert switch_calendar(first, on=False, actor=None, now=NOW)
    assert calendar_for(order) == everything
    assert not switch_calendar(first, on=False, actor=None, now=NOW)


# Changing


def test_a_step_that_stays_keeps_its_row_and_what_moves_is_removed_and_made_anew(partner: Partner) -> None:
    calendar = created(partner, "Mine")
    (kept,) = steps_of(calendar)
    change(calendar, [letter(-30), letter(-7)])
    (seven,) = [step for step in steps_of(calendar) if step.days == -7]
    calendar.refresh_from_db()

    change(calendar, [letter(-30), letter(-5)], now=LATER)

    assert kept in steps_of(calendar)
    assert rungs_of(calendar) == {letter(-30), letter(-5)}
    seven.refresh_from_db()
    assert seven.removed_at == LATER
    assert {step.days: step.since for step in steps_of(calendar)} == {-30: NOW, -5: LATER}


def test_another_letter_or_tone_changes_its_step_in_place_so_that_nothing_goes_out_again(partner: Partner) -> None:
    calendar = created(partner, "Mine")
    (step,) = steps_of(calendar)

    change(calendar, [letter(-30, letter="days_60", tone=Tone.URGENT)])

    assert steps_of(calendar) == [step]
    assert rungs_of(calendar) == {letter(-30, letter="days_60", tone=Tone.URGENT)}
    assert steps_of(calendar)[0].since == NOW


def test_other_readers_make_another_step_that_plans_from_now_on(partner: Partner) -> None:
    calendar = created(partner, "Mine")
    (before,) = steps_of(calendar)

    change(calendar, [letter(-30, recipients=(Recipient.BUYER,))])

    (after,) = steps_of(calendar)
    assert after != before
    assert after.since == LATER


def test_after_a_standstill_new_steps_plan_from_where_planning_stopped(partner: Partner) -> None:
    calendar = created(partner, "Mine")
    stopped = NOW - timedelta(days=3)
    Calendar.objects.filter(pk=calendar.pk).update(planned_until=stopped)

    change(calendar, [letter(-7)])

    assert steps_of(calendar)[0].since == stopped


def test_orders_that_change_their_calendar_are_not_told_again(partner: Partner) -> None:
    everything = ensure_calendar(partner)
    belgian = created(partner, "Belgium", countries=["BE"])
    assert {step.since for step in steps_of(everything)} == {NOW}

    change(belgian, [letter(-30)], {"countries": ["BE", "LU"]}, now=LATER)

    assert {step.since for step in [*steps_of(everything), *steps_of(belgian)]} == {LATER}


def test_the_second_of_two_administrators_is_told_and_overwrites_nothing(partner: Partner) -> None:
    calendar = created(partner, "Mine")
    nadia = factories.make_user()
    read = version_of(calendar)
    change(calendar, [letter(-20)], actor=nadia)

    with pytest.raises(ChangedMeanwhile) as told:
        change(calendar, [letter(-10)], version=read)

    assert told.value.by == nadia
    assert rungs_of(calendar) == {letter(-20)}


def test_steps_that_cannot_stand_change_nothing(partner: Partner) -> None:
    calendar = created(partner, "Mine")

    with pytest.raises(CalendarRefused) as refused:
        change(calendar, [letter(-30), letter(-95)], {"name": "Yours"})

    assert refused.value.refusals == {1: Refusal.BEFORE_WINDOW}
    assert names(partner) == ["Mine"]


def test_a_name_stands_for_one_calendar(partner: Partner) -> None:
    created(partner, "Mine")
    other = created(partner, "Yours")

    with pytest.raises(NameTaken):
        change(other, [letter(-30)], {"name": "Mine"})
    with pytest.raises(NameTaken):
        created(partner, "Mine")

    assert names(partner) == ["Yours", "Mine"]


def test_the_last_change_is_undone_with_all_its_steps_and_hours_and_once_only(partner: Partner) -> None:
    calendar = created(partner, "Mine", sends_at=time(9))
    changed = change(calendar, [letter(-7)], {"name": "Yours", "sends_at": time(10, 30), "days_off": ["2026-12-25"]})
    nadia = factories.make_user()

    restored = undo_change(changed, change_of(changed), actor=nadia, now=LATER)

    restored.refresh_from_db()
    assert (restored.name, restored.sends_at, restored.days_off) == ("Mine", time(9), [])
    assert rungs_of(restored) == {letter(-30)}
    assert Activity.objects.about(restored).values_list("verb", "actor")[0] == ("calendar.restored", nadia.pk)
    with pytest.raises(NothingToUndo):
        undo_change(restored, change_of(changed), actor=nadia, now=LATER)


def test_a_change_is_not_undone_over_the_one_that_came_after_it(partner: Partner) -> None:
    first = change(created(partner, "Mine"), [letter(-20)])
    mine = change_of(first)
    change(first, [letter(-10)])

    with pytest.raises(NothingToUndo):
        undo_change(first, mine, actor=None, now=LATER)

    assert rungs_of(first) == {letter(-10)}


# The list


def test_calendars_are_asked_in_the_order_that_people_give_them(partner: Partner) -> None:
    ensure_calendar(partner)
    first, second = created(partner, "First"), created(partner, "Second")

    move_calendar(first, by=-1, actor=None, now=NOW)
    assert names(partner) == ["First", "Second", "All orders"]

    move_calendar(first, by=-1, actor=None, now=NOW)
    move_calendar(second, by=1, actor=None, now=NOW)
    assert names(partner) == ["First", "All orders", "Second"]


def test_a_copy_says_the_same_is_off_and_stands_before_what_it_was_made_from(partner: Partner) -> None:
    original = ensure_calendar(partner)
    created(partner, "First")

    copy = copy_calendar(original, name="Copy", actor=None, now=NOW)

    assert not copy.is_active
    assert rungs_of(copy) == set(DEFAULT_LADDER)
    assert names(partner) == ["First", "Copy", "All orders"]
    with pytest.raises(NameTaken):
        copy_calendar(original, name="Copy", actor=None, now=NOW)


def test_a_calendar_is_deleted_only_if_nothing_was_ever_planned_by_it(partner: Partner) -> None:
    ensure_calendar(partner)
    mine, yours = created(partner, "Mine"), created(partner, "Yours")
    used(mine)

    delete_calendar(yours, actor=None, now=NOW)
    with pytest.raises(CalendarUsed):
        delete_calendar(mine, actor=None, now=NOW)

    assert names(partner) == ["Mine", "All orders"]


def test_another_partners_calendars_count_for_nothing(partner: Partner) -> None:
    mine = ensure_calendar(partner)
    other = factories.make_partner("Nordwind")
    with scope(partner=other):
        theirs = create_calendar(other, {"name": "All orders"}, [letter(-30)], actor=None, now=NOW)

    order = factories.make_order(partner)

    assert calendars.calendars_of(partner) == [mine]
    assert calendar_for(order) == mine
    with pytest.raises(Calendar.DoesNotExist):
        change(theirs, [letter(-7)])


# With the planner


def planned_days(partner: Partner, now: datetime) -> dict[int | None, str]:
    """What of e-mail is there after planning, by the day of its step; of several the last that was planned."""
    plan_touchpoints(now=now, partner=partner)
    notices = Notice.objects.filter(channel=Channel.EMAIL, certificate=None).order_by("pk")
    return dict(notices.values_list("step__days", "state"))


@pytest.fixture
def thirty_days_ago(partner: Partner) -> Calendar:
    """A calendar whose letter of the thirtieth day has gone out, for an order whose 29th day it is."""
    calendar = make_calendar(partner)
    make_step(calendar, -30)
    order = factories.make_order(partner, ends_on=factories.TODAY + timedelta(days=29))
    factories.make_contact(order.customer, time_zone="UTC")
    assert planned_days(partner, NOW) == {-30: "planned"}
    Notice.objects.update(state="sent")
    calendar.refresh_from_db()
    return calendar


def test_a_step_that_is_moved_by_a_day_or_two_writes_to_nobody_who_had_it(
    partner: Partner, thirty_days_ago: Calendar
) -> None:
    change(thirty_days_ago, [letter(-29), letter(-27)], now=LATER)

    # the 29th day was due an hour ago, and is within its days of grace; the 27th is still to come
    assert planned_days(partner, LATER + timedelta(minutes=1)) == {-30: "sent", -27: "planned"}


def test_a_calendar_that_takes_an_order_over_does_not_say_again_what_the_other_has_said(
    partner: Partner, thirty_days_ago: Calendar
) -> None:
    terms = {"name": "First", "levels": ["ov"], "working_days": EVERY_DAY}
    create_calendar(partner, terms, [letter(-30), letter(-25)], actor=None, now=LATER)

    assert planned_days(partner, LATER + timedelta(minutes=1)) == {-30: "sent", -25: "planned"}


def test_a_change_that_is_undone_leaves_nothing_unsaid(partner: Partner) -> None:
    calendar = make_calendar(partner)
    make_step(calendar, -30)
    order = factories.make_order(partner, ends_on=factories.TODAY + timedelta(days=33))
    factories.make_contact(order.customer, time_zone="UTC")
    assert planned_days(partner, NOW) == {-30: "planned"}
    calendar.refresh_from_db()

    changed = change(calendar, [letter(-60)])
    assert planned_days(partner, LATER) == {-30: "silent"}
    undo_change(changed, change_of(changed), actor=None, now=LATER)

    assert planned_days(partner, LATER + timedelta(minutes=1)) == {-30: "planned"}
