"""Messages in the customer's console: one for many orders, gone with the reason for them, read and put away."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from campaigns.models import Message, MessageMark, Notice, Step
from campaigns.services.console import Ends, console_of
from campaigns.states import Channel, NoticeState
from certificates.models import Customer, Order, Reply
from certificates.states import OrderStatus, RenewalMark
from portal import clock
from portal.models import Membership, Partner
from portal.roles import Role
from tests.campaigns.factories import make_calendar, make_notice, make_step
from tests.certificates.expiring import content, sign_in, text
from tests.factories import make_customer, make_order, make_partner


@pytest.fixture(autouse=True)
def _one_factor(settings: Any) -> None:
    settings.MFA_REQUIRED = False


@pytest.fixture
def customer(partner: Partner) -> Customer:
    return make_customer(partner, "Karst Atelier SA")


@pytest.fixture
def elise(partner: Partner, customer: Customer) -> Client:
    return sign_in(partner, Role.CUSTOMER, customer=customer, email="elise@karst.example")


@pytest.fixture
def member(elise: Client) -> Membership:
    found: Membership = elise.member  # type: ignore[attr-defined]
    return found


@pytest.fixture
def step(partner: Partner) -> Step:
    return make_step(make_calendar(partner), -60, Channel.CONSOLE)


def shown_notice(customer: Customer, step: Step, *, days: int = 40) -> Notice:
    order = make_order(customer.partner, customer=customer, ends_on=clock.today() + timedelta(days=days))
    now = clock.now() - timedelta(hours=1)
    return make_notice(order, step, due_at=now, state=NoticeState.SENT)


def write(partner: Partner, title: str, member: Membership, **fields: Any) -> Message:
    fields.setdefault("starts_at", clock.now() - timedelta(hours=1))
    return Message.objects.create(partner=partner, title_en=title, created_by=member.user, **fields)


def titles(client: Client) -> list[str]:
    page = content(client.get("/home/"))
    return [part.partition("<")[0].strip() for part in page.split('<h2 class="told-title">')[1:]]


def test_forty_orders_make_one_message(customer: Customer, member: Membership, step: Step) -> None:
    for days in range(20, 60):
        shown_notice(customer, step, days=days)

    [told] = console_of(customer, member.user, now=clock.now())

    assert isinstance(told, Ends)
    assert len(told.notices) == 40
    assert told.first_day == clock.today() + timedelta(days=20)


def put_off(order: Order) -> None:
    until = clock.today() + timedelta(days=9)
    Reply.objects.create(
        partner=order.partner, order=order, kind="not_now", until=until, said_by="Elise", at=clock.now()
    )


def change(**fields: Any) -> Callable[[Order], Any]:
    return lambda order: Order.objects.filter(pk=order.pk).update(**fields)


def move_end(order: Order) -> None:
    later = order.ends_at + timedelta(days=365) if order.ends_at else None
    Order.objects.filter(pk=order.pk).update(ends_at=later, ends_on=later.date() if later else None)


def silence_customer(order: Order) -> None:
    Customer.objects.filter(pk=order.customer_id).update(notices_enabled=False)


@pytest.mark.parametrize(
    "happens",
    [
        change(renewal_mark=RenewalMark.IN_HAND),
        change(renewal_mark=RenewalMark.ELSEWHERE),
        change(status=OrderStatus.REVOKED),
        change(notices_enabled=False),
        silence_customer,
        put_off,
        move_end,
    ],
    ids=["renewed", "elsewhere", "revoked", "switched off", "customer switched off", "put off", "end moved"],
)
def test_message_is_gone_at_the_next_look_once_there_is_no_reason_for_it(
    customer: Customer, elise: Client, step: Step, happens: Callable[[Order], Any]
) -> None:
    stays, goes = shown_notice(customer, step), shown_notice(customer, step)
    assert titles(elise)[0].startswith("2 orders to renew")

    happens(goes.order)

    left = [] if happens is silence_customer else [f"{stays.order.common_name} ends on"]
    assert [title.rpartition(" on ")[0] + " on" for title in titles(elise)] == left


def test_urgent_messages_stand_on_top(partner: Partner, customer: Customer, elise: Client, member: Membership) -> None:
    write(partner, "Our office moves", member)
    write(partner, "Reissue by Friday", member, customer=customer, urgency="urgent")
    write(partner, "Prices change", member, urgency="soon")

    assert titles(elise) == ["Reissue by Friday", "Prices change", "Our office moves"]


def test_messages_of_others_of_later_and_of_before_are_not_shown(
    partner: Partner, customer: Customer, elise: Client, member: Membership
) -> None:
    now, other = clock.now(), make_customer(partner, "Another")
    write(partner, "For another", member, customer=other)
    write(partner, "Later", member, starts_at=now + timedelta(hours=1))
    write(partner, "Over", member, expires_at=now - timedelta(minutes=1))
    write(partner, "Taken back", member, withdrawn_at=now)
    write(partner, "For all", member)

    assert titles(elise) == ["For all"]


def test_looking_marks_nothing_and_reading_marks_once(
    partner: Partner, customer: Customer, elise: Client, member: Membership
) -> None:
    message = write(partner, "For all", member)

    elise.get("/home/")
    assert not MessageMark.objects.exists()
    for _ in range(2):
        elise.post(f"/home/console/message-{message.pk}/read/")

    [mark] = MessageMark.objects.all()
    assert mark.read_at
    assert mark.dismissed_at is None
    assert "Mark as read" not in content(elise.get("/home/"))


def test_what_is_put_away_stands_under_messages_and_comes_back(
    partner: Partner, customer: Customer, elise: Client, step: Step
) -> None:
    notice = shown_notice(customer, step)
    key = f"notices-{notice.pk}"

    elise.post(f"/home/console/{key}/dismiss/")
    assert titles(elise) == []
    assert notice.order.common_name in text(elise.get("/home/messages/"))

    elise.post(f"/home/console/{key}/again/")
    assert len(titles(elise)) == 1


def test_what_comes_later_is_shown_though_the_earlier_was_put_away(
    customer: Customer, elise: Client, step: Step
) -> None:
    first = shown_notice(customer, step)
    elise.post(f"/home/console/notices-{first.pk}/dismiss/")

    second = shown_notice(customer, step)
    elise.post(f"/home/console/notices-{first.pk}/dismiss/")

    assert [title.partition(" ")[0] for title in titles(elise)] == [second.order.common_name]


def test_a_colleague_still_sees_what_one_has_put_away(
    partner: Partner, customer: Customer, elise: Client, member: Membership
) -> None:
    message = write(partner, "For all", member)
    colleague = sign_in(partner, Role.CUSTOMER, customer=customer, email="paul@karst.example")

    elise.post(f"/home/console/message-{message.pk}/dismiss/")

    assert [titles(elise), titles(colleague)] == [[], ["For all"]]


def test_a_french_reader_gets_the_words_there_are(partner: Partner, elise: Client, member: Membership) -> None:
    write(partner, "Only English", member)
    write(partner, "Both", member, title_fr="Les deux", urgency="urgent")
    member.user.language = "fr"
    member.user.save()

    assert titles(elise) == ["Les deux", "Only English"]


# What the house does


def test_message_is_written_changed_taken_back_and_shown_again(partner: Partner, elise: Client) -> None:
    claire = sign_in(partner, Role.ACCOUNT_MANAGER)
    typed = {"urgency": "soon", "title_en": "Prices change", "text_en": "In May.", "starts_at": "2026-01-01T08:00"}

    assert claire.post("/campaigns/messages/new/", typed).status_code == 302
    message = Message.objects.get()
    claire.post(f"/campaigns/messages/{message.pk}/edit/", typed | {"title_en": "Prices change in May"})
    assert titles(elise) == ["Prices change in May"]
    claire.post(f"/campaigns/messages/{message.pk}/withdraw/")
    assert titles(elise) == []
    claire.post(f"/campaigns/messages/{message.pk}/restore/")

    assert titles(elise) == ["Prices change in May"]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"title_en": "", "title_fr": ""}, "Write a title in one language at least."),
        ({"text_fr": "Sans titre"}, "This text has no title."),
        ({"expires_at": "2026-01-01T07:00"}, "It would end before it begins."),
    ],
)
def test_what_cannot_be_shown_is_refused_with_a_sentence_and_nothing_is_lost(
    partner: Partner, typed: dict[str, str], said: str
) -> None:
    claire = sign_in(partner, Role.ACCOUNT_MANAGER)
    whole = {"urgency": "soon", "title_en": "Hello", "text_en": "Kept words", "starts_at": "2026-01-01T08:00"}

    answer = claire.post("/campaigns/messages/new/", whole | typed)

    assert answer.status_code == 422
    assert said in content(answer)
    assert "Kept words" in content(answer)
    assert not Message.objects.exists()


def test_another_partners_customer_cannot_be_written_to(partner: Partner) -> None:
    stranger = make_customer(make_partner(), "Stranger")
    typed = {"urgency": "soon", "title_en": "Hello", "starts_at": "2026-01-01T08:00", "customer": stranger.pk}
    claire = sign_in(partner, Role.ACCOUNT_MANAGER)

    assert claire.post(f"/campaigns/messages/new/?customer={stranger.pk}", typed).status_code == 404

    assert not Message.objects.exists()


def test_support_reads_messages_and_writes_none(partner: Partner) -> None:
    support = sign_in(partner, Role.SUPPORT)

    assert support.get("/campaigns/messages/").status_code == 200
    assert support.post("/campaigns/messages/new/", {"title_en": "Hello"}).status_code == 403


def test_order_page_tells_staff_what_the_customer_sees_and_who_put_it_away(
    partner: Partner, customer: Customer, elise: Client, member: Membership, step: Step
) -> None:
    notice = shown_notice(customer, step)
    elise.post(f"/home/console/notices-{notice.pk}/dismiss/")

    page = text(sign_in(partner, Role.SUPPORT).get(f"/orders/{notice.order_id}/"))

    assert "In the customer's console" in page
    assert f"put away by {member.user}" in page


def test_the_console_costs_as_many_queries_for_one_order_as_for_many(
    customer: Customer, member: Membership, step: Step
) -> None:
    costs = []
    for _ in range(2):
        shown_notice(customer, step)
        with CaptureQueriesContext(connection) as captured:
            console_of(customer, member.user, now=clock.now())
        costs.append(len(captured))

    assert costs[0] == costs[1]
