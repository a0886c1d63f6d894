"""Who hears of an answer: the customer has what was ordered in writing, and the owner hears what the customer said."""

from __future__ import annotations

import pytest

from offers.models import Quote
from offers.models.quotes import DeclineReason
from offers.services import quotes
from portal.models import Membership, OutgoingMail, Partner, User
from portal.models.mail import MailPurpose
from tests.certificates.services.work import TEN
from tests.offers.quoting import make_buyer, make_due_order, make_shop, sent_quote


@pytest.fixture
def sent(connected: Partner, claire: Membership) -> Quote:
    order = make_due_order(make_buyer(make_shop(connected)))
    quote = sent_quote([order], claire)
    Quote.objects.filter(pk=quote.pk).update(owner=claire.user)
    return Quote.objects.get(pk=quote.pk)


def accept(quote: Quote, *, by: User | None = None, purchase_order: str = "") -> Quote:
    return quotes.accept_quote(
        quote, name="Elise Roy", role="Buyer", purchase_order=purchase_order, terms_accepted=True, by=by, now=TEN
    )


def reader(quote: Quote) -> str:
    assert quote.contact is not None
    return quote.contact.email


def told() -> dict[str, OutgoingMail]:
    """The letters about answers, by whom they go to."""
    return {letter.to_email: letter for letter in OutgoingMail.objects.filter(purpose=MailPurpose.SERVICE)}


def test_acceptance_is_confirmed_and_told(sent: Quote, claire: Membership) -> None:
    accept(sent, purchase_order="PO 4711")

    letters = told()
    assert set(letters) == {reader(sent), claire.user.email}
    mine, yours = letters[claire.user.email], letters[reader(sent)]
    assert yours.subject == f"Your order from quote {sent.number}"
    assert "PO 4711" in yours.text
    assert "€264.00" in yours.text
    assert mine.subject == f"Granit Phare SA has accepted quote {sent.number}"
    assert f"/quotes/{sent.pk}/" in mine.text
    assert "Answered by Elise Roy, Buyer." in mine.text


def test_what_was_said_on_the_telephone_is_confirmed_to_the_customer_alone(sent: Quote, claire: Membership) -> None:
    accept(sent, by=claire.user)

    assert list(told()) == [reader(sent)]


def test_refusals_and_wishes_reach_the_owner_in_the_customers_words(sent: Quote, claire: Membership) -> None:
    quotes.ask_for_change(sent, words="Two years, please.", name="Elise Roy", now=TEN)
    wish = told()[claire.user.email]
    quotes.decline_quote(sent, reason=DeclineReason.PRICE, words="<b>No</b>", now=TEN)
    refusal = OutgoingMail.objects.filter(purpose=MailPurpose.SERVICE).latest("pk")

    assert wish.subject == f"Granit Phare SA asks for a change of quote {sent.number}"
    assert "Two years, please." in wish.text
    assert refusal.subject == f"Granit Phare SA has declined quote {sent.number}"
    assert "Too dear" in refusal.text
    assert "&lt;b&gt;No&lt;/b&gt;" in refusal.html


def test_nobodys_quote_is_answered_all_the_same(sent: Quote) -> None:
    Quote.objects.filter(pk=sent.pk).update(owner=None, contact=None)

    accept(sent)

    assert told() == {}
