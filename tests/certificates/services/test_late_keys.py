"""What was agreed may be ordered before its server has made a key: it waits, holds its order, and goes on with it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from certificates.services.deciding import cancel_request, give_key
from certificates.services.refusals import AlreadyRenewed, MovedOn
from certificates.services.renewals import Agreed
from certificates.states import RenewalMark, RequestState
from certificates.x509 import BadRequest
from portal.models import Partner
from tests.certificates.certs import make_csr
from tests.certificates.services.conftest import Counter
from tests.certificates.services.work import TEN, fresh, make_renewable, press, press_new, sweep
from tests.factories import make_user

HOST = "www.granit-phare.example"


def test_a_renewal_without_a_key_waits_and_bars_a_second_one(connected: Partner, counter: Counter) -> None:
    order = make_renewable(connected)

    request = press(order, csr=None)
    sweep()

    order.refresh_from_db()
    assert (fresh(request).state, order.renewal_mark) == (RequestState.WAITING_KEY, RenewalMark.IN_HAND)
    assert counter.orders == 0
    with pytest.raises(AlreadyRenewed):
        press(order)


def test_the_key_sends_it_on_its_way_once(connected: Partner, counter: Counter) -> None:
    request = press(make_renewable(connected), csr=None)

    give_key(request, csr=make_csr(HOST), actor=None, now=TEN)
    with pytest.raises(MovedOn):
        give_key(request, csr=make_csr(HOST), actor=None, now=TEN)
    sweep()

    assert (fresh(request).state, counter.orders) == (RequestState.ISSUED, 1)


def test_junk_instead_of_a_key_changes_nothing(connected: Partner) -> None:
    request = press_new(connected, csr=None)

    with pytest.raises(BadRequest):
        give_key(request, csr="hello", actor=None, now=TEN)

    assert fresh(request).state == RequestState.WAITING_KEY


def test_it_still_waits_for_an_administrator_where_the_partner_wants_one(connected: Partner) -> None:
    connected.approval_required = True
    connected.save(update_fields=["approval_required"])
    request = press(make_renewable(connected), csr=None)

    give_key(request, csr=make_csr(HOST), actor=None, now=TEN)

    assert fresh(request).state == RequestState.WAITING_APPROVAL


def test_it_can_be_let_go_while_it_waits(connected: Partner) -> None:
    order = make_renewable(connected)
    request = press(order, csr=None)

    dropped = cancel_request(request, actor=make_user(), now=TEN)

    order.refresh_from_db()
    assert (dropped, fresh(request).state, order.renewal_mark) == (True, RequestState.CANCELED, RenewalMark.NONE)


def test_the_new_order_takes_over_the_price_that_was_agreed(connected: Partner, counter: Counter) -> None:
    request = press(make_renewable(connected), agreed=Agreed(Decimal("219.50"), "EUR"))

    sweep()

    made = fresh(request).result
    assert made is not None
    assert (made.price, made.currency) == (Decimal("219.50"), "EUR")
