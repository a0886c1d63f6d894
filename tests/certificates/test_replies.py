"""Instead of renewing a customer says "not now" or "no longer needed": once, until it is taken back or renewed."""

from __future__ import annotations

import csv
from datetime import date
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from certificates.models import Order, Reply
from certificates.services import replies
from certificates.services.replies import DayNotOffered, NothingToAnswer, Voice
from certificates.states import OrderStatus, RenewalMark
from certificates.x509 import BadRequest
from portal.models import Activity, OutgoingMail, Partner
from portal.roles import Role
from tests import factories
from tests.certificates.customers import in_days, make_due, newest_link, open_contact_link, open_order_link
from tests.certificates.services.work import TEN, make_renewable, press

LENA = Voice(name="Lena Roth")


@pytest.fixture
def connected(partner: Partner) -> Partner:
    factories.make_connection(partner, is_default=True)
    return partner


@pytest.fixture(autouse=True)
def _fresh_counters(db: None, settings: Any) -> None:
    cache.clear()
    settings.MFA_REQUIRED = False


def put_off(order: Order, until: date, **options: Any) -> Reply:
    return replies.put_off(order, until=until, voice=options.pop("voice", LENA), now=TEN)


def decline(order: Order, **options: Any) -> Reply:
    facts: dict[str, Any] = {"reason": "site_ended", "words": "", "voice": LENA, "now": TEN}
    return replies.decline(order, **facts | options)


def verbs(order: Order) -> list[str]:
    deeds = Activity.objects.filter(subject_type="certificates.order", subject_id=order.pk).order_by("pk")
    return list(deeds.values_list("verb", flat=True))


# The rule


def test_order_put_off_is_left_in_peace_until_that_day(partner: Partner) -> None:
    order, other = make_due(partner), factories.make_order(partner)
    put_off(order, in_days(7))

    def speaks_of(days: int) -> list[Order]:
        return list(Order.objects.for_partner(partner).not_put_off(today=in_days(days)).order_by("pk"))

    assert speaks_of(0) == [other]
    assert speaks_of(6) == [other]
    assert speaks_of(7) == [order, other]


def test_order_no_longer_needed_is_left_in_peace_for_good(partner: Partner) -> None:
    order = make_due(partner)
    decline(order)

    assert not Order.objects.for_partner(partner).not_put_off(today=in_days(500)).exists()
    assert list(Order.objects.for_partner(partner).answered("not_needed")) == [order]
    assert not Order.objects.for_partner(partner).answered("not_now").exists()


def test_presets_lie_between_tomorrow_and_the_end_of_the_order_and_then_of_its_window(partner: Partner) -> None:
    near, same, far, ended = (make_due(partner, days=days) for days in (5, 14, 60, -10))

    def offered(order: Order) -> tuple[date, date, dict[str, date]]:
        choice = replies.choice_of(order, now=TEN)
        return choice.first, choice.last, choice.presets

    week, month = in_days(7), in_days(30)
    assert offered(near) == (in_days(1), in_days(35), {"last": in_days(4)})
    assert offered(same) == (in_days(1), in_days(44), {"week": week, "last": in_days(13)})
    assert offered(far) == (
        in_days(1),
        in_days(90),
        {"week": week, "month": month, "before_end": in_days(53), "last": in_days(59)},
    )
    assert offered(ended) == (in_days(1), in_days(20), {"week": week})


@pytest.mark.parametrize("days", [0, -1, 51, 400])
def test_no_day_is_taken_outside_of_the_window(partner: Partner, days: int) -> None:
    order = make_due(partner, days=20)

    with pytest.raises(DayNotOffered) as refused:
        put_off(order, in_days(days))

    assert (refused.value.first, refused.value.last) == (in_days(1), in_days(50))
    assert not Reply.objects.exists()


@pytest.mark.parametrize(
    "fields",
    [
        {"renewal_mark": RenewalMark.IN_HAND},
        {"renewal_mark": RenewalMark.ELSEWHERE},
        {"status": OrderStatus.REVOKED},
    ],
)
def test_nothing_is_asked_about_an_order_that_cannot_be_renewed(partner: Partner, fields: dict[str, Any]) -> None:
    order = make_due(partner, **fields)

    with pytest.raises(NothingToAnswer):
        put_off(order, in_days(7))
    with pytest.raises(NothingToAnswer):
        decline(order)

    assert not Reply.objects.exists()


def test_nothing_is_asked_once_the_window_has_closed(partner: Partner) -> None:
    with pytest.raises(NothingToAnswer):
        put_off(make_due(partner, days=-40), in_days(1))


def test_new_answer_takes_the_place_of_the_one_before(partner: Partner) -> None:
    order = make_due(partner)
    first, second = put_off(order, in_days(7)), decline(order)

    first.refresh_from_db()
    assert first.withdrawn_at == TEN
    assert replies.standing_reply(order) == second
    assert verbs(order) == ["order.put_off", "order.not_needed"]


def test_same_answer_twice_is_one(partner: Partner) -> None:
    order = make_due(partner)

    assert put_off(order, in_days(7)) == put_off(order, in_days(7))
    assert decline(order) == decline(order)
    assert verbs(order) == ["order.put_off", "order.not_needed"]
    assert OutgoingMail.objects.count() == 1


def test_answer_is_taken_back_once(partner: Partner) -> None:
    order = make_due(partner)
    decline(order)

    assert replies.take_back(order, voice=LENA, now=TEN)
    assert not replies.take_back(order, voice=LENA, now=TEN)

    assert replies.standing_reply(order) is None
    assert verbs(order) == ["order.not_needed", "order.answer_taken_back"]
    assert not OutgoingMail.objects.get().is_wanted


def test_order_put_off_does_not_renew_itself_before_that_day(partner: Partner) -> None:
    member = factories.make_member(partner)
    order = make_due(partner, auto_renew=True, auto_renew_by=member)
    put_off(order, in_days(7))

    def due(days: int) -> bool:
        return Order.objects.for_partner(partner).due_for_auto_renewal(today=in_days(days), days=30).exists()

    assert not due(0)
    assert due(7)


# The letter to the owner


def test_owner_hears_what_is_no_longer_needed_and_what_it_was_worth(partner: Partner) -> None:
    order = make_due(partner, price="214.00", currency="EUR", common_name="www.granit-phare.example")
    decline(order, reason="moved", words="It moved to\nthe new host.")

    letter = OutgoingMail.objects.get()
    assert letter.to_email == order.customer.owner.user.email  # type: ignore[union-attr]
    assert letter.subject == "Granit Phare SA no longer needs www.granit-phare.example"
    for body in (letter.text, letter.html):
        assert "Answered by Lena Roth." in body
        assert "It moved to another host name or certificate" in body
        assert "the new host." in body
        assert "€214.00" in body
        assert "It ends on 12 December 2026." in body
        assert reverse("certificates:order", args=[order.pk]) in body


def test_owner_hears_nothing_of_not_now_and_of_what_the_house_took_down(partner: Partner) -> None:
    put_off(make_due(partner), in_days(7))
    decline(make_due(partner), voice=Voice(name="Lena Roth", actor=factories.make_user(), taken_down=True))
    decline(factories.make_order(partner))  # of a customer whom nobody owns

    assert not OutgoingMail.objects.exists()


# A renewal


def test_renewal_takes_the_answer_back_by_itself(connected: Partner) -> None:
    order = make_renewable(
        connected, customer=factories.make_customer(connected, owner=factories.make_member(connected))
    )
    reply = decline(order)

    press(order)

    reply.refresh_from_db()
    assert reply.withdrawn_at == TEN
    assert replies.standing_reply(order) is None
    assert not OutgoingMail.objects.get(key=f"not-needed:{reply.pk}").is_wanted


def test_answer_stands_where_the_renewal_was_refused(connected: Partner) -> None:
    order = make_renewable(connected)
    reply = put_off(order, in_days(7))

    with pytest.raises(BadRequest):
        press(order, csr="no request at all")

    assert replies.standing_reply(order) == reply


# By link and at home


def post(client: Client, url: str, **typed: str) -> Any:
    return client.post(url, typed)


def test_customer_puts_off_behind_the_link_and_takes_it_back(partner: Partner, client: Client) -> None:
    order = make_due(partner)
    handle = open_order_link(client, order)
    page = reverse("certificates:link_reply", args=[handle, order.pk])

    shown = client.get(page)
    assert shown.status_code == 200
    answered = client.post(page, {"answer": "not_now", "not_now-when": "week"}, follow=True)

    reply = Reply.objects.get()
    assert (reply.kind, reply.until, reply.said_by) == ("not_now", in_days(7), "Lena Roth")
    assert "Put off until" in answered.content.decode()
    undo = reverse("certificates:link_reply_undo", args=[handle, order.pk])
    assert f'action="{undo}"' in answered.content.decode()
    client.post(undo)
    assert replies.standing_reply(order) is None


def test_customer_types_a_day(partner: Partner, client: Client) -> None:
    order = make_due(partner)
    page = reverse("certificates:link_reply", args=[open_order_link(client, order), order.pk])

    late = client.post(page, {"answer": "not_now", "not_now-when": "other", "not_now-until": in_days(51).isoformat()})
    none = client.post(page, {"answer": "not_now", "not_now-when": "other"})
    good = client.post(page, {"answer": "not_now", "not_now-when": "other", "not_now-until": in_days(50).isoformat()})

    assert (late.status_code, none.status_code, good.status_code) == (422, 422, 302)
    assert "after that it can no longer be renewed" in late.content.decode()
    assert Reply.objects.get().until == in_days(50)


def test_customer_says_why_it_is_no_longer_needed(partner: Partner, client: Client) -> None:
    order = make_due(partner)
    page = reverse("certificates:link_reply", args=[open_order_link(client, order), order.pk])

    without = client.post(page, {"answer": "not_needed"})
    client.post(page, {"answer": "not_needed", "not_needed-reason": "price", "not_needed-words": "Too dear\u202e."})

    reply = Reply.objects.get()
    assert without.status_code == 422
    assert (reply.kind, reply.reason, reply.words, reply.until) == ("not_needed", "price", "Too dear.", None)


def test_link_answers_for_its_own_orders_only(partner: Partner, client: Client) -> None:
    order = make_due(partner)
    same_customer = make_due(partner, customer=order.customer, contact=order.contact)
    foreign = make_due(factories.make_partner("Autre"))
    handle = open_order_link(client, order)

    for other in (same_customer, foreign):
        url = reverse("certificates:link_reply", args=[handle, other.pk])
        assert client.get(url).status_code == 404
        assert client.post(url, {"answer": "not_now", "not_now-when": "week"}).status_code == 404

    handle = open_contact_link(client, order.contact)  # type: ignore[arg-type]
    assert client.get(reverse("certificates:link_reply", args=[handle, same_customer.pk])).status_code == 200
    assert not Reply.objects.exists()


def test_looking_at_the_page_answers_nothing_and_counts_nobody(partner: Partner, client: Client) -> None:
    order = make_due(partner)
    page = reverse("certificates:link_reply", args=[open_order_link(client, order), order.pk])

    for _ in range(3):
        client.get(page)
        client.head(page)

    assert not Reply.objects.exists()
    assert newest_link().opened_count == 0


def test_staff_looking_over_the_shoulder_answer_nothing(partner: Partner, client: Client) -> None:
    order = make_due(partner)
    client.force_login(factories.make_member(partner, Role.SUPPORT).user)
    page = reverse("certificates:link_reply", args=[open_order_link(client, order), order.pk])

    assert "so you can look and not answer" in client.get(page).content.decode()
    assert client.post(page, {"answer": "not_now", "not_now-when": "week"}).status_code == 403


def test_customer_answers_at_home(partner: Partner, client: Client) -> None:
    order = make_due(partner)
    member = factories.make_member(partner, Role.CUSTOMER, customer=order.customer)
    client.force_login(member.user)
    page = reverse("certificates:home_reply", args=[order.pk])

    assert client.get(page).status_code == 200
    client.post(page, {"answer": "not_needed", "not_needed-reason": "elsewhere"})

    assert Reply.objects.get().said_by == str(member.user)
    assert Activity.objects.get(verb="order.not_needed").actor == member.user


def test_second_browser_sees_the_answer_of_the_first(partner: Partner) -> None:
    order, one, other = make_due(partner), Client(), Client()
    pages = [
        (client, reverse("certificates:link_reply", args=[open_order_link(client, order), order.pk]))
        for client in (one, other)
    ]

    for client, page in pages:
        client.post(page, {"answer": "not_now", "not_now-when": "week"})

    assert Reply.objects.count() == 1
    assert "Put off until" in other.get(pages[1][1]).content.decode()


def test_page_says_so_where_nothing_is_left_to_answer(partner: Partner, client: Client) -> None:
    order = make_due(partner)
    page = reverse("certificates:link_reply", args=[open_order_link(client, order), order.pk])
    Order.objects.filter(pk=order.pk).update(renewal_mark=RenewalMark.IN_HAND)

    assert "There is nothing to answer" in client.get(page).content.decode()
    assert client.post(page, {"answer": "not_now", "not_now-when": "week"}).status_code == 409


# On the telephone, and what staff see


def staff(client: Client, partner: Partner, role: str = Role.SUPPORT) -> Client:
    client.force_login(factories.make_member(partner, role).user)
    return client


def test_support_takes_an_answer_down_and_takes_it_back(partner: Partner, client: Client) -> None:
    order = make_due(partner)
    page = reverse("certificates:order_answer", args=[order.pk])

    shown = staff(client, partner).get(page).content.decode()
    client.post(page, {"answer": "not_needed", "name": "Lena Roth", "not_needed-reason": "price"})
    noted = client.get(reverse("certificates:order", args=[order.pk])).content.decode()

    assert 'value="Lena Roth"' in shown
    assert Activity.objects.get(verb="order.not_needed").facts["by_telephone"]
    assert not OutgoingMail.objects.exists()
    assert "No longer needed" in noted
    assert "It costs too much" in noted
    client.post(reverse("certificates:order_answer_undo", args=[order.pk]))
    assert replies.standing_reply(order) is None


def test_answer_on_the_telephone_needs_a_name(partner: Partner, client: Client) -> None:
    order = make_due(partner)

    answered = staff(client, partner).post(
        reverse("certificates:order_answer", args=[order.pk]), {"answer": "not_now", "not_now-when": "week"}
    )

    assert answered.status_code == 422
    assert not Reply.objects.exists()


def test_lists_filter_show_and_export_the_answer(partner: Partner, client: Client) -> None:
    put, gone, silent = (make_due(partner, number=number) for number in ("771001", "771002", "771003"))
    put_off(put, in_days(7))
    decline(gone)
    staff(client, partner)

    def shown(answer: str) -> list[str]:
        page = client.get("/expiring/", {"tab": "30", "answer": answer}).content.decode()
        return [order.number for order in (put, gone, silent) if f">{order.number}<" in page]

    assert [shown(answer) for answer in ("not_now", "not_needed", "none", "")] == [
        ["771001"],
        ["771002"],
        ["771003"],
        ["771001", "771002", "771003"],
    ]
    page = client.get("/expiring/?tab=30").content.decode()
    assert page.count("Put off until") == 1
    exported = b"".join(client.get("/expiring/?tab=30&export=csv").streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    rows = {row["Order #"]: row for row in csv.DictReader(exported.splitlines())}
    said = {number: (row["Customer's answer"], row["Put off until"]) for number, row in rows.items()}
    assert said == {
        "771001": ("Not now", in_days(7).isoformat()),
        "771002": ("No longer needed", ""),
        "771003": ("", ""),
    }


def test_quick_view_shows_the_answer(partner: Partner, client: Client) -> None:
    order = make_due(partner)
    put_off(order, in_days(7))

    page = staff(client, partner).get(reverse("certificates:quick_view", args=[order.pk])).content.decode()

    assert "Put off until" in page
