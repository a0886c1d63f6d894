"""Whether a certificate is on its server: seen by a real handshake, said by the customer, and reminded of once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.core.cache import cache
from django.test import Client

from certificates.authorities.sandbox import Sandbox
from certificates.models import Certificate, Contact, Installation, OptOut, Order, Request
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
from certificates.services.letters.installations import remind_of_installations
from certificates.states import RequestKind
from certificates.wording import installed
from portal import clock
from portal.mail.delivery import deliver_due
from portal.models import Activity, OutgoingMail, Partner
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


# The reminder


def stop_letters(contact: Contact | None, scope: str, **about: Any) -> None:
    assert contact is not None
    OptOut.objects.create(partner=contact.partner, contact=contact, scope=scope, at=TEN, **about)


def test_one_quiet_letter_after_three_days_and_never_another(looking: Partner, settings: Any) -> None:
    certificate = renewed(old_order(looking))
    mail.outbox.clear()

    assert remind_of_installations(now=TEN + 3 * DAY - timedelta(seconds=1)) == 0
    assert remind_of_installations(now=TEN + 3 * DAY) == 1
    for days in (3, 4, 30):
        assert remind_of_installations(now=TEN + days * DAY) == 0

    deliver_due(now=TEN + 3 * DAY)
    [letter] = mail.outbox
    assert "lena@granit-phare.example" in letter.to[0]
    assert letter.subject == f"The new certificate for {HOST} is waiting to be installed"
    assert "visitors see the old one, which ends on 12 December 2026" in letter.body
    assert "/l/" in letter.body
    assert known(certificate).reminded_at == TEN + 3 * DAY
    assert verbs() == ["order.installation_reminded"]


def test_the_days_are_a_setting(looking: Partner, settings: Any) -> None:
    settings.NOT_INSTALLED_AFTER = 10 * DAY
    renewed(old_order(looking))

    assert remind_of_installations(now=TEN + 9 * DAY) == 0
    assert remind_of_installations(now=TEN + 10 * DAY) == 1


def test_the_letter_speaks_the_contacts_language_and_tells_what_was_seen(looking: Partner, server: Server) -> None:
    order = old_order(looking)
    assert order.contact is not None
    order.contact.language = "fr"
    order.contact.save()
    renewed(order)
    server.shows(make_certificate(HOST, (HOST,), last_second=datetime(2026, 12, 12, 23, 59, 59, tzinfo=UTC)), host=HOST)
    look(server, now=TEN + HOUR)

    remind_of_installations(now=TEN + 3 * DAY)

    [letter] = OutgoingMail.objects.filter(key__startswith="not-installed:")
    assert "12 décembre 2026" in letter.text
    assert HOST in letter.text


@pytest.mark.parametrize("how", ["said", "seen"])
def test_what_is_installed_is_not_spoken_of(how: str, looking: Partner, server: Server) -> None:
    certificate = renewed(old_order(looking))
    if how == "said":
        say_installed(certificate, by="Lena Roth", actor=None, now=TEN + HOUR)
    else:
        server.shows(certificate.pem, host=HOST)
        look(server, now=TEN + HOUR)

    assert remind_of_installations(now=TEN + 4 * DAY) == 0
    assert not OutgoingMail.objects.filter(key__startswith="not-installed:").exists()


def test_a_letter_that_has_not_left_stays_home_once_it_is_said(looking: Partner) -> None:
    certificate = renewed(old_order(looking))
    remind_of_installations(now=TEN + 3 * DAY)
    mail.outbox.clear()

    say_installed(certificate, by="Lena Roth", actor=None, now=TEN + 3 * DAY)
    deliver_due(now=TEN + 3 * DAY)

    assert mail.outbox == []


def test_taken_back_it_is_reminded_of_later_but_only_if_it_never_was(looking: Partner) -> None:
    certificate = renewed(old_order(looking))
    who: dict[str, Any] = {"by": "Lena Roth", "actor": None}
    say_installed(certificate, **who, now=TEN + HOUR)
    unsay_installed(certificate, **who, now=TEN + DAY)

    assert remind_of_installations(now=TEN + 3 * DAY) == 0
    assert remind_of_installations(now=TEN + 4 * DAY) == 1

    say_installed(certificate, **who, now=TEN + 4 * DAY)
    unsay_installed(certificate, **who, now=TEN + 5 * DAY)
    assert remind_of_installations(now=TEN + 20 * DAY) == 0


@pytest.mark.parametrize("scope", [OptOut.Scope.ALL, OptOut.Scope.ORDER, OptOut.Scope.CERTIFICATE])
def test_whoever_wants_no_letters_about_it_gets_none(scope: str, looking: Partner) -> None:
    order = old_order(looking)
    certificate = renewed(order)
    about: dict[str, dict[str, Any]] = {"order": {"order": order}, "certificate": {"certificate": certificate}}
    stop_letters(order.contact, scope, **about.get(scope, {}))

    assert remind_of_installations(now=TEN + 3 * DAY) == 0
    assert known(certificate).reminded_at is None


def test_whoever_wants_no_offers_gets_this_letter_all_the_same(looking: Partner) -> None:
    order = old_order(looking)
    renewed(order)
    stop_letters(order.contact, OptOut.Scope.OFFERS)

    assert remind_of_installations(now=TEN + 3 * DAY) == 1


def test_nothing_is_sent_where_notices_are_off_nobody_is_named_or_nothing_was_replaced(looking: Partner) -> None:
    quiet = old_order(looking, "quiet.granit-phare.example", notices_enabled=False)
    renewed(quiet)
    nobody = old_order(looking, "nobody.granit-phare.example")
    Order.objects.filter(pk=nobody.pk).update(contact=None)
    nobody.refresh_from_db()
    renewed(nobody)
    press_new(looking)
    sweep()

    assert remind_of_installations(now=TEN + 3 * DAY) == 0


def test_a_reissue_is_reminded_of_too(looking: Partner) -> None:
    order = renewed(old_order(looking)).order
    assert order is not None
    order.refresh_from_db()
    asked = press_reissue(order, now=clock.now())
    sweep()
    assert Request.objects.get(pk=asked.pk).kind == RequestKind.REISSUE

    assert remind_of_installations(now=TEN + 3 * DAY) == 1


def test_of_two_workers_that_found_the_same_one_writes(looking: Partner, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second has read its list before the first writes, and claims afterwards."""
    from certificates.services.letters import installations as letters

    renewed(old_order(looking))
    now, found = TEN + 3 * DAY, letters._due
    first: list[bool] = []

    def slow_list(at: datetime) -> Any:
        rows = found(at)
        if not first:
            first.append(True)
            held = list(rows.values_list("pk", flat=True))
            assert remind_of_installations(now=at) == 1
            assert held
        return rows

    monkeypatch.setattr(letters, "_due", slow_list)

    assert remind_of_installations(now=now) == 0
    assert OutgoingMail.objects.filter(key__startswith="not-installed:").count() == 1


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
