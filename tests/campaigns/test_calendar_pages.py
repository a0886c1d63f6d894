"""The calendar on screen: looked at by staff, foreseen before it is saved, changed by administrators who meet."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from campaigns.models import Calendar
from campaigns.rules.ladder import DEFAULT_LADDER, Channel, Recipient, Rung
from campaigns.services.calendars import create_calendar, ensure_calendar, rung_of, steps_of
from certificates.states import ContactRole
from portal import clock
from portal.contributions import activity_words
from portal.models import Activity, Membership, Partner
from portal.roles import Role
from tests import factories
from tests.campaigns.factories import make_notice
from tests.factories import TODAY
from tests.offers.reading import words
from tests.queries import assert_query_baseline


@pytest.fixture(autouse=True)
def _one_key(settings: Settings) -> None:
    settings.MFA_REQUIRED = False


def browser_of(member: Membership) -> Client:
    client = Client()
    client.force_login(member.user)
    return client


@pytest.fixture
def nadia(partner: Partner) -> Membership:
    return factories.make_member(partner, Role.ADMINISTRATOR)


@pytest.fixture
def desk(nadia: Membership) -> Client:
    """The browser of an administrator."""
    return browser_of(nadia)


@pytest.fixture
def ladder(partner: Partner) -> Calendar:
    return ensure_calendar(partner)


def url(name: str, calendar: Calendar | None = None) -> str:
    return reverse(f"campaigns:{name}", args=[calendar.pk] if calendar else [])


def row(rung: Rung) -> dict[str, Any]:
    number, when = (rung.share, "share") if rung.share is not None else (rung.days, "before")
    if when == "before" and number and number > 0:
        when = "after"
    return {
        "channel": rung.channel.value,
        "amount": abs(number or 0),
        "when": when,
        "letter": rung.letter,
        "tone": rung.tone.value,
        "recipients": [one.value for one in rung.recipients],
    }


def typed(rungs: Sequence[Rung], **more: Any) -> dict[str, Any]:
    """All that the form sends for these steps."""
    said: dict[str, Any] = {
        "name": "All orders",
        "sends_at": "09:00",
        "quiet_from": "18:00",
        "quiet_until": "08:00",
        "working_days": ["1", "2", "3", "4", "5"],
        "grace_days": "5",
        "step-TOTAL_FORMS": str(len(rungs)),
        "step-INITIAL_FORMS": "0",
        "step-MIN_NUM_FORMS": "0",
        "step-MAX_NUM_FORMS": "40",
    }
    for number, rung in enumerate(rungs):
        said |= {f"step-{number}-{name}": value for name, value in row(rung).items()}
    return said | more


def hidden(response: Any, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', response.content.decode())
    return found[1] if found else ""


def changes(response: Any) -> set[tuple[str, str]]:
    """What the page says would change, by its kind."""
    return set(re.findall(r'<li class="is-(\w+)">.*?<div>([^<]+)', response.content.decode(), re.S))


def save(client: Client, calendar: Calendar, said: dict[str, Any], version: str = "") -> Any:
    """Look at what it brings, then save it, as a reader without scripts does."""
    version = version or hidden(client.get(url("calendar_edit", calendar)), "version")
    looked = client.post(url("calendar_edit", calendar), said | {"version": version, "save": "1"})
    mark = hidden(looked, "foreseen")
    return client.post(url("calendar_edit", calendar), said | {"version": version, "save": "1", "foreseen": mark})


def rungs_of(calendar: Calendar) -> set[Rung]:
    return {rung_of(step) for step in steps_of(calendar)}


def moved(days: int, to: int) -> list[Rung]:
    """The default ladder with its letter of one day on another."""
    return [
        replace(rung, days=to) if rung.days == days and rung.channel is Channel.EMAIL else rung
        for rung in DEFAULT_LADDER
    ]


# Looking


def test_without_a_calendar_the_page_shows_the_usual_ladder_and_a_press_takes_it(
    desk: Client, partner: Partner
) -> None:
    shown = words(desk.get(url("calendar")))
    assert "There is no calendar yet" in shown
    assert not Calendar.objects.exists()

    for _press in range(2):
        assert desk.post(url("calendar_start")).status_code == 302

    assert rungs_of(Calendar.objects.get()) == set(DEFAULT_LADDER)


def test_support_reads_the_calendar_and_changes_nothing(partner: Partner, ladder: Calendar) -> None:
    sam = browser_of(factories.make_member(partner, Role.SUPPORT))

    page = sam.get(url("calendar"))

    assert "90 days before the end" in words(page)
    assert url("calendar_edit", ladder) not in page.content.decode()
    assert sam.get(url("calendar_edit", ladder)).status_code == 403
    assert sam.post(url("calendar_switch", ladder), {"on": "0"}).status_code == 403


def test_the_page_counts_a_year_of_the_partners_own_orders(desk: Client, partner: Partner, ladder: Calendar) -> None:
    customer = factories.make_customer(partner)
    factories.make_contact(customer, role=ContactRole.BUYER)
    day = TODAY + timedelta(days=20)
    factories.make_order(partner, customer=customer, ends_on=day)
    factories.make_order(partner, customer=customer, ends_on=day)  # shares its letters
    factories.make_order(partner, customer=customer, ends_on=day, renewal_mark="renewed")

    shown = words(desk.get(url("calendar")))

    # one end, to 1 + 1 + 2 + 2 + 2 + 2 readers; a certificate, once, three and seven times to 1 + 1 + 2
    assert "A year of the 2 live orders" in shown
    assert "Letters before and after the end 1 × 10 = 10" in shown
    assert "Letters about reissues 7 × 4 = 28" in shown
    assert re.search(r"199 days per order: letters 9, reissues 1 14 3 ", shown)
    assert re.search(r"46 days per order: letters 27, reissues 7 38 3 ", shown)


def test_orders_are_counted_where_they_belong_and_those_that_belong_nowhere_are_told(
    desk: Client, partner: Partner
) -> None:
    belgian = create_calendar(
        partner, {"name": "Belgium", "countries": ["BE"]}, DEFAULT_LADDER, actor=None, now=clock.now()
    )
    factories.make_order(partner, customer=factories.make_customer(partner, country="BE"))
    factories.make_order(partner, customer=factories.make_customer(partner, country="FR"))

    shown = words(desk.get(url("calendar_one", belgian)))

    assert "Live orders that follow it today: 1." in shown
    assert "1 live order follows no calendar: nobody hears of its end." in shown
    assert "Countries BE" in shown


def test_the_page_asks_as_little_with_many_calendars_as_with_one(desk: Client, partner: Partner) -> None:
    def add(number: int) -> None:
        for _each in range(number):
            name = f"Calendar {Calendar.objects.count()}"
            create_calendar(partner, {"name": name, "levels": ["ov"]}, DEFAULT_LADDER, actor=None, now=clock.now())
            factories.make_order(partner)
        desk.get(url("calendar"))  # what is counted is remembered for a minute

    assert_query_baseline(desk, url("calendar"), "calendar", add_rows=add, many=8)


# Foreseeing


def test_the_preview_tells_what_a_year_brings_and_what_changes_and_saves_nothing(
    desk: Client, partner: Partner, ladder: Calendar
) -> None:
    factories.make_order(partner)
    notice = make_notice(factories.make_order(partner), next(one for one in steps_of(ladder) if one.days == -90))
    calls = [rung for rung in moved(-90, -75) if rung.channel is not Channel.TELEPHONE]

    answer = desk.post(url("calendar_preview"), typed(calls, calendar=str(ladder.pk)))

    shown = words(answer)
    assert changes(answer) == {
        ("removed", "E-mail: 90 days before the end"),
        ("added", "E-mail: 75 days before the end"),
        ("removed", "Telephone: 30 days before the end"),
        ("removed", "Telephone: 7 days before the end"),
        ("removed", "Telephone: 7 days after the end"),
    }
    assert "1 notice that is planned falls silent." in shown
    assert hidden(answer, "foreseen")
    assert rungs_of(ladder) == set(DEFAULT_LADDER)
    notice.refresh_from_db()
    assert notice.state == "planned"


def test_the_preview_says_why_a_step_cannot_stand_and_lets_nothing_be_saved(desk: Client, ladder: Calendar) -> None:
    answer = desk.post(url("calendar_preview"), typed(moved(-90, -95), calendar=str(ladder.pk)))

    assert "Renewals open 90 days before the end" in words(answer)
    assert not hidden(answer, "foreseen")


def test_the_preview_follows_the_segment_that_is_typed(desk: Client, partner: Partner, ladder: Calendar) -> None:
    for country in ("BE", "FR", "FR"):
        factories.make_order(partner, customer=factories.make_customer(partner, country=country))

    everybody = words(desk.post(url("calendar_preview"), typed(DEFAULT_LADDER, name="")))
    french = words(desk.post(url("calendar_preview"), typed(DEFAULT_LADDER, name="French", countries="fr")))

    assert "A year of the 3 live orders" in everybody
    assert "A year of the 2 live orders" in french


# Saving


def test_nothing_is_saved_before_its_reader_has_seen_what_it_brings(desk: Client, ladder: Calendar) -> None:
    said = typed(moved(-60, -50), version=hidden(desk.get(url("calendar_edit", ladder)), "version"), save="1")

    first = desk.post(url("calendar_edit", ladder), said)

    assert first.status_code == 200
    assert "Nothing is saved yet. Look at what it would bring in a year" in words(first)
    assert 'value="50"' in first.content.decode()
    assert rungs_of(ladder) == set(DEFAULT_LADDER)

    second = desk.post(url("calendar_edit", ladder), said | {"foreseen": hidden(first, "foreseen")})

    assert second.status_code == 302
    assert rungs_of(ladder) == set(moved(-60, -50))


def test_a_change_after_looking_is_looked_at_again(desk: Client, ladder: Calendar) -> None:
    said = typed(moved(-60, -50), version=hidden(desk.get(url("calendar_edit", ladder)), "version"), save="1")
    mark = hidden(desk.post(url("calendar_edit", ladder), said), "foreseen")

    answer = desk.post(url("calendar_edit", ladder), said | typed(moved(-60, -40)) | {"foreseen": mark})

    assert answer.status_code == 200
    assert rungs_of(ladder) == set(DEFAULT_LADDER)


def test_a_saved_change_is_told_in_the_record_and_undone_with_one_press(desk: Client, ladder: Calendar) -> None:
    said = typed(moved(-60, -50), name="House", sends_at="10:30", days_off="2026-12-25")

    assert save(desk, ladder, said).url == url("calendar_one", ladder)
    ladder.refresh_from_db()
    deed = Activity.objects.about(ladder).first()
    assert deed is not None
    told = next(one for one in activity_words.items if deed.verb in one.verbs).describe(deed.verb, deed.facts)
    assert (ladder.name, ladder.days_off, rungs_of(ladder)) == ("House", ["2026-12-25"], set(moved(-60, -50)))
    assert told[0] == "Calendar changed"
    assert "E-mail: 50 days before the end" in str(told[1])

    desk.post(url("calendar_undo", ladder), {"change": str(deed.pk)})
    again = desk.post(url("calendar_undo", ladder), {"change": str(deed.pk)}, follow=True)

    ladder.refresh_from_db()
    assert (ladder.name, ladder.days_off, rungs_of(ladder)) == ("All orders", [], set(DEFAULT_LADDER))
    assert "There is nothing to undo" in words(again)


def test_the_second_of_two_administrators_loses_nothing_and_overwrites_knowingly(
    desk: Client, partner: Partner, ladder: Calendar
) -> None:
    olga = browser_of(factories.make_member(partner, Role.ADMINISTRATOR, user=factories.make_user(first_name="Olga")))
    read = hidden(desk.get(url("calendar_edit", ladder)), "version")
    save(olga, ladder, typed(moved(-60, -55)))

    told = save(desk, ladder, typed(moved(-60, -50), name="Mine"), version=read)

    assert told.status_code == 409
    assert "Olga Martin has saved this calendar after you opened it." in words(told)
    assert ("removed", "E-mail: 55 days before the end") in changes(told)
    assert 'value="Mine"' in told.content.decode()
    assert rungs_of(ladder) == set(moved(-60, -55))

    again = {"version": hidden(told, "version"), "foreseen": hidden(told, "foreseen")}
    assert (
        desk.post(url("calendar_edit", ladder), typed(moved(-60, -50), name="Mine", save="1") | again).status_code
        == 302
    )
    assert rungs_of(ladder) == set(moved(-60, -50))


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"sends_at": "07:00"}, "This lies in the quiet hours."),
        ({"quiet_until": "18:00"}, "nothing could ever be sent"),
        ({"working_days": []}, "Tick at least one day."),
        ({"days_off": "Christmas"}, "“Christmas” is no date."),
        ({"customers": "Nobody Ltd"}, "There is no customer “Nobody Ltd”."),
        ({"countries": "France"}, "“FRANCE” is no code of a country."),
        ({"grace_days": "0"}, "greater than or equal to 1"),
        ({"step-0-amount": ""}, "Write how many days"),
        ({"step-0-amount": "91"}, "Renewals open 90 days before the end"),
        ({"step-0-amount": "61", "step-0-when": "after"}, "Later than 60 days after the end"),
        ({"step-0-amount": "1", "step-0-when": "share"}, "leaves less than 3 days"),
        ({"step-0-amount": "95", "step-0-when": "share"}, "outside the certificate&#x27;s life"),
        ({"step-0-letter": ""}, "Choose the letter."),
        ({"step-0-recipients": []}, "Tick at least one recipient."),
        ({"step-1-amount": "90"}, "There is another step on this channel at the same moment."),
    ],
)
def test_what_cannot_be_saved_says_why_and_loses_nothing(
    desk: Client, ladder: Calendar, more: dict[str, Any], told: str
) -> None:
    said = typed(DEFAULT_LADDER, **{"name": "Typed for nothing", "step-2-amount": "33"} | more)

    answer = desk.post(url("calendar_edit", ladder), said | {"save": "1", "foreseen": "-"})

    shown = answer.content.decode()
    assert answer.status_code == 422
    assert told in shown
    assert 'value="Typed for nothing"' in shown
    assert 'value="33"' in shown
    assert rungs_of(ladder) == set(DEFAULT_LADDER)


def test_another_step_is_added_and_a_ticked_one_removed_without_scripts(desk: Client, ladder: Calendar) -> None:
    added = desk.post(url("calendar_edit", ladder), typed(DEFAULT_LADDER, add="telephone"))
    assert f'name="step-{len(DEFAULT_LADDER)}-amount" value="14"' in added.content.decode()

    call = Rung(Channel.TELEPHONE, -14)
    said = typed([*DEFAULT_LADDER, call]) | {"step-0-DELETE": "on", "step-0-amount": ""}
    assert save(desk, ladder, said).status_code == 302

    assert rungs_of(ladder) == {*DEFAULT_LADDER[1:], call}


def test_a_calendar_for_some_orders_comes_before_all_others(desk: Client, partner: Partner, ladder: Calendar) -> None:
    customer = factories.make_customer(partner, "Granit Phare SA")
    said = typed(DEFAULT_LADDER, name="Granit", customers="Granit Phare SA", levels=["ov"], save="1")
    mark = hidden(desk.post(url("calendar_new"), said), "foreseen")

    desk.post(url("calendar_new"), said | {"foreseen": mark})

    made = Calendar.objects.first()
    assert made is not None
    assert (made.name, made.customers, made.levels, made.is_active) == ("Granit", [customer.pk], ["ov"], True)
    assert list(Calendar.objects.all()) == [made, ladder]


def test_a_name_that_is_taken_is_told_at_its_field(desk: Client, ladder: Calendar) -> None:
    said = typed(DEFAULT_LADDER, name="All orders", save="1")
    mark = hidden(desk.post(url("calendar_new"), said), "foreseen")

    answer = desk.post(url("calendar_new"), said | {"foreseen": mark})

    assert answer.status_code == 422
    assert "Another calendar is called so." in words(answer)


def test_what_is_posted_in_place_of_rows_is_no_mistake_of_ours(desk: Client, ladder: Calendar) -> None:
    for total in ("", "many", "9999", "-1"):
        said = typed(DEFAULT_LADDER) | {"step-TOTAL_FORMS": total}

        assert desk.post(url("calendar_edit", ladder), said | {"add": "email"}).status_code == 200
        assert desk.post(url("calendar_preview"), said).status_code == 200
        assert desk.post(url("calendar_edit", ladder), said | {"save": "1"}).status_code in (200, 422)
    assert rungs_of(ladder) == set(DEFAULT_LADDER)


# The others


def test_a_copy_is_off_and_is_switched_on_moved_and_deleted_by_presses(
    desk: Client, partner: Partner, ladder: Calendar
) -> None:
    desk.post(url("calendar_copy", ladder))
    copy = Calendar.objects.get(name="All orders, copy")
    assert not copy.is_active

    desk.post(url("calendar_switch", copy), {"on": "1"})
    desk.post(url("calendar_move", copy), {"by": "later"})

    assert list(Calendar.objects.values_list("name", "is_active")) == [("All orders", True), ("All orders, copy", True)]
    desk.post(url("calendar_delete", copy))
    assert list(Calendar.objects.all()) == [ladder]


def test_a_calendar_by_which_something_was_planned_is_not_deleted(
    desk: Client, partner: Partner, ladder: Calendar
) -> None:
    make_notice(factories.make_order(partner), steps_of(ladder)[0])

    page = desk.get(url("calendar"))
    answer = desk.post(url("calendar_delete", ladder), follow=True)

    assert url("calendar_delete", ladder) not in page.content.decode()
    assert "so it stays. You can switch it off." in words(answer)
    assert Calendar.objects.get() == ladder


def test_a_banner_and_a_call_have_no_readers_of_their_own(desk: Client, ladder: Calendar) -> None:
    said = typed([Rung(Channel.TELEPHONE, -7, recipients=(Recipient.BUYER,))])

    assert save(desk, ladder, said).status_code == 302

    assert rungs_of(ladder) == {Rung(Channel.TELEPHONE, -7)}
