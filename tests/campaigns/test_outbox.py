"""The outbox: every notice under what became of it, found, exported, held, released, sent and tried again."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from campaigns.models import Calendar, Notice, Step
from campaigns.services import copies
from campaigns.services.arbiter import gather_due
from campaigns.services.planning import plan_touchpoints
from campaigns.states import Channel, NoticeState, Reason
from portal.mail.letters import Words
from portal.mail.outbox import Draft
from portal.models import Activity, OutgoingMail, Partner
from portal.models.mail import MailPurpose, MailState
from portal.roles import Role
from tests.campaigns.factories import make_calendar, make_notice, make_step
from tests.certificates.expiring import sign_in, tab_counts, text
from tests.factories import TODAY, make_contact, make_customer, make_member, make_order, make_partner
from tests.queries import assert_query_baseline

NOW = datetime.combine(TODAY, time(12), UTC)
URL = "/campaigns/outbox/"


@pytest.fixture(autouse=True)
def _one_factor(settings: pytest.FixtureRequest) -> None:
    settings.MFA_REQUIRED = False  # type: ignore[attr-defined]


@pytest.fixture(autouse=True)
def _noon() -> Any:
    with time_machine.travel(datetime(2026, 11, 23, 12, tzinfo=UTC), tick=False):
        yield


@pytest.fixture
def calendar(partner: Partner) -> Calendar:
    return make_calendar(partner, planned_until=NOW + timedelta(days=7))


@pytest.fixture
def step(calendar: Calendar) -> Step:
    return make_step(calendar, -30)


@pytest.fixture
def browser(partner: Partner) -> Client:
    return sign_in(partner)


def make_one(partner: Partner, step: Step, host: str = "www.granit.example", **fields: Any) -> Notice:
    """A notice that is due tomorrow, to Ada Morel."""
    customer = fields.pop("customer", None) or make_customer(partner)
    order = make_order(partner, customer=customer, common_name=host, search_text=host)
    contact = make_contact(customer, "Ada Morel", search_text="ada morel")
    return make_notice(order, step, contact, **{"due_at": NOW + timedelta(days=1), **fields})


def hosts(browser: Client, query: str = "") -> list[str]:
    """The host names of the rows, in their order."""
    table = browser.get(f"{URL}?{query}").content.decode().partition("<tbody>")[2]
    return re.findall(r'<span class="host">([^<]+)<', table)


def ends(notice: Notice) -> tuple[str, str]:
    notice.refresh_from_db()
    return notice.state, notice.reason


# What is shown


def test_every_notice_stands_under_what_became_of_it(partner: Partner, step: Step, browser: Client) -> None:
    make_one(partner, step)
    make_one(partner, step, due_at=NOW)
    make_one(partner, step, state=NoticeState.QUEUED)
    for state in ("held", "sent", "failed"):
        make_one(partner, step, state=state)
    for state in ("missed", "suppressed", "silent"):
        make_one(partner, step, state=state, reason=Reason.RENEWED)

    assert tab_counts(browser.get(URL)) == {
        "To come": "1",
        "Due": "2",
        "Held": "1",
        "Sent": "1",
        "Failed": "1",
        "Missed": "1",
        "Not sent": "1",
        "No longer needed": "1",
        "All": "9",
    }


def test_a_row_says_when_what_about_whom_and_to_whom(partner: Partner, step: Step, browser: Client) -> None:
    make_one(partner, step)

    said = text(browser.get(URL))

    for words in ("23 Nov 2026, 12:00", "30 days before the end", "www.granit.example", "Ada Morel", "Planned"):
        assert words in said


def test_what_is_to_come_begins_with_the_next_and_what_is_past_with_the_latest(
    partner: Partner, step: Step, browser: Client
) -> None:
    for days in (2, 1):
        make_one(partner, step, f"d{days}.example", due_at=NOW + timedelta(days=days))
        make_one(partner, step, f"s{days}.example", due_at=NOW - timedelta(days=days), state=NoticeState.SENT)

    assert hosts(browser) == ["d1.example", "d2.example"]
    assert hosts(browser, "tab=sent") == ["s1.example", "s2.example"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("channel=telephone", ["call.example"]),
        ("customer=autre", ["call.example"]),
        ("contact=ada", ["mail.example"]),
        ("q=mail.example", ["mail.example"]),
        ("step=order:-30", ["mail.example"]),
        ("step=certificate:15", []),
        ("letter=days_30", ["mail.example"]),
        ("day_from=2026-11-25", ["call.example"]),
        ("day_to=2026-11-24", ["mail.example"]),
    ],
)
def test_filters_narrow_the_list(
    partner: Partner, calendar: Calendar, step: Step, browser: Client, query: str, found: list[str]
) -> None:
    make_step(calendar, share=15)
    make_one(partner, step, "mail.example")
    other = make_customer(partner, "Autre SA")
    order = make_order(partner, customer=other, common_name="call.example")
    make_notice(order, make_step(calendar, -7, Channel.TELEPHONE), due_at=NOW + timedelta(days=3))

    assert hosts(browser, query) == found


def test_the_file_holds_what_is_filtered_in_words(partner: Partner, step: Step, browser: Client) -> None:
    make_one(partner, step, state=NoticeState.FAILED, reason=Reason.SERVER, detail="554 no")
    make_one(partner, step, "not.example")

    response = browser.get(f"{URL}?tab=failed&export=csv")

    said = b"".join(response).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(said)))
    (row,) = rows
    assert (row["Common name"], row["State"], row["Reason"], row["Detail"]) == (
        "www.granit.example",
        "Failed",
        "The mail server refused it",
        "554 no",
    )


def test_the_list_asks_as_many_questions_for_one_row_as_for_many(partner: Partner, step: Step, browser: Client) -> None:
    def add(count: int) -> None:
        for _ in range(count):
            make_one(partner, step)

    assert_query_baseline(browser, URL, "outbox", add_rows=add, many=30)


def test_another_partners_notices_are_not_there(step: Step, browser: Client) -> None:
    other = make_partner("Autre Partner")
    foreign = make_one(other, make_step(make_calendar(other)), "foreign.example")

    assert hosts(browser, "tab=all") == []
    assert browser.get(reverse("campaigns:notice", args=[foreign.pk])).status_code == 404
    assert browser.post(reverse("campaigns:notice_deed", args=[foreign.pk]), {"deed": "hold"}).status_code == 404
    browser.post("/campaigns/outbox/bulk/", {"action": "hold", "ids": [foreign.pk]})
    assert ends(foreign) == ("planned", "")


# Deeds


def test_what_is_held_stays_until_it_is_released_and_both_are_written_down(
    partner: Partner, step: Step, browser: Client
) -> None:
    notice = make_one(partner, step, due_at=NOW)
    deed = reverse("campaigns:notice_deed", args=[notice.pk])

    browser.post(deed, {"deed": "hold"})
    assert ends(notice) == ("held", "")
    assert gather_due(now=NOW).letters == 0

    browser.post(deed, {"deed": "release"})
    assert gather_due(now=NOW).letters == 1
    assert list(Activity.objects.order_by("pk").values_list("verb", flat=True)) == ["notice.held", "notice.released"]


def test_many_are_held_at_once_and_taken_back(partner: Partner, step: Step, browser: Client) -> None:
    notices = [make_one(partner, step) for _ in range(3)]
    sent = make_one(partner, step, state=NoticeState.SENT)

    answer = browser.post(
        "/campaigns/outbox/bulk/", {"action": "hold", "ids": [one.pk for one in (*notices, sent)]}, follow=True
    )
    assert "3 notices are held." in text(answer)
    assert {ends(one) for one in notices} == {("held", "")}
    assert ends(sent) == ("sent", "")

    undo = answer.content.decode().split("/campaigns/outbox/undo/")[1].split("/")[0]
    browser.post(f"/campaigns/outbox/undo/{undo}/")
    assert {ends(one) for one in notices} == {("planned", "")}
    assert "can no longer" in text(browser.post(f"/campaigns/outbox/undo/{undo}/", follow=True))


def test_what_is_sent_now_goes_before_its_time_and_the_planner_leaves_it_so(partner: Partner, step: Step) -> None:
    order = make_order(partner, ends_on=TODAY + timedelta(days=33))
    contact = make_contact(order.customer, time_zone="UTC")
    order.contact = contact
    order.save()
    Calendar.objects.update(planned_until=None)
    plan_touchpoints(now=NOW, partner=partner)
    notice = Notice.objects.get()
    assert notice.due_at > NOW

    sign_in(partner).post(reverse("campaigns:notice_deed", args=[notice.pk]), {"deed": "send"})
    plan_touchpoints(now=NOW, partner=partner)

    notice.refresh_from_db()
    assert notice.due_at == NOW
    assert gather_due(now=NOW).letters == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"state": NoticeState.FAILED, "reason": Reason.TEMPLATE, "detail": "no such word"},
        {"state": NoticeState.MISSED, "reason": Reason.GRACE_OVER, "expires_at": NOW},
        {"state": NoticeState.SUPPRESSED, "reason": Reason.BAD_ADDRESS},
    ],
)
def test_what_failed_or_was_missed_is_tried_again(
    partner: Partner, step: Step, browser: Client, fields: dict[str, Any]
) -> None:
    notice = make_one(partner, step, **{"due_at": NOW - timedelta(days=5), **fields})

    browser.post(reverse("campaigns:notice_deed", args=[notice.pk]), {"deed": "retry"})

    assert ends(notice) == ("planned", "")
    assert gather_due(now=NOW).letters == 1


def test_a_letter_that_the_server_refused_goes_again_as_the_same_letter(
    partner: Partner, step: Step, browser: Client
) -> None:
    notice = make_one(partner, step, due_at=NOW)
    gather_due(now=NOW)
    letter = OutgoingMail.objects.get()
    OutgoingMail.objects.update(state=MailState.PARKED, reason="server")
    Notice.objects.update(state=NoticeState.FAILED, reason=Reason.SERVER)

    browser.post(reverse("campaigns:notice_deed", args=[notice.pk]), {"deed": "retry"})

    assert ends(notice) == ("queued", "")
    again = OutgoingMail.objects.get()
    assert (again.message_id, again.state) == (letter.message_id, MailState.QUEUED)


@pytest.mark.parametrize(
    ("state", "reason"), [("silent", Reason.RENEWED), ("suppressed", Reason.OPTED_OUT), ("sent", "")]
)
def test_what_a_renewal_or_a_wish_has_silenced_cannot_be_sent_by_hand(
    partner: Partner, step: Step, browser: Client, state: str, reason: str
) -> None:
    notice = make_one(partner, step, state=state, reason=reason)

    for deed in ("hold", "release", "send", "retry"):
        browser.post(reverse("campaigns:notice_deed", args=[notice.pk]), {"deed": deed})

    assert ends(notice) == (state, reason)
    assert not Activity.objects.filter(verb__startswith="notice.").exists()


def test_support_reads_everything_and_changes_nothing(partner: Partner, step: Step) -> None:
    notice, support = make_one(partner, step), sign_in(partner, Role.SUPPORT)

    assert "Hold" not in support.get(URL).content.decode().split("<table")[1]
    assert support.get(reverse("campaigns:notice", args=[notice.pk])).status_code == 200
    assert support.post(reverse("campaigns:notice_deed", args=[notice.pk]), {"deed": "hold"}).status_code == 403
    assert support.post("/campaigns/outbox/bulk/", {"action": "hold", "ids": [notice.pk]}).status_code == 403


# One notice and its letter


def make_sent(partner: Partner, step: Step) -> Notice:
    """A notice whose letter has left, and was kept without its secrets."""
    letter = OutgoingMail.objects.create(
        partner=partner,
        key="touch:1",
        message_id="<1@example>",
        purpose=MailPurpose.NOTICE,
        to_email="ada@granit.example",
        subject="Your certificate ends soon",
        text="",
        state=MailState.SENT,
        code="ABCD-EFGH",
        due_at=NOW,
    )
    said = "Renew here: https://relais.example/l/secret-token/ Code ABCD-EFGH"
    html = f'<style>p {{color: red}}</style><p><a href="https://relais.example/l/secret-token/">Renew</a> {said}</p>'
    words = Words(letter.subject, said, html, "ABCD-EFGH")
    draft = Draft(key="touch:1", partner=partner, purpose=MailPurpose.NOTICE, to_email="", words=words)
    copies.keep([(letter.pk, draft)], now=NOW)
    return make_one(partner, step, mail=letter, state=NoticeState.SENT, decided_at=NOW)


def test_the_page_of_a_notice_tells_what_became_of_it_and_shows_its_letter_without_secrets(
    partner: Partner, step: Step, browser: Client
) -> None:
    notice = make_sent(partner, step)

    page = browser.get(reverse("campaigns:notice", args=[notice.pk]))
    letter = browser.get(reverse("campaigns:notice_letter", args=[notice.pk]))

    assert "The letter “30 days before the end” went to Ada Morel on 22 November 2026, 12:00 (UTC)." in text(page)
    assert "Your certificate ends soon" in text(page)
    for answer in (page, letter):
        assert "secret-token" not in answer.content.decode()
        assert "ABCD-EFGH" not in answer.content.decode()
    assert "<a>Renew</a>" in letter.content.decode()
    policy = letter.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert policy.endswith("sandbox")
    assert "sandbox src=" in page.content.decode()


def test_a_letter_names_the_other_orders_in_it(partner: Partner, step: Step, browser: Client) -> None:
    notice = make_sent(partner, step)
    make_one(partner, step, "other.granit.example", mail=notice.mail, state=NoticeState.SENT)

    assert "other.granit.example" in text(browser.get(reverse("campaigns:notice", args=[notice.pk])))


def test_what_has_no_letter_has_none_to_show(partner: Partner, step: Step, browser: Client) -> None:
    assert browser.get(reverse("campaigns:notice_letter", args=[make_one(partner, step).pk])).status_code == 404


def test_copies_are_let_go_after_their_time(partner: Partner, step: Step) -> None:
    make_sent(partner, step)

    assert copies.forget_old(now=NOW + copies.KEPT_FOR) == 0
    assert copies.forget_old(now=NOW + copies.KEPT_FOR + timedelta(seconds=1)) == 1


# Elsewhere


def test_failed_notices_are_counted_in_the_sidebar_and_shown_on_the_dashboard(
    partner: Partner, step: Step, browser: Client
) -> None:
    make_one(partner, step, state=NoticeState.FAILED, reason=Reason.SERVER, decided_at=NOW)
    make_one(partner, step, state=NoticeState.MISSED, reason=Reason.GRACE_OVER, decided_at=NOW)
    make_one(partner, step, "old.example", state=NoticeState.FAILED, decided_at=NOW - timedelta(days=9))

    page = browser.get("/")

    said = text(page)
    assert "Notices that did not go out" in said
    assert "Failed: 1" in said
    assert "Missed: 1" in said
    assert "old.example" not in said
    entry = page.content.decode().split('href="/campaigns/outbox/"')[1].split("</a>")[0]
    assert ">2<" in entry


def test_lists_of_orders_say_what_comes_next(partner: Partner, calendar: Calendar, browser: Client) -> None:
    make_step(calendar, -30)
    planned = make_order(partner, ends_on=TODAY + timedelta(days=31))
    make_notice(planned, make_step(calendar, -28, Channel.TELEPHONE), due_at=NOW + timedelta(days=3))
    make_order(partner, ends_on=TODAY + timedelta(days=50))
    renewed = make_order(partner, ends_on=TODAY + timedelta(days=52), renewal_mark="renewed")

    response = browser.get("/expiring/?tab=60")

    cells = response.content.decode().split('data-label="Next touchpoint"')[1:]
    assert ["25 Nov" in cells[0], "Telephone" in cells[0]] == [True, True]
    assert ["12 Dec" in cells[1], "E-mail" in cells[1]] == [True, True]
    row = browser.get(f"/orders/?q={renewed.number}").content.decode().split('data-label="Next touchpoint"')[1]
    assert "next-touchpoint" not in row.split("</td>")[0]


def test_the_pages_of_an_order_and_a_customer_tell_of_notices(partner: Partner, step: Step, browser: Client) -> None:
    member = make_member(partner)
    customer = make_customer(partner, owner=member)
    notice = make_one(partner, step, customer=customer)

    order_page = text(browser.get(reverse("certificates:order", args=[notice.order_id])))
    customer_page = text(browser.get(reverse("certificates:customer", args=[customer.pk])))

    assert "Will be sent on 23 November 2026, 12:00 (UTC) to Ada Morel." in order_page
    assert "Why (not)?" in order_page
    assert "Messages and notices" in customer_page
    assert "Ada Morel" in customer_page
