"""One process of a drill: `python -m tests.drills.actor press PK`, or another of its DEEDS with a number.

It says as JSON what it found.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import django
from django.db.models import Q
from django.test import Client

django.setup()

from django.db import connection, transaction  # noqa: E402 - once Django is set up

from campaigns.models import Call, Notice  # noqa: E402 - once Django is set up
from campaigns.services.attempts import Said, SomebodyElseCalled, record_attempt  # noqa: E402
from campaigns.services.calls import open_calls  # noqa: E402
from campaigns.services.events import tell_events  # noqa: E402
from certificates.models import Certificate, Contact, Customer, Order, Request, SandboxOrder  # noqa: E402
from certificates.services.deciding import retry_request  # noqa: E402
from certificates.services.downloads import chain_of  # noqa: E402
from certificates.services.refusals import RequestRefused  # noqa: E402
from certificates.services.renewal_links import make_contact_link  # noqa: E402
from certificates.services.renewals import AlreadyRenewed, request_renewal  # noqa: E402
from certificates.tasks import sweep_requests  # noqa: E402
from offers.models import Offer, Quote, Sale, Valuation  # noqa: E402
from offers.services.quotes import (  # noqa: E402
    QuoteRefused,
    accept_quote,
    decline_quote,
    make_quote_link,
    new_version,
    send_quote,
    withdraw_quote,
)
from offers.services.redeeming import OfferRefused, OfferUsedUp, redeem  # noqa: E402
from offers.services.renewing import renew_at_price  # noqa: E402
from offers.services.valuing import value_orders  # noqa: E402
from portal import clock  # noqa: E402
from portal.access import across_partners, on_behalf_of  # noqa: E402
from portal.mail import claims  # noqa: E402
from portal.models import Activity, OutgoingMail, Partner, User  # noqa: E402

# Few, so that workers meet again and again
CLAIMED_AT_ONCE = 3


def wait_for_the_others() -> None:
    """Tell that this process is ready, and wait for the sign to begin."""
    folder = Path(os.environ["DRILL_FOLDER"])
    (folder / f"ready-{os.getpid()}").touch()
    while not (folder / "go").exists():
        time.sleep(0.005)


def press(pk: int) -> dict[str, Any]:
    with across_partners():
        order = Order.objects.select_related("partner", "product").get(pk=pk)
    wait_for_the_others()
    with on_behalf_of(order.partner):
        wish = {"product": order.product, "term_years": 1, "names": order.names, "csr": order.csr}
        try:
            request = request_renewal(order, **wish, actor=None, now=clock.now())
        except AlreadyRenewed as already:
            return {"request": already.request.pk, "stored": False}
    return {"request": request.pk, "stored": True}


def accept(pk: int) -> dict[str, Any]:
    """Open a link to the quote in a browser of one's own, fill in its form, and press when all the others do."""
    with across_partners():
        quote = Quote.objects.select_related("partner", "contact").get(pk=pk)
    with on_behalf_of(quote.partner):
        link = make_quote_link(quote, now=clock.now())
    browser = Client(SERVER_NAME="localhost")
    page = browser.get(f"/l/{link.partition('/l/')[2]}").headers["Location"]
    told = re.search(r'name="accept-told" value="(\w+)"', browser.get(page).content.decode())
    name = f"Buyer {os.getpid()}"
    typed = {"name": name, "role": "Buyer", "terms": "on", "told": told[1] if told else ""}
    wait_for_the_others()
    answer = browser.post(f"{page}accept/", {f"accept-{field}": value for field, value in typed.items()})
    shown = re.search(r"(Buyer \d+) \(Buyer\) accepted this quote", browser.get(page).content.decode())
    refused = sorted(re.findall(r'<li class="host">([^<]+)</li>', answer.content.decode()))
    return {"status": answer.status_code, "name": name, "shown": shown[1] if shown else "", "refused": refused}


def renew_all(pk: int) -> dict[str, Any]:
    """Open a contact's link in a browser of one's own, and renew all that is due when all the others do."""
    return _renew_ticked(pk, slice(None))


def renew_half(pk: int) -> dict[str, Any]:
    """The same, with every other order ticked."""
    return _renew_ticked(pk, slice(None, None, 2))


def _renew_ticked(pk: int, which: slice) -> dict[str, Any]:
    with across_partners():
        contact = Contact.objects.select_related("partner").get(pk=pk)
    with on_behalf_of(contact.partner):
        link = make_contact_link(contact, now=clock.now())
    browser = Client(SERVER_NAME="localhost")
    page = browser.get(f"/l/{link.partition('/l/')[2]}").headers["Location"]
    shown = browser.get(page).content.decode()
    told = dict(re.findall(r'name="(told-\d+)" value="([^"]*)"', shown))
    ticked = re.findall(r'name="order" value="(\d+)"', shown)[which]
    wait_for_the_others()
    answer = browser.post(page, told | {"chosen": "1", "order": ticked, "renew": "1"})
    after = browser.get(f"{page}?chosen=1").content.decode()
    return {"status": answer.status_code, "shown": len(re.findall(r'href="/r/\w+/requests/\d+/"', after))}


def count_renewals(pk: int) -> dict[str, int]:
    """What has become of all that a contact's customer has due."""
    wait_for_the_others()
    with across_partners():
        mine = Request.objects.filter(order__contact=pk)
        return {
            "requests": mine.count(),
            "orders": len(set(mine.values_list("order", flat=True))),
            "sales": Sale.objects.filter(request__in=mine).count(),
            "uses": sum(Offer.objects.values_list("redeemed", flat=True)),
        }


def count(pk: int) -> dict[str, Any]:
    """What has become of the quote."""
    wait_for_the_others()
    with across_partners():
        quote = Quote.objects.get(pk=pk)
        lines = quote.lines.values("order"), quote.lines.values("certificate")
        return {
            "requests": Request.objects.filter(Q(order__in=lines[0]) | Q(moves__in=lines[1])).count(),
            "sales": Sale.objects.filter(quote_line__quote=quote).count(),
            "state": quote.state,
            "by": quote.answered_name,
            "deeds": Activity.objects.filter(verb="quote.accepted").count(),
        }


def work(seconds: int) -> dict[str, Any]:
    """Sweep until nothing is open any more, or the seconds are over."""
    wait_for_the_others()
    patience = time.monotonic() + seconds
    with across_partners():
        while Request.objects.open().exists() and time.monotonic() < patience:
            sweep_requests()
            time.sleep(0.05)
        states = list(Request.objects.order_by("pk").values_list("state", flat=True))
        certificates = [_parts(one) for one in Certificate.objects.current()]
    return {"states": states, "at_the_authority": SandboxOrder.objects.count(), "certificates": certificates}


def _parts(certificate: Certificate) -> dict[str, str]:
    issuing, root = chain_of(certificate)
    return {"leaf": certificate.pem, "issuing": issuing, "root": root}


def redeem_at_once(pk: int) -> dict[str, int]:
    """Let DRILL_PROCESSES children use EUR 20.00 of an offer at the same moment, each for the subject of its turn."""
    with across_partners():
        offer = Offer.objects.select_related("partner").get(pk=pk)
        customer = Customer.objects.filter(partner=offer.partner)[0]
    connection.close()  # each child opens its own
    wait_for_the_others()
    number, subjects = int(os.environ["DRILL_PROCESSES"]), int(os.environ["DRILL_SUBJECTS"])
    fork = multiprocessing.get_context("fork")
    line, said = fork.Barrier(number), fork.SimpleQueue()

    def one_use(turn: int) -> None:
        connection.ensure_connection()
        line.wait()
        try:
            with on_behalf_of(offer.partner):
                uses = [(offer, Decimal("20.00"))]
                redeem(uses, subject=f"order:{turn % subjects}", customer=customer, now=clock.now())
            said.put("used")
        except OfferUsedUp:
            said.put("used up")

    children = [fork.Process(target=one_use, args=(turn,)) for turn in range(number)]
    for child in children:
        child.start()
    for child in children:
        child.join()
    return Counter("died" if child.exitcode else said.get() for child in children)


def send_at_once(pk: int) -> dict[str, Any]:
    """Let a child send each of a partner's drafts at the same moment; every DRILL_FAILING-th fails right after it.

    What the numbers are once all have ended.
    """
    with across_partners():
        drafts = list(Quote.objects.filter(partner=pk, state="draft").select_related("partner").order_by("pk"))
    failing = int(os.environ["DRILL_FAILING"])
    connection.close()  # each child opens its own
    wait_for_the_others()
    fork = multiprocessing.get_context("fork")
    line, said = fork.Barrier(len(drafts)), fork.SimpleQueue()

    def one_sending(turn: int, draft: Quote) -> None:
        connection.ensure_connection()
        line.wait()
        try:
            with on_behalf_of(draft.partner), transaction.atomic():
                send_quote(draft, actor=None, now=clock.now())
                transaction.set_rollback(bool(failing and turn % failing == 0))
            said.put("failed" if failing and turn % failing == 0 else "sent")
        except Exception as error:  # noqa: BLE001  said, so that the drill fails with it
            said.put(repr(error))

    children = [fork.Process(target=one_sending, args=one) for one in enumerate(drafts, start=1)]
    for child in children:
        child.start()
    for child in children:
        child.join()
    ends = Counter("died" if child.exitcode else said.get() for child in children)
    with across_partners():
        numbers = Quote.objects.filter(partner=pk).exclude(number="").values_list("number", flat=True)
        return {**ends, "numbers": sorted(numbers)}


def quarrel(pk: int) -> dict[str, Any]:
    """Let children take each open quote of a partner to another end at the same moment; what nobody expected."""
    with across_partners():
        rows = Quote.objects.filter(partner=pk).select_related("partner", "owner").order_by("pk")
        pairs = list(zip(rows.filter(state="sent"), rows.filter(state="draft"), strict=True))
    return _at_once(pk, pairs, _accept, _withdraw, _revise, _renew_now, _rival)


def end_both(pk: int) -> dict[str, Any]:
    """Let two children decline and withdraw the two open quotes of the same order at the same moment."""
    with across_partners():
        rows = Quote.objects.filter(partner=pk, state="sent").select_related("partner", "owner").order_by("pk")
        pairs = list(zip(rows[::2], rows[1::2], strict=True))
    return _at_once(pk, pairs, _decline, _withdraw_rival)


def retry(pk: int) -> dict[str, Any]:
    """Let one child try each failed renewal of a partner again while another renews its order anew."""
    with across_partners():
        related = ("partner", "product", "order__partner", "order__product", "requested_by")
        failed = Request.objects.filter(partner=pk, state="failed").select_related(*related).order_by("pk")
        turns = [(request,) for request in failed]
    return _at_once(pk, turns, _retry, _renew_again)


def value(pk: int) -> dict[str, Any]:
    """Let one child value a partner's orders anew, one by one, while another uses its offers together."""
    with across_partners():
        orders = list(Order.objects.filter(partner=pk).select_related("partner", "customer").order_by("pk"))
        offers = list(Offer.objects.filter(partner=pk).order_by("pk"))
    turns = [(orders, offers, turn) for turn in range(int(os.environ["DRILL_TURNS"]))]
    return _at_once(pk, turns, _value_all, _use_together)


def _at_once(pk: int, turns: Sequence[tuple[Any, ...]], *roads: Callable[..., object]) -> dict[str, Any]:
    """Let a child per road take every turn of a partner, each at the same moment; what nobody expected."""
    with across_partners():
        partner = Partner.objects.get(pk=pk)
    connection.close()  # each child opens its own
    wait_for_the_others()
    fork = multiprocessing.get_context("fork")
    line, said = fork.Barrier(len(roads)), fork.SimpleQueue()

    def one_side(road: Callable[..., object]) -> None:
        connection.ensure_connection()
        surprises = []
        for turn in turns:
            line.wait()
            try:
                with on_behalf_of(partner):
                    road(*turn)
            except (QuoteRefused, RequestRefused, OfferRefused):
                continue
            except Exception as error:  # noqa: BLE001  said, so that the drill fails with it
                surprises.append(f"{road.__name__}: {error!r}")
        said.put(surprises)

    children = [fork.Process(target=one_side, args=(road,)) for road in roads]
    for child in children:
        child.start()
    surprises = [said.get() for _ in children]
    for child in children:
        child.join()
    return {"surprises": sorted(one for some in surprises for one in some)}


def _accept(quote: Quote, _rival: Quote) -> None:
    accept_quote(quote, name="Elise Roy", terms_accepted=True, now=clock.now())


def _withdraw(quote: Quote, _rival: Quote) -> None:
    withdraw_quote(quote, actor=_owner(quote), now=clock.now())


def _revise(quote: Quote, _rival: Quote) -> None:
    newer = new_version(quote, actor=_owner(quote), now=clock.now())
    send_quote(newer, actor=None, now=clock.now(), by_mail=False)


def _renew_now(_quote: Quote, rival: Quote) -> None:
    """The order that only the other quote has, by the page of the order."""
    order = Order.objects.filter(quote_lines__quote=rival).select_related("partner", "product").latest("pk")
    wish = {"product": order.product, "term_years": 1, "names": order.names, "csr": order.csr}
    renew_at_price(order, **wish, actor=None, now=clock.now())


def _rival(_quote: Quote, rival: Quote) -> None:
    """Another quote for the same orders and one more, the other way round."""
    accept_quote(
        send_quote(rival, actor=None, now=clock.now(), by_mail=False),
        name="Awa Diallo",
        terms_accepted=True,
        now=clock.now(),
    )


def _decline(quote: Quote, _rival: Quote) -> None:
    decline_quote(quote, reason="price", now=clock.now())


def _withdraw_rival(_quote: Quote, rival: Quote) -> None:
    _withdraw(rival, rival)


def _retry(request: Request) -> None:
    assert request.requested_by
    retry_request(request, actor=request.requested_by, now=clock.now())


def _renew_again(request: Request) -> None:
    order = request.order
    assert order
    renew_at_price(
        order, product=request.product, term_years=1, names=order.names, csr=order.csr, actor=None, now=clock.now()
    )


def _value_all(orders: list[Order], _offers: list[Offer], _turn: int) -> None:
    Valuation.objects.all().delete()
    with transaction.atomic():
        for order in orders:
            value_orders(order.partner, now=clock.now(), orders=[order.pk])


def _use_together(orders: list[Order], offers: list[Offer], turn: int) -> None:
    for number, order in enumerate(orders):
        uses = [(offer, Decimal(1)) for offer in offers]
        subject = f"request:{turn * len(orders) + number}"
        redeem(uses, subject=subject, customer=order.customer, now=clock.now())


def _owner(quote: Quote) -> User:
    assert quote.owner
    return quote.owner


def remind_at_once(number: int) -> dict[str, Any]:
    """How many reminders this process has sent; and, once so many letters are written, how many there are of each."""
    wait_for_the_others()
    sent = tell_events(now=clock.now())
    with across_partners():
        letters = OutgoingMail.objects.filter(key__startswith="event:not_installed:")
        while letters.count() < number:
            time.sleep(0.01)
        keys = Counter(letters.values_list("event_letters__about", flat=True))
    return {"sent": sent, "letters": sorted(keys.values())}


def claim_at_once(workers: int) -> dict[str, Any]:
    """Let so many children claim what is due, a few letters at a time, until nothing is; the addresses they got."""
    connection.close()  # each child opens its own
    wait_for_the_others()
    fork = multiprocessing.get_context("fork")
    line, said = fork.Barrier(workers), fork.SimpleQueue()

    def one_worker() -> None:
        connection.ensure_connection()
        got, surprises, taken = [], [], 1
        line.wait()
        with across_partners():
            while taken:
                try:
                    letters, taken = claims.claim(clock.now(), size=CLAIMED_AT_ONCE)
                except Exception as error:  # noqa: BLE001  said, so that the drill fails with it
                    surprises.append(repr(error))
                else:
                    got += [letter.to_email for letter in letters]
        said.put((got, surprises))

    children = [fork.Process(target=one_worker) for _ in range(workers)]
    for child in children:
        child.start()
    told = [said.get() for _ in children]
    for child in children:
        child.join()
    return {
        "got": sorted(one for got, _ in told for one in got),
        "surprises": [one for _, some in told for one in some],
    }


def ring(pk: int) -> dict[str, Any]:
    """Open calls for all telephone notices of the partner, when all the others do."""
    partner = Partner.objects.get(pk=pk)
    with on_behalf_of(partner):
        notices = list(Notice.objects.for_partner(partner).planned())
        wait_for_the_others()
        opened = open_calls(notices, now=clock.now())
    return {"opened": opened.opened, "joined": opened.joined, "notices": opened.notices}


def note_call(pk: int) -> dict[str, Any]:
    """Note a voicemail in a name of one's own, when all the others do."""
    with across_partners():
        call = Call.objects.select_related("partner").get(pk=pk)
    actor = User.objects.create_user(f"caller{os.getpid()}@partner.example")
    wait_for_the_others()
    with on_behalf_of(call.partner):
        try:
            record_attempt(call, Said(outcome="voicemail"), seen=0, actor=actor, now=clock.now())
        except SomebodyElseCalled:
            return {"noted": False}
    return {"noted": True}


DEEDS = {
    "claim": claim_at_once,
    "ring": ring,
    "note_call": note_call,
    "quarrel": quarrel,
    "end_both": end_both,
    "retry": retry,
    "value": value,
    "press": press,
    "work": work,
    "redeem": redeem_at_once,
    "accept": accept,
    "count": count,
    "count_renewals": count_renewals,
    "renew_all": renew_all,
    "renew_half": renew_half,
    "send": send_at_once,
    "remind": remind_at_once,
}

if __name__ == "__main__":
    deed, number = sys.argv[1:]
    sys.stdout.write(json.dumps(DEEDS[deed](int(number))))
