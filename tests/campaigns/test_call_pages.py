"""Calls in the browser of the house: the list, one call with its script, the sheet, and what other pages show."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from campaigns.models import Attempt, Call, CallItem
from campaigns.services import calls
from certificates.models import Customer, Note, Order, Reply
from certificates.states import RenewalMark
from offers.services.valuing import value_orders
from portal.models import Membership, Partner
from portal.roles import Role
from tests import factories
from tests.campaigns.calling import make_call, make_called, make_caller, make_due, make_ring, note
from tests.certificates.services.work import TEN
from tests.factories import TODAY
from tests.offers.factories import make_offer, make_price
from tests.queries import assert_query_baseline

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _standing_clock(settings: Any, _pinned_day: None) -> Any:
    settings.PORTAL_TODAY = ""
    settings.MFA_REQUIRED = False
    with time_machine.travel(TEN, tick=False):
        yield


@pytest.fixture
def claire(partner: Partner) -> Membership:
    factories.make_connection(partner)
    return factories.make_member(partner)


@pytest.fixture
def page(claire: Membership) -> Client:
    client = Client()
    client.force_login(claire.user)
    return client


@pytest.fixture
def order(partner: Partner) -> Order:
    return make_due(make_called(partner))


@pytest.fixture
def call(order: Order) -> Call:
    return make_call(order)


def url(name: str, row: Any = None) -> str:
    return reverse(f"campaigns:{name}", args=[row.pk] if row is not None else [])


def read(page: Client, address: str) -> str:
    response = page.get(address)
    assert response.status_code == 200, response.status_code
    return re.sub(r"\s+", " ", response.content.decode())


def press(page: Client, call: Call, outcome: str, *, seen: int = 0, **said: Any) -> Any:
    return page.post(f"{url('call_attempt', call)}?seen={seen}", {"outcome": outcome, **said})


def told(response: Any) -> list[str]:
    return [str(message) for message in response.context["messages"]]


# The list


def test_today_stands_by_what_presses_and_later_and_done_by_themselves(
    page: Client, call: Call, partner: Partner, claire: Membership
) -> None:
    names = {"Pressing": 2, "Promised": 20, "Done": 20, "Renewed": 20}
    made = {name: make_call(make_due(make_called(partner, name), ends_in=days)) for name, days in names.items()}
    note(made["Promised"], "promised", claire, promised_on=TODAY + 2 * DAY)
    note(made["Done"], "reached", claire)
    Order.objects.filter(customer__name="Renewed").update(renewal_mark=RenewalMark.RENEWED)

    shown = {
        tab: re.findall(r"data-opens><b>([^<]+)", read(page, f"{url('calls')}?tab={tab}"))
        for tab in ("today", "later", "done")
    }

    assert shown == {"today": ["Pressing", "Granit Phare SA"], "later": ["Promised"], "done": ["Done"]}


def test_the_list_costs_the_same_at_one_call_and_at_many(page: Client, partner: Partner, claire: Membership) -> None:
    def add(number: int) -> None:
        for _each in range(number):
            made = make_call(make_due(make_called(partner)), due_on=TODAY)
            note(made, "wrong_number", claire)
        calls.due_today(claire, today=TODAY)  # the badge is counted once a minute

    assert_query_baseline(page, url("calls"), "calls", add_rows=add, many=12)


def test_the_call_costs_the_same_at_one_order_and_at_many(page: Client, call: Call, order: Order) -> None:
    def add(number: int) -> None:
        for _each in range(number):
            CallItem.objects.create(partner=call.partner, call=call, order=make_due(order.customer))

    assert_query_baseline(page, url("call", call), "call", add_rows=add, many=12)


def test_the_sheet_costs_the_same_at_one_call_and_at_many(page: Client, partner: Partner) -> None:
    def add(number: int) -> None:
        for _each in range(number):
            make_call(make_due(make_called(partner)))

    assert_query_baseline(page, url("call_sheet"), "call sheet", add_rows=add, many=12)


def test_an_empty_list_says_what_opens_calls(page: Client) -> None:
    assert "Steps of the calendar" in read(page, url("calls"))


def test_mine_are_those_of_my_customers(page: Client, call: Call, partner: Partner, claire: Membership) -> None:
    mine = make_call(make_due(make_called(partner, "Opale Quartz", owner=claire)))

    found = re.findall(r"data-opens><b>([^<]+)", read(page, f"{url('calls')}?owner=me"))

    assert found == [mine.customer.name]


def test_the_file_holds_the_calls_that_are_shown(page: Client, call: Call, partner: Partner) -> None:
    make_call(make_due(make_called(partner, "Later")), due_on=TODAY + DAY)

    answer = page.get(f"{url('calls')}?export=csv")

    lines = list(csv.DictReader(io.StringIO(b"".join(answer).decode("utf-8-sig"))))
    assert [(line["Customer"], line["Telephone"], line["Orders"]) for line in lines] == [
        ("Granit Phare SA", "'+33 4 00 27 53 64", "1")
    ]


def test_a_press_in_the_list_answers_with_the_row_and_the_way_back(page: Client, call: Call) -> None:
    address = f"{url('call_attempt', call)}?seen=0"
    answer = page.post(address, {"outcome": "voicemail"}, headers={"HX-Request": "true"})

    body = answer.content.decode()
    assert body.startswith(f'<tr id="call-{call.pk}"')
    assert "Voicemail" in body
    assert "on 23 Nov 2026" in body
    assert url("call_undo", call) in body
    page.post(url("call_undo", call))
    assert Call.objects.get().due_on == TODAY


# One call


def test_the_script_has_the_customers_own_figures(page: Client, call: Call, partner: Partner) -> None:
    make_price(partner, "300.00")
    make_offer(partner, "10")
    value_orders(partner, now=TEN)

    words = re.sub(r"<[^>]+>", "", read(page, url("call", call)))

    assert "Am I speaking to Lena Roth?" in words
    assert "It ends on 12 December 2026. That is in 20 days." in words
    assert "Renewed today, the new order runs until 12 December 2027." in words
    assert "You lose no day: the 20 days left are kept" in words
    assert "It costs €270.00 instead of €300.00, tax excluded: 10% off for renewing early." in words
    assert "€270.00 at stake" in words


def test_the_script_of_a_reissue_asks_for_no_money_and_keeps_the_orders_end(page: Client, partner: Partner) -> None:
    order = make_due(make_called(partner), ends_in=180, certificate_ends_on=TODAY + 20 * DAY)
    make_price(partner, "300.00")
    value_orders(partner, now=TEN)
    calls.open_calls([make_ring(order, share=15)], now=TEN)

    body = read(page, url("call", Call.objects.get()))
    words = re.sub(r"<[^>]+>", "", body)

    assert "It ends on 12 December 2026. That is in 20 days." in words
    assert (
        "Its order runs until 21 May 2027 and is paid: the next certificate is free, and the order's end stays as it "
        "is. The new certificate runs 180 days, to the end of the order on 21 May 2027: nothing is left to collect."
    ) in words
    assert "Your plan is paid to its end: every certificate until then is included." in words
    assert reverse("offers:reissue", args=[order.pk]) in body
    for renewal in ("Renewed today", "€300.00", "at stake", "You lose no day", "a quote for your buyer"):
        assert renewal not in words
    assert "the link to all that is due" not in words
    sheet = re.sub(r"<[^>]+>", "", read(page, url("call_sheet")))
    assert "Reissue, free" in sheet
    assert "€300.00" not in sheet


def test_the_script_speaks_the_language_that_is_asked_for_and_the_page_ones_own(page: Client, call: Call) -> None:
    body = read(page, f"{url('call', call)}?lang=fr")

    assert "Suis-je bien avec Lena Roth" in body
    assert "Que se passe-t-il si nous ne faisons rien" in body
    assert "What to say" in body


def test_the_number_is_dialled_by_a_press_and_the_hour_over_there_is_told(page: Client, call: Call) -> None:
    make_caller(call.customer, "Ada Novak", phone="0041 44 123 45 67", time_zone="America/New_York")

    body = read(page, url("call", call))

    assert 'href="tel:+33400275364"' in body
    assert 'href="tel:+41441234567"' in body
    assert "Sunday, 05:00 there" in body


def test_what_was_before_stands_beside_the_script(page: Client, call: Call, order: Order, claire: Membership) -> None:
    note(call, "voicemail", claire, note="Left a word with the desk")
    Note.objects.create(
        partner=call.partner, customer=call.customer, author=claire.user, text="Prefers mornings", at=TEN
    )

    body = read(page, url("call", call))

    assert "Left a word with the desk" in body
    assert "Prefers mornings" in body


def test_the_form_asks_for_what_belongs_to_an_outcome(page: Client, call: Call) -> None:
    for outcome in ("promised", "declined"):
        answer = press(page, call, outcome, note="Kept as typed")
        assert answer.status_code == 422
        assert "Kept as typed" in answer.content.decode()

    assert not Attempt.objects.exists()


def test_a_promise_is_noted_with_its_day(page: Client, call: Call) -> None:
    answer = press(page, call, "promised", promised_on=(TODAY + 2 * DAY).isoformat())

    assert answer.headers["Location"] == url("calls")
    assert Attempt.objects.get().promised_on == TODAY + 2 * DAY
    assert Call.objects.get().due_on == TODAY + 3 * DAY


def test_a_no_may_end_the_letters(page: Client, call: Call, order: Order) -> None:
    press(page, call, "declined", decline="price", not_needed="on")

    assert (Attempt.objects.get().decline, Reply.objects.get().order) == ("price", order)


def test_what_a_colleague_noted_meanwhile_is_told(page: Client, call: Call, partner: Partner) -> None:
    hugo = factories.make_member(partner, user=factories.make_user(first_name="Hugo", last_name="Petit"))
    note(call, "voicemail", hugo)

    answer = page.post(f"{url('call_attempt', call)}?seen=0", {"outcome": "reached"}, follow=True)

    assert told(answer) == ["Hugo Petit has just noted this call: Voicemail. Nothing was noted over it."]
    assert Attempt.objects.count() == 1


def test_a_wrong_number_is_struck_and_somebody_else_asked_for(page: Client, call: Call) -> None:
    other = make_caller(call.customer, "Zoé Lefèvre", phone="+33 1 23 45 67 89")

    press(page, call, "wrong_number")

    body = read(page, url("call", call))
    assert "Am I speaking to Zoé Lefèvre?" in body
    assert "Wrong number" in body
    assert Call.objects.get().contact == other


def test_somebody_else_is_rung_instead(page: Client, call: Call, partner: Partner) -> None:
    other = make_caller(call.customer, "Zoé Lefèvre")
    stranger = make_caller(make_called(partner, "Opale Quartz"), "Stranger")

    assert page.post(url("call_contact", call), {"contact": stranger.pk}).status_code == 404
    page.post(url("call_contact", call), {"contact": other.pk})

    assert Call.objects.get().contact == other


def test_support_notes_calls_and_renews_nothing(call: Call, partner: Partner) -> None:
    support = Client()
    support.force_login(factories.make_member(partner, Role.SUPPORT).user)

    body = read(support, url("call", call))
    press(support, call, "reached")

    assert "Renew now" not in body
    assert Attempt.objects.get().outcome == "reached"


def test_a_note_is_kept_from_the_call(page: Client, call: Call) -> None:
    page.post(url("call_note", call), {"text": "Moves to a new server"})

    assert page.post(url("call_note", call), {"text": ""}).status_code == 422
    assert Note.objects.get().text == "Moves to a new server"


# The sheet


def test_the_sheet_holds_todays_calls_or_the_one_asked_for(page: Client, call: Call, partner: Partner) -> None:
    later = make_call(make_due(make_called(partner, "Later")), due_on=TODAY + DAY)

    sheet, one = read(page, url("call_sheet")), read(page, f"{url('call_sheet')}?call={later.pk}")

    assert re.findall(r'<h2 id="sheet-\d+">([^<]+)', sheet) == ["Granit Phare SA"]
    assert re.findall(r'<h2 id="sheet-\d+">([^<]+)', one) == ["Later"]


# Other pages


def test_staff_ask_for_a_call_from_the_customer_and_from_the_order(
    page: Client, order: Order, partner: Partner
) -> None:
    customer = order.customer
    other = make_due(customer, ends_in=40)

    assert url("call_open", customer) in read(page, reverse("certificates:customer", args=[customer.pk]))
    page.post(url("call_open", customer), {"order": other.pk})
    assert [item.order for item in CallItem.objects.all()] == [other]
    page.post(url("call_open", customer))

    assert [item.order for item in CallItem.objects.order_by("order__ends_on")] == [order, other]
    assert "Open the call" in read(page, reverse("certificates:order", args=[order.pk]))


def test_customer_and_order_tell_of_calls_and_what_came_of_them(
    page: Client, call: Call, order: Order, claire: Membership
) -> None:
    note(call, "voicemail", claire, note="Left a word")

    for name, row in (("order", order), ("customer", order.customer)):
        body = read(page, reverse(f"certificates:{name}", args=[row.pk]))
        assert "Call: Voicemail" in body
        assert "Call to make" in body


def test_the_dashboard_shows_the_dearest_of_ones_own_calls(
    page: Client, call: Call, partner: Partner, claire: Membership
) -> None:
    make_price(partner, "300.00")
    for number in range(6):
        customer = make_called(partner, f"Customer {number}", owner=claire)
        made = make_call(make_due(customer))
        for _more in range(number):
            CallItem.objects.create(partner=partner, call=made, order=make_due(customer))
    value_orders(partner, now=TEN)

    body = read(page, reverse("certificates:dashboard"))

    card = body[body.index("card-calls") :]
    assert re.findall(r'/campaigns/calls/\d+/">([^<]+)', card) == [f"Customer {number}" for number in (5, 4, 3, 2, 1)]


def test_the_badge_is_on_every_page(page: Client, call: Call, claire: Membership) -> None:
    Customer.objects.filter(pk=call.customer_id).update(owner=claire)
    calls.forget_counts()

    body = read(page, reverse("certificates:customers"))

    assert re.search(r'href="/campaigns/calls/"[^>]*>.*?Calls.*?>1<', body)


def test_deeds_of_calls_have_words(call: Call, partner: Partner, claire: Membership) -> None:
    head = Client()
    head.force_login(factories.make_member(partner, Role.ADMINISTRATOR).user)
    calls.open_by_staff(make_called(partner, "Opale Quartz"), actor=claire.user, now=TEN)
    note(call, "reached", claire)

    body = read(head, reverse("portal:activity"))

    assert "call.attempted" not in body
    assert "Somebody asked for it" in body
