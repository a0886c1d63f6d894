"""The Requests page and each request's own: how far it is, what has to be proved, and what people decide."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from certificates.authorities import sandbox
from certificates.models import Order, Request
from certificates.services.deciding import cancel_request
from certificates.states import RenewalMark, RequestKind, RequestState
from certificates.wording.answers import told
from portal.models import Membership, Partner
from portal.roles import Role
from tests import factories
from tests.certificates.certs import make_csr
from tests.certificates.services.work import TEN, fresh, make_renewable, press
from tests.offers.reading import words
from tests.queries import assert_query_baseline

LIST = reverse("certificates:requests")


@pytest.fixture(autouse=True)
def _one_factor(settings: Any) -> None:
    settings.MFA_REQUIRED = False


@pytest.fixture
def connected(partner: Partner) -> Partner:
    factories.make_connection(partner)
    return partner


def browser_of(partner: Partner, role: str = Role.ACCOUNT_MANAGER) -> tuple[Client, Membership]:
    member = factories.make_member(partner, role)
    client = Client()
    client.force_login(member.user)
    return client, member


@pytest.fixture
def page(connected: Partner) -> Client:
    return browser_of(connected)[0]


def url(request: Request, deed: str = "") -> str:
    return reverse(f"certificates:request{'_' if deed else ''}{deed}", args=[request.pk])


def put(request: Request, **changes: Any) -> Request:
    """The request in a state that would take a worker and an authority to reach."""
    Request.objects.filter(pk=request.pk).update(**changes)
    return fresh(request)


# Its own page


def test_a_queued_request_looks_for_news_by_itself(page: Client, connected: Partner) -> None:
    response = page.get(url(press(make_renewable(connected), actor=factories.make_user())))

    shown = words(response)
    assert "Renewal of www.granit-phare.example" in shown
    assert "Done: Recorded by Claire Martin" in shown
    assert "Under way: Placing at the authority" in shown
    assert "To come: Issue" in shown
    assert 'hx-trigger="every ' in response.content.decode()


def test_what_has_to_be_proved_is_said_exactly(page: Client, connected: Partner) -> None:
    steps = [
        {"kind": "dns", "name": "a.example", "where": "_dnsauth.a.example", "value": "token-1", "done": False},
        {"kind": "http", "name": "b.example", "where": "http://b.example/x", "value": "token-2", "done": False},
        {"kind": "email", "name": "c.example", "where": "admin@c.example", "value": "", "done": False},
        {"kind": "organization", "name": "Granit Phare SA", "where": "", "value": "", "done": True},
    ]
    request = put(
        press(make_renewable(connected)), state=RequestState.PLACED, authority_number="900000001", steps=steps
    )

    shown = words(page.get(url(request)))

    assert "3 things to prove" in shown
    assert "Create a TXT record _dnsauth.a.example with this value: token-1" in shown
    assert "Serve a file at http://b.example/x that holds: token-2" in shown
    assert "Follow the link in the message the authority sent to admin@c.example." in shown
    assert "Granit Phare SA is proved." in shown
    assert "Embedded authority, order 900000001" in shown


def test_an_error_on_the_way_is_shown_with_its_attempts(page: Client, connected: Partner) -> None:
    request = put(press(make_renewable(connected)), attempts=3, last_error="no answer in time")

    assert "3 attempts so far; the last answer was: The authority did not answer in time." in words(
        page.get(url(request))
    )


def test_a_failed_request_can_be_tried_again(page: Client, connected: Partner) -> None:
    order = make_renewable(connected)
    request = put(press(order), state=RequestState.FAILED, last_error="invalid_value:csr")
    Order.objects.filter(pk=order.pk).update(renewal_mark=RenewalMark.NONE)

    shown = page.get(url(request))
    response = page.post(url(request, "retry"), follow=True)

    assert "Ended here: Not placed invalid_value:csr" in words(shown)
    assert "every " not in shown.content.decode().split('id="progress"')[1][:80]
    assert "The request is being tried again." in words(response)
    assert fresh(request).state == RequestState.QUEUED


def test_what_would_be_refused_again_is_asked_for_otherwise_first(page: Client, connected: Partner) -> None:
    refusal = "a wildcard is not validated by a file"
    request = put(press(make_renewable(connected)), state=RequestState.FAILED, last_error=refusal)

    response = page.get(url(request))

    shown = words(response)
    assert "A name with a wildcard cannot be proved by a file on the server." in shown
    assert shown.index("Renew with other names") < shown.index("Try again") < shown.index("will refuse it again")
    assert 'class="btn btn-secondary btn-wide">' in response.content.decode()


@pytest.mark.parametrize("error", ["no answer in time", "something the authority never said before"])
def test_what_may_succeed_the_next_time_is_tried_again_first(page: Client, connected: Partner, error: str) -> None:
    request = put(press(make_renewable(connected)), state=RequestState.FAILED, last_error=error)

    shown = words(page.get(url(request)))

    assert shown.index("Try again") < shown.index("Renew with other names")
    assert "will refuse it again" not in shown


def test_every_refusal_of_the_embedded_authority_is_a_sentence() -> None:
    folder = Path(sandbox.__file__).parent
    sources = [(folder / name).read_text() for name in ("authority.py", "intake.py")]
    said = [word for source in sources for word in re.findall(r'Order(?:Refused|NotFound)\("([^"]+)"\)', source)]

    assert len(said) > 8
    assert [word for word in said if told(word) == word] == []
    assert all(told(f"{code}: why") != f"{code}: why" for code in ("weak_key", "bad_name", "not_a_csr"))


def test_an_administrator_approves_and_the_account_manager_cannot(connected: Partner) -> None:
    connected.approval_required = True
    connected.save(update_fields=["approval_required"])
    claire, asking = browser_of(connected)
    nadia, deciding = browser_of(connected, Role.ADMINISTRATOR)
    request = press(make_renewable(connected), actor=asking.user)

    refused = claire.post(url(request, "approve"))
    shown = words(claire.get(url(request)))
    agreed = nadia.post(url(request, "approve"), follow=True)

    assert refused.status_code == 403
    assert "It waits for an administrator. Nothing has been ordered yet." in shown
    assert "Do you agree?" not in shown
    assert "Approved: it is placed at the authority in a moment." in words(agreed)
    assert (fresh(request).state, fresh(request).decided_by) == (RequestState.QUEUED, deciding.user)


def test_a_refusal_keeps_its_reason_for_whoever_asked(connected: Partner) -> None:
    connected.approval_required = True
    connected.save(update_fields=["approval_required"])
    nadia, deciding = browser_of(connected, Role.ADMINISTRATOR)
    request = press(make_renewable(connected))

    nadia.post(url(request, "reject"), {"reason": " The customer\r\nmoves away. "})

    assert fresh(request).state == RequestState.REJECTED
    assert f"Refused by {deciding.user}: The customer moves away." in words(nadia.get(url(request)))


def test_a_request_is_cancelled_once(page: Client, connected: Partner) -> None:
    request = press(make_renewable(connected))

    first, second = page.post(url(request, "cancel"), follow=True), page.post(url(request, "cancel"), follow=True)

    assert "It was cancelled. Nothing more happens" in words(first)
    assert "It has moved on meanwhile, so nothing was changed." in words(second)


def test_a_cancellation_under_way_is_said(page: Client, connected: Partner) -> None:
    request = put(press(make_renewable(connected)), state=RequestState.PLACED, authority_number="900000001")
    cancel_request(request, actor=factories.make_user(), now=TEN)

    shown = words(page.get(url(request)))

    assert "It is being cancelled: the authority is told, and its answer decides." in shown
    assert "Cancel the request" not in shown


@pytest.mark.parametrize("deed", ["approve", "reject", "retry", "cancel", "validate"])
def test_deeds_are_not_done_by_looking(connected: Partner, deed: str) -> None:
    nadia, _ = browser_of(connected, Role.ADMINISTRATOR)
    request = press(make_renewable(connected))

    assert nadia.get(url(request, deed)).status_code == 405
    assert fresh(request).state == RequestState.QUEUED


def test_support_looks_and_decides_nothing(connected: Partner) -> None:
    sam, _ = browser_of(connected, Role.SUPPORT)
    request = press(make_renewable(connected))

    assert "Cancel the request" not in words(sam.get(url(request)))
    for deed in ("approve", "reject", "retry", "cancel", "validate"):
        assert sam.post(url(request, deed)).status_code == 403


# The list


def rows_of(response: Any) -> list[str]:
    body = response.content.decode().split("<tbody>")
    return [words_of(row) for row in body[1].split("</tbody>")[0].split("<tr")[1:]] if len(body) > 1 else []


def words_of(html: str) -> str:
    class Part:
        content = f"<tr{html}".encode()

    return words(Part)


def test_failed_requests_come_first_and_ended_ones_only_under_all(page: Client, connected: Partner) -> None:
    hosts = {state: f"{state.replace('_', '-')}.example" for state in (*RequestState,) if state != RequestState.ISSUED}
    for state, host in hosts.items():
        claim = {"claimed_until": TEN} if state == RequestState.PLACING else {}
        put(press(make_renewable(connected, common_name=host)), state=state, **claim)

    open_ones, everything = rows_of(page.get(LIST)), rows_of(page.get(LIST, {"show": "all"}))

    assert [row.split()[0] for row in open_ones] == [
        "failed.example",
        "placed.example",
        "placing.example",
        "queued.example",
        "waiting-approval.example",
        "waiting-key.example",
    ]
    assert len(everything) == len(hosts)


def test_rows_offer_what_may_be_decided(connected: Partner) -> None:
    nadia, _ = browser_of(connected, Role.ADMINISTRATOR)
    put(press(make_renewable(connected, common_name="a.example")), state=RequestState.FAILED, last_error="refused")
    put(press(make_renewable(connected, common_name="b.example")), state=RequestState.WAITING_APPROVAL)
    press(make_renewable(connected, common_name="c.example"))

    failed, queued, waiting = rows_of(nadia.get(LIST))

    assert "refused" in failed
    assert "Try again a.example" in failed
    assert "Approve b.example Refuse b.example" in waiting
    assert "Cancel c.example" in queued


def test_requests_are_filtered_by_state_kind_words_and_customer(page: Client, connected: Partner) -> None:
    opale = factories.make_customer(connected, "Opale Quartz SARL")
    mine = press(make_renewable(connected, common_name="a.example", customer=opale))
    factories.make_request(
        make_renewable(connected, common_name="b.example"), RequestKind.NEW, csr=make_csr("b.example"), now=TEN
    )

    def hosts(**query: str) -> list[str]:
        return [row.split()[0] for row in rows_of(page.get(LIST, query))]

    assert hosts(kind="renewal") == ["a.example"]
    assert hosts(kind="new") == ["b.example"]
    assert hosts(q="A.EXAMPLE") == hosts(q=mine.order.number if mine.order else "") == ["a.example"]
    assert hosts(customer="opale") == ["a.example"]
    assert hosts(state="failed") == []


def test_nothing_open_points_to_what_expires(page: Client) -> None:
    assert "Nothing is open, and nothing has failed" in words(page.get(LIST))


def test_the_list_is_exported(page: Client, connected: Partner) -> None:
    press(make_renewable(connected))

    response = page.get(LIST, {"export": "csv"})

    assert b"www.granit-phare.example" in b"".join(response)


def test_other_partners_requests_are_nowhere(page: Client, connected: Partner) -> None:
    foreign = factories.make_order(factories.make_partner(), common_name="foreign.example")
    request = factories.make_request(foreign)

    assert "foreign.example" not in words(page.get(LIST, {"show": "all"}))
    assert page.get(url(request)).status_code == 404


def test_the_list_asks_as_often_at_one_row_as_at_many(page: Client, connected: Partner) -> None:
    made = iter(range(1000))

    def add(rows: int) -> None:
        for _ in range(rows):
            order = factories.make_order(connected, common_name=f"host{next(made)}.example")
            factories.make_request(order, now=TEN + timedelta(seconds=next(made)))

    assert_query_baseline(page, LIST, "requests", add_rows=add, many=12)


def test_the_promised_end_stands_beside_the_progress(page: Client, connected: Partner) -> None:
    request = press(make_renewable(connected, ends_on=date(2026, 12, 23)))

    assert "The order ends 23 December 2027 Days kept 31" in words(page.get(url(request)))
