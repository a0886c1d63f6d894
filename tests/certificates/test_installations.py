"""Whether a certificate is on its server: seen by a real handshake, said by the customer, and reminded of once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client

from certificates.authorities.sandbox import Sandbox
from certificates.models import Certificate, Installation, Order, Request
from certificates.services import installations, placing
from certificates.services.installations import (
    DAY,
    HOUR,
    hosts_of,
    look_around,
    look_soon,
    next_look,
    say_installed,
    take_up_checks,
    unsay_installed,
)
from certificates.states import RequestKind
from certificates.wording import installed
from portal import clock
from portal.models import Activity, Partner
from portal.outbound import Guard
from tests import factories
from tests.certificates.certs import make_certificate, make_csr
from tests.certificates.customers import make_due
from tests.certificates.services.work import TEN, press, press_new, press_reissue, sweep
from tests.offers.reading import words
from tests.tls import Server, serving

HOST = "www.granit-phare.example"
State = Installation.State


@pytest.fixture(autouse=True)
def at_ten(db: None, settings: Any) -> Iterator[time_machine.Traveller]:
    cache.clear()
    settings.PORTAL_TODAY = ""
    with time_machine.travel(TEN, tick=False) as traveller:
        yield traveller


@pytest.fixture
def looking(partner: Partner, monkeypatch: pytest.MonkeyPatch) -> Partner:
    """A partner that looks at servers, connected to an authority that issues at once."""
    monkeypatch.setattr(
        placing, "authority_for", lambda _connection: Sandbox("one", now=clock.now, issue_after=timedelta(0))
    )
    factories.make_connection(partner)
    Partner.objects.update(checks_live_hosts=True)
    partner.refresh_from_db()
    return partner


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with serving(tmp_path) as server:
        yield server


def old_order(partner: Partner, host: str = HOST, **fields: Any) -> Order:
    dv = factories.product("ssl_dv_geotrust_flex")
    return make_due(partner, common_name=host, product=dv, csr=make_csr(host), **fields)


def renewed(order: Order) -> Certificate:
    """The certificate that came of renewing the order."""
    asked = press(order, now=clock.now())
    sweep()
    return _result_of(asked)


def _result_of(asked: Request) -> Certificate:
    asked.refresh_from_db()
    assert asked.result is not None
    certificate: Certificate = asked.result.certificates.get(is_current=True)
    return certificate


def known(certificate: Certificate) -> Installation:
    return Installation.objects.get(certificate=certificate)


def look(server: Server, *, now: datetime) -> int:
    """One sweep that meets the local server on the usual port."""
    return look_around(now=now, guard=_on_local_port(server))


def _on_local_port(server: Server) -> Guard:
    class Local(Guard):
        def served_certificate(self, host: str, *, port: int = server.port) -> bytes:
            return super().served_certificate(host, port=port)

    guard = server.guard
    return Local(guard.resolver, guard.allows, guard.ports, timeout=2)


def verbs() -> list[str]:
    deeds = Activity.objects.filter(verb__startswith="order.installation").order_by("pk")
    return list(deeds.values_list("verb", flat=True))


# What the server shows


def test_the_old_certificate_is_seen_first_and_the_new_one_once_it_is_installed(
    looking: Partner, server: Server
) -> None:
    certificate = renewed(old_order(looking))
    old = make_certificate(HOST, (HOST,), serial=0xABC, last_second=datetime(2026, 12, 12, 23, 59, 59, tzinfo=UTC))
    server.shows(old, host=HOST)

    assert look(server, now=TEN + HOUR) == 1
    first = known(certificate)
    assert (first.state, first.host, first.served_serial) == (State.OTHER, HOST, "ABC")
    assert (first.served_ends_on, first.checked_at, first.check_due_at) == (
        datetime(2026, 12, 12, tzinfo=UTC).date(),
        TEN + HOUR,
        TEN + DAY,
    )
    assert "serial number ABC, until 12 December 2026" in installed.sentence(first)

    server.shows(certificate.pem, host=HOST)
    assert look(server, now=TEN + DAY) == 1
    second = known(certificate)
    assert (second.state, second.is_done, second.check_due_at) == (State.SERVED, True, None)
    assert look(server, now=TEN + 2 * DAY) == 0
    assert verbs() == ["order.installation_seen"]
    assert server.asked == [HOST, HOST]


def test_a_wildcard_is_looked_for_at_its_domain_and_its_www(looking: Partner, server: Server) -> None:
    certificate = renewed(old_order(looking, "*.karst.example"))
    assert list(hosts_of(certificate)) == ["karst.example", "www.karst.example"]
    server.shows(make_certificate(), host="karst.example")
    server.shows(certificate.pem, host="www.karst.example")

    look(server, now=TEN + HOUR)

    assert (known(certificate).state, known(certificate).host) == (State.SERVED, "www.karst.example")


def test_of_two_hosts_that_show_others_the_first_one_that_answers_is_told(looking: Partner, server: Server) -> None:
    certificate = renewed(old_order(looking, "*.karst.example"))
    server.shows(make_certificate(), host="www.karst.example")

    look(server, now=TEN + HOUR)

    assert (known(certificate).state, known(certificate).host) == (State.OTHER, "www.karst.example")


def test_a_host_that_nobody_knows_is_unreachable_and_says_nothing_about_it(looking: Partner, server: Server) -> None:
    certificate = renewed(old_order(looking))

    look(server, now=TEN + HOUR)

    found = known(certificate)
    assert (found.state, found.problem, found.is_done) == (State.UNREACHABLE, "no_name", False)
    assert "no public address" in installed.sentence(found)


def test_a_private_address_is_never_asked(looking: Partner, server: Server) -> None:
    certificate = renewed(old_order(looking))
    server.shows(certificate.pem, host=HOST)

    look_around(now=TEN + HOUR, guard=Guard(resolver=lambda _host: ["127.0.0.1"]))

    assert (known(certificate).state, known(certificate).problem) == (State.UNREACHABLE, "not_public")
    assert server.asked == []


def test_nobody_is_looked_at_where_it_is_off_and_it_begins_when_it_is_switched_on(
    looking: Partner, server: Server
) -> None:
    Partner.objects.update(checks_live_hosts=False)
    certificate = renewed(old_order(looking))
    server.shows(certificate.pem, host=HOST)
    assert known(certificate).check_due_at is None
    assert take_up_checks(now=TEN + 2 * HOUR) == 0
    assert look(server, now=TEN + 2 * HOUR) == 0

    Partner.objects.update(checks_live_hosts=True)
    assert take_up_checks(now=TEN + 3 * HOUR) == 1
    assert look(server, now=TEN + 3 * HOUR) == 1
    assert known(certificate).state == State.SERVED
    assert take_up_checks(now=TEN + 4 * HOUR) == 0


def test_switched_off_meanwhile_nothing_more_is_looked_at(looking: Partner, server: Server) -> None:
    certificate = renewed(old_order(looking))
    Partner.objects.update(checks_live_hosts=False)

    assert look(server, now=TEN + HOUR) == 0
    take_up_checks(now=TEN + HOUR)
    assert known(certificate).check_due_at is None


def test_a_reissue_ends_the_questions_about_the_one_before_it(looking: Partner, server: Server) -> None:
    first = renewed(old_order(looking))
    order = first.order
    assert order is not None
    order.refresh_from_db()
    asked = press_reissue(order, now=clock.now())
    sweep()
    second = _result_of(asked)

    assert first.pk != second.pk
    assert (known(first).check_due_at, known(first).remind_due_at) == (None, None)
    assert known(second).check_due_at == TEN + HOUR


def test_what_was_sold_before_is_never_looked_at(looking: Partner, server: Server) -> None:
    factories.make_certificate(old_order(looking))

    assert take_up_checks(now=TEN) == 0
    assert look(server, now=TEN + DAY) == 0
    assert not Installation.objects.exists()


def test_looks_follow_an_hour_a_day_and_then_daily_for_thirty_days() -> None:
    looks, now = [], TEN
    while following := next_look(TEN, now):
        looks.append((following - TEN) / HOUR)
        now = following

    assert looks == [1, *(24 * day for day in range(1, 31))]
    assert next_look(TEN, TEN + 90 * DAY) is None
    assert next_look(TEN, TEN + 3.5 * DAY) == TEN + 4 * DAY


def test_somebody_asks_for_a_look_and_it_is_due_at_once(looking: Partner, server: Server) -> None:
    certificate = renewed(old_order(looking))
    server.shows(certificate.pem, host=HOST)

    assert look_soon(certificate, now=TEN + timedelta(minutes=1))
    assert installed.is_being_looked_at(known(certificate), now=TEN + timedelta(minutes=1))
    assert look(server, now=TEN + timedelta(minutes=1)) == 1
    assert known(certificate).is_done


# The reminder, which campaigns send


def test_what_takes_anothers_place_is_to_be_reminded_of_after_some_days(looking: Partner, settings: Any) -> None:
    settings.NOT_INSTALLED_AFTER = 10 * DAY
    press_new(looking)
    certificate = renewed(old_order(looking))

    due = Installation.objects.filter(remind_due_at__isnull=False)
    assert [(one.certificate, one.remind_due_at) for one in due] == [(certificate, TEN + 10 * DAY)]


def test_a_reissue_is_to_be_reminded_of_too(looking: Partner) -> None:
    order = renewed(old_order(looking)).order
    assert order is not None
    order.refresh_from_db()
    asked = press_reissue(order, now=clock.now())
    sweep()

    assert asked.kind == RequestKind.REISSUE
    assert known(_result_of(asked)).remind_due_at == TEN + 3 * DAY


def test_what_is_said_or_seen_is_not_reminded_of_until_it_is_taken_back(looking: Partner, server: Server) -> None:
    said, seen = renewed(old_order(looking)), renewed(old_order(looking, "seen.granit-phare.example"))
    who: dict[str, Any] = {"by": "Lena Roth", "actor": None}
    say_installed(said, **who, now=TEN + HOUR)
    server.shows(seen.pem, host="seen.granit-phare.example")
    look(server, now=TEN + HOUR)
    assert (known(said).remind_due_at, known(seen).remind_due_at) == (None, None)

    unsay_installed(said, **who, now=TEN + DAY)
    assert known(said).remind_due_at == TEN + 4 * DAY


def test_looks_are_claimed_by_one_worker(looking: Partner) -> None:
    certificate = renewed(old_order(looking))
    both = [known(certificate), known(certificate)]

    assert [installations._claim(one, TEN + HOUR) for one in both] == [True, False]


# What staff see


@pytest.fixture
def staff(looking: Partner, settings: Any) -> Client:
    settings.MFA_REQUIRED = False
    client = Client()
    client.force_login(factories.make_member(looking).user)
    return client


def test_order_and_quick_view_tell_staff_of_the_new_and_of_the_old_order(looking: Partner, staff: Client) -> None:
    old = old_order(looking)
    certificate = renewed(old)
    pages = [f"/orders/{pk}/{part}" for pk in (old.pk, certificate.order_id) for part in ("", "quick/")]

    for url in pages:
        assert "Renewed, not installed" in words(staff.get(url)), url

    say_installed(certificate, by="Lena Roth", actor=None, now=clock.now())
    for url in pages:
        assert "Lena Roth said on 22 November 2026 that it is installed." in words(staff.get(url)), url
    timeline = words(staff.get(f"/orders/{certificate.order_id}/"))
    assert "The certificate is installed" in timeline
    assert "by Lena Roth" in timeline


def test_orders_nobody_ever_asked_about_say_nothing_of_it(looking: Partner, staff: Client) -> None:
    order = old_order(looking)
    factories.make_certificate(order)

    assert "On its server" not in words(staff.get(f"/orders/{order.pk}/"))


def test_the_list_of_orders_is_filtered_by_it(looking: Partner, staff: Client) -> None:
    first, second = (renewed(old_order(looking, f"{name}.granit-phare.example")) for name in ("one", "two"))
    say_installed(first, by="Lena Roth", actor=None, now=clock.now())

    for choice, shown, hidden in (("yes", first, second), ("no", second, first)):
        read = words(staff.get("/orders/", {"installed": choice}))
        assert shown.order is not None
        assert hidden.order is not None
        assert shown.order.number in read
        assert hidden.order.number not in read
