"""Quotes from draft to answer: what each verb does, once, and what it refuses."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from certificates.models import Certificate, Order, Request
from certificates.services.deciding import cancel_request
from certificates.services.marks import mark_renewed_elsewhere
from certificates.states import RequestKind, RequestState
from certificates.wording import short_day
from offers.documents.drawing import quote_html
from offers.models import Price, Quote, QuoteDocument, Redemption, Sale, SalesSettings
from offers.models.quotes import DeclineReason, QuoteState
from offers.services import quotes
from offers.services.quotes import Reason
from offers.services.quotes.snapshots import stored_snapshot
from portal.models import Activity, Link, Membership, OutgoingMail, Partner
from portal.models.mail import MailPurpose
from tests import factories
from tests.certificates.services.work import TEN, make_renewable, press
from tests.factories import TODAY, product
from tests.offers.factories import make_offer
from tests.offers.quoting import make_buyer, make_due_order, make_shop, sent_quote

DAY = timedelta(days=1)


@pytest.fixture
def shop(connected: Partner) -> Partner:
    return make_shop(connected)


@pytest.fixture
def order(shop: Partner) -> Order:
    return make_due_order(make_buyer(shop))


@pytest.fixture
def sent(order: Order, claire: Membership) -> Quote:
    return sent_quote([order], claire)


def accept(quote: Quote, **changes: object) -> Quote:
    answer = {"name": "Elise Roy", "role": "Buyer", "terms_accepted": True, "now": TEN} | changes
    return quotes.accept_quote(quote, **answer)  # type: ignore[arg-type]


# Drafting


def test_draft_is_priced_and_has_no_number(order: Order, claire: Membership) -> None:
    quote = quotes.draft_quote([order], actor=claire.user, now=TEN)

    # 200.00 for the product, 20.00 for its one name, 20 % tax
    assert (quote.net, quote.tax, quote.gross, quote.currency) == (
        Decimal("220.00"),
        Decimal("44.00"),
        Decimal("264.00"),
        "EUR",
    )
    assert (quote.state, quote.number, quote.contact) == (QuoteState.DRAFT, "", quotes.default_contact(order.customer))


def test_quote_holds_no_longer_than_its_first_order_runs(order: Order, claire: Membership) -> None:
    later = make_due_order(order.customer, ends_in=60)

    quote = quotes.draft_quote([later, order], actor=claire.user, now=TEN)

    assert quote.valid_until == order.ends_on


def test_quote_of_an_ended_order_holds_as_long_as_it_can_be_renewed(order: Order, claire: Membership) -> None:
    ended = make_due_order(order.customer, ends_in=-20)

    quote = quotes.draft_quote([ended], actor=claire.user, now=TEN)

    assert quote.valid_until == TODAY + timedelta(days=10)


def test_draft_for_a_customer_takes_every_order_that_is_due(order: Order, claire: Membership) -> None:
    make_due_order(order.customer, ends_in=200)

    quote = quotes.draft_quote(order.customer, actor=claire.user, now=TEN)

    assert [line.order for line in quotes.lines_of(quote)] == [order]


def test_draft_says_which_orders_cannot_be_quoted(order: Order, claire: Membership) -> None:
    customer = order.customer
    early, late = make_due_order(customer, ends_in=120), make_due_order(customer, ends_in=-40)
    elsewhere, renewed = make_due_order(customer), make_due_order(customer)
    mark_renewed_elsewhere(elsewhere, actor=claire.user, now=TEN)
    factories.make_request(renewed)
    stranger = make_due_order(make_buyer(order.partner, "Another customer"))
    priceless = make_due_order(customer, product=product("ssl_ev_basic"))
    Price.objects.filter(product=priceless.product).delete()
    for one in (elsewhere, renewed):
        one.refresh_from_db()

    chosen = [order, early, late, elsewhere, renewed, stranger, priceless]
    with pytest.raises(quotes.LinesRefused) as refused:
        quotes.draft_quote(chosen, actor=claire.user, now=TEN)

    assert {one.order: (one.reason, one.on) for one in refused.value.problems} == {
        early.pk: (Reason.TOO_EARLY, TODAY + timedelta(days=30)),
        late.pk: (Reason.TOO_LATE, TODAY - timedelta(days=10)),
        elsewhere.pk: (Reason.RENEWED_ELSEWHERE, None),
        renewed.pk: (Reason.RENEWED, None),
        stranger.pk: (Reason.ANOTHER_CUSTOMER, None),
        priceless.pk: (Reason.NO_PRICE, None),
    }
    assert not Quote.objects.exists()


def test_more_lines_than_anybody_reads_are_refused(
    order: Order, claire: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("offers.services.quotes.drafting.MOST_LINES", 1)

    with pytest.raises(quotes.TooManyLines):
        quotes.draft_quote([order, make_due_order(order.customer)], actor=claire.user, now=TEN)


def test_changed_draft_is_priced_anew(order: Order, claire: Membership) -> None:
    quote = quotes.draft_quote([order], actor=claire.user, now=TEN)
    (wish,) = quotes.wishes_of(quote)
    two_years = quotes.LineWish(order=order, product=wish.product, term_years=2, names=[*wish.names, "a.example"])

    changed = quotes.change_draft(
        quote, actor=claire.user, now=TEN, lines=[two_years], note="As we said.", purchase_order="PO 7"
    )

    # 400.00 for two years, 2 names at 40.00
    assert (changed.net, changed.note, changed.purchase_order) == (Decimal("480.00"), "As we said.", "PO 7")


def test_only_what_a_draft_may_say_can_be_changed(order: Order, claire: Membership) -> None:
    quote = quotes.draft_quote([order], actor=claire.user, now=TEN)

    with pytest.raises(TypeError):
        quotes.change_draft(quote, actor=claire.user, now=TEN, gross=Decimal(1))


def test_number_of_queries_does_not_grow_with_the_lines(shop: Partner, claire: Membership) -> None:
    def queries(lines: int) -> int:
        customer = make_buyer(shop, f"Customer of {lines}")
        orders = [make_due_order(customer) for _ in range(lines)]
        with CaptureQueriesContext(connection) as caught:
            quotes.draft_quote(orders, actor=claire.user, now=TEN)
        return len(caught)

    assert queries(12) == queries(3)


# Sending


def test_sending_gives_number_code_link_letter_and_document_at_once(sent: Quote, order: Order) -> None:
    letter = OutgoingMail.objects.get(purpose=MailPurpose.QUOTE)
    said = quotes.stored_snapshot(sent)

    assert (sent.state, sent.number, sent.version) == (QuoteState.SENT, "Q-2026-00001", 1)
    assert QuoteDocument.objects.get().quote == sent
    assert Link.objects.get().subject == f"quote:{sent.pk}"
    assert letter.to_email == sent.contact.email if sent.contact else ""
    assert "/l/" in letter.text
    assert sent.verification_code in letter.text
    assert (said.number, said.net, said.gross) == ("Q-2026-00001", Decimal("220.00"), Decimal("264.00"))
    assert said.lines[0].carried_days == 20
    assert said.lines[0].new_ends_on == (order.ends_on.replace(year=2027) if order.ends_on else None)


def test_letter_is_written_in_the_language_of_its_reader(shop: Partner, claire: Membership) -> None:
    customer = factories.make_customer(shop, country="FR")
    factories.make_organization(customer)
    factories.make_contact(customer, "Zoé Lefèvre", language="fr")

    sent_quote([make_due_order(customer)], claire)

    assert "264,00\N{NO-BREAK SPACE}€" in OutgoingMail.objects.get(purpose=MailPurpose.QUOTE).text


def test_without_mail_the_quote_only_takes_its_number(order: Order, claire: Membership) -> None:
    quote = sent_quote([order], claire, by_mail=False)

    assert quote.number == "Q-2026-00001"
    assert not OutgoingMail.objects.filter(purpose=MailPurpose.QUOTE).exists()


def test_nobody_to_write_to_leaves_the_number_untouched(shop: Partner, claire: Membership) -> None:
    customer = factories.make_customer(shop)
    factories.make_organization(customer)

    with pytest.raises(quotes.NobodyToSendTo):
        sent_quote([make_due_order(customer)], claire)

    assert Quote.objects.get().is_draft
    assert SalesSettings.objects.get().quote_numbers == {}


def test_sending_that_fails_in_the_middle_leaves_no_gap(order: Order, claire: Membership) -> None:
    draft = quotes.draft_quote([order], actor=claire.user, now=TEN)

    with transaction.atomic():
        quotes.send_quote(draft, actor=claire.user, now=TEN)
        transaction.set_rollback(True)

    assert not OutgoingMail.objects.filter(purpose=MailPurpose.QUOTE).exists()
    assert quotes.send_quote(draft, actor=claire.user, now=TEN).number == "Q-2026-00001"


def test_numbers_begin_anew_with_the_year(sent: Quote, claire: Membership) -> None:
    new_year = TEN.replace(year=2027, month=1, day=4)
    draft = quotes.draft_quote([make_due_order(sent.customer, ends_in=70)], actor=claire.user, now=new_year)

    assert quotes.send_quote(draft, actor=claire.user, now=new_year).number == "Q-2027-00001"


def test_draft_whose_last_day_is_over_is_not_sent(order: Order, claire: Membership) -> None:
    quote = quotes.draft_quote([order], actor=claire.user, now=TEN)

    with pytest.raises(quotes.ValidityPast):
        quotes.send_quote(quote, actor=claire.user, now=TEN + timedelta(days=25))


def test_price_of_a_sent_quote_stands(sent: Quote, order: Order, claire: Membership) -> None:
    Price.objects.update(base=Decimal("999.00"))

    accept(sent)

    assert Request.objects.get(order=order).price == Decimal("220.00")
    assert Sale.objects.get().gross == Decimal("264.00")


def test_new_price_reaches_a_draft_when_it_is_sent(order: Order, claire: Membership) -> None:
    draft = quotes.draft_quote([order], actor=claire.user, now=TEN)
    Price.objects.filter(product=order.product).update(base=Decimal("300.00"))

    assert quotes.send_quote(draft, actor=claire.user, now=TEN).net == Decimal("320.00")


def test_offer_is_held_from_sending_on_and_given_back_with_a_no(order: Order, claire: Membership) -> None:
    offer = make_offer(order.partner, redemption_limit=1)

    quote = sent_quote([order], claire)

    assert quote.net == Decimal("198.00")
    assert [one.state for one in offer.redemptions.all()] == [Redemption.State.HELD]

    quotes.decline_quote(quote, reason=DeclineReason.PRICE, now=TEN)

    assert [one.state for one in offer.redemptions.all()] == [Redemption.State.RELEASED]


def test_offer_of_an_accepted_quote_is_used(order: Order, claire: Membership) -> None:
    offer = make_offer(order.partner)

    accept(sent_quote([order], claire))

    assert [one.state for one in offer.redemptions.all()] == [Redemption.State.USED]


def test_what_two_open_quotes_hold_stays_held_when_one_ends(order: Order, claire: Membership) -> None:
    offer = make_offer(order.partner)
    first, second = sent_quote([order], claire), sent_quote([order], claire)

    quotes.withdraw_quote(first, actor=claire.user, now=TEN)

    assert [one.state for one in offer.redemptions.all()] == [Redemption.State.HELD]

    quotes.withdraw_quote(second, actor=claire.user, now=TEN)

    assert [one.state for one in offer.redemptions.all()] == [Redemption.State.RELEASED]


# States, each walked twice


def test_reading_counts_once(sent: Quote) -> None:
    assert quotes.view_quote(sent, now=TEN)
    assert not quotes.view_quote(sent, now=TEN + DAY)

    sent.refresh_from_db()
    assert (sent.state, sent.viewed_at) == (QuoteState.VIEWED, TEN)


def test_second_sending_changes_nothing(sent: Quote, claire: Membership) -> None:
    with pytest.raises(quotes.QuoteMovedOn):
        quotes.send_quote(sent, actor=claire.user, now=TEN)

    assert SalesSettings.objects.get().quote_numbers == {"2026": 1}


def test_acceptance_orders_everything_once(sent: Quote, order: Order) -> None:
    accept(sent, purchase_order="PO-118")

    with pytest.raises(quotes.QuoteMovedOn) as moved:
        accept(sent)

    request = Request.objects.get()
    assert moved.value.quote.state == QuoteState.ACCEPTED
    assert (request.order, request.kind, request.purchase_order) == (order, RequestKind.RENEWAL, "PO-118")
    assert (request.price, request.state, request.source) == (Decimal("220.00"), RequestState.WAITING_KEY, "quote")
    assert Sale.objects.get().quote_line == quotes.lines_of(sent)[0]


def test_renewal_keeps_the_present_key_where_it_is_known(shop: Partner, claire: Membership) -> None:
    customer = make_buyer(shop)
    order = make_renewable(shop, customer=customer)

    accept(sent_quote([order], claire))

    assert Request.objects.get().csr == order.csr


def test_word_on_the_telephone_is_recorded_as_such(sent: Quote, claire: Membership) -> None:
    quote = accept(sent, by=claire.user)

    deed = Activity.objects.get(verb="quote.accepted")
    assert (quote.answered_name, quote.answered_for) == ("Elise Roy", claire.user)
    assert (deed.actor, deed.facts["by_telephone"]) == (claire.user, True)


def test_terms_must_be_accepted_and_somebody_must_be_named(sent: Quote) -> None:
    with pytest.raises(quotes.TermsNotAccepted):
        accept(sent, terms_accepted=False)
    with pytest.raises(quotes.AnswerMissing):
        accept(sent, name="  ")

    assert not Request.objects.exists()


def test_acceptance_orders_nothing_where_one_line_was_renewed_meanwhile(order: Order, claire: Membership) -> None:
    other = make_due_order(order.customer)
    quote = sent_quote([order, other], claire)
    factories.make_request(other)

    with pytest.raises(quotes.QuoteNoLongerHolds) as refused:
        accept(quote)

    assert [(one.order, one.reason) for one in refused.value.problems] == [(other.pk, Reason.RENEWED)]
    assert not Request.objects.filter(order=order).exists()
    quote.refresh_from_db()
    assert quote.state == QuoteState.SENT

    # a second press finds the same, and the renewal made elsewhere is still the only one
    with pytest.raises(quotes.QuoteNoLongerHolds):
        accept(quote)
    assert Request.objects.count() == 1


def test_renewing_by_hand_first_makes_the_quote_hold_no_longer(shop: Partner, claire: Membership) -> None:
    order = make_renewable(shop, customer=make_buyer(shop))
    quote = sent_quote([order], claire)
    press(order)

    with pytest.raises(quotes.QuoteNoLongerHolds):
        accept(quote)


def test_certificate_of_another_authority_becomes_a_new_order(order: Order, claire: Membership) -> None:
    theirs = factories.make_certificate_elsewhere(order.customer)
    quote = quotes.draft_quote([order], certificates=[theirs], actor=claire.user, now=TEN)

    accept(quotes.send_quote(quote, actor=claire.user, now=TEN))

    made = Request.objects.get(kind=RequestKind.NEW)
    assert (made.names, made.state, made.price) == (
        ["shop.granit-phare.example"],
        RequestState.WAITING_KEY,
        quotes.lines_of(quote)[1].net,
    )


def test_moved_certificate_tells_its_end_all_its_names_and_that_no_day_is_kept(
    order: Order, claire: Membership
) -> None:
    names = ["shop.granit-phare.example", "pay.granit-phare.example"]
    theirs = factories.make_certificate_elsewhere(order.customer, names=names)

    quote = quotes.draft_quote([order], certificates=[theirs], actor=claire.user, now=TEN)
    snapshot = stored_snapshot(quotes.send_quote(quote, actor=claire.user, now=TEN))

    moved = snapshot.lines[1]
    assert (moved.old_ends_on, moved.moved_from, moved.is_moved) == (theirs.ends_on, "Another CA", True)
    told = quote_html(snapshot)
    assert "The certificate holds shop.granit-phare.example, pay.granit-phare.example." in told
    assert "It moves from Another CA: the days left there are not kept." in told
    assert short_day(theirs.ends_on) in told


def quote_of_move(theirs: Certificate, claire: Membership) -> Quote:
    quote = quotes.draft_quote([], certificates=[theirs], actor=claire.user, now=TEN)
    return quotes.send_quote(quote, actor=claire.user, now=TEN)


def test_of_two_quotes_for_one_certificate_the_first_accepted_orders_it(order: Order, claire: Membership) -> None:
    theirs = factories.make_certificate_elsewhere(order.customer)
    first, second = quote_of_move(theirs, claire), quote_of_move(theirs, claire)
    accept(first)

    with pytest.raises(quotes.QuoteNoLongerHolds) as refused:
        accept(second, now=TEN + DAY)

    assert [(one.certificate, one.reason) for one in refused.value.problems] == [(theirs.pk, Reason.MOVED)]
    assert (Request.objects.get().moves, Sale.objects.count()) == (theirs, 1)


def test_certificate_whose_order_was_cancelled_can_be_accepted_again(order: Order, claire: Membership) -> None:
    theirs = factories.make_certificate_elsewhere(order.customer)
    first, second = quote_of_move(theirs, claire), quote_of_move(theirs, claire)
    accept(first)
    cancel_request(Request.objects.get(), actor=claire.user, now=TEN)

    assert accept(second).state == QuoteState.ACCEPTED


@pytest.mark.parametrize("fate", ["ordered", "attached", "another customer's"])
def test_certificate_that_is_with_us_already_is_not_quoted(order: Order, claire: Membership, fate: str) -> None:
    theirs = factories.make_certificate_elsewhere(order.customer)
    open_quote = quote_of_move(theirs, claire)
    draft = quotes.draft_quote([order], actor=claire.user, now=TEN)
    assert [wish.certificate for wish in quotes.further_wishes(draft, now=TEN)] == [theirs]
    if fate == "ordered":
        accept(quote_of_move(theirs, claire))
    elif fate == "attached":
        Certificate.objects.filter(pk=theirs.pk).update(order=order)
    else:
        Certificate.objects.filter(pk=theirs.pk).update(customer=make_buyer(order.partner, "Another customer"))
    reason = Reason.ANOTHER_CUSTOMER if fate == "another customer's" else Reason.MOVED

    with pytest.raises(quotes.LinesRefused) as drafted:
        quotes.draft_quote([order], certificates=[theirs], actor=claire.user, now=TEN)
    with pytest.raises(quotes.QuoteNoLongerHolds) as accepted:
        accept(open_quote, now=TEN + DAY)

    assert [one.reason for one in drafted.value.problems] == [reason]
    assert [one.reason for one in accepted.value.problems] == [reason]
    assert quotes.further_wishes(draft, now=TEN) == []


def test_taxes_of_the_sales_come_to_that_of_the_quote(shop: Partner, claire: Membership) -> None:
    Price.objects.update(base=Decimal("0.33"), name_price=Decimal(0))
    customer = make_buyer(shop)
    quote = sent_quote([make_due_order(customer) for _ in range(3)], claire)

    accept(quote)

    # 3 x 0.33 at 20 %: 0.07 on each alone would make 0.21
    sales = Sale.objects.order_by("pk")
    assert (quote.tax, quote.gross) == (Decimal("0.20"), Decimal("1.19"))
    assert [one.tax["amount"] for one in sales] == ["0.07", "0.06", "0.07"]
    assert sum(one.gross for one in sales) == quote.gross


def test_no_needs_a_reason_and_is_said_once(sent: Quote) -> None:
    with pytest.raises(quotes.AnswerMissing):
        quotes.decline_quote(sent, reason="", now=TEN)

    declined = quotes.decline_quote(sent, reason=DeclineReason.LATER, words="In spring.", now=TEN)

    assert (declined.state, declined.decline_reason, declined.answer_words) == (
        QuoteState.DECLINED,
        DeclineReason.LATER,
        "In spring.",
    )
    with pytest.raises(quotes.QuoteMovedOn):
        quotes.decline_quote(sent, reason=DeclineReason.PRICE, now=TEN)
    with pytest.raises(quotes.QuoteMovedOn):
        accept(sent)


def test_question_leaves_the_quote_open(sent: Quote) -> None:
    asked = quotes.ask_for_change(sent, words="Two years, please.", name="Elise", now=TEN)

    assert asked.is_open
    assert list(Quote.objects.change_asked()) == [asked]

    accept(asked)

    assert not Quote.objects.change_asked().exists()


def test_question_sent_twice_is_one_and_another_replaces_it(sent: Quote) -> None:
    for words in ("Two years, please.", "Two years, please.", "One year after all."):
        quotes.ask_for_change(sent, words=words, name="Elise", now=TEN)

    sent.refresh_from_db()
    assert sent.answer_words == "One year after all."
    assert Activity.objects.filter(verb="quote.change_asked").count() == 2


def test_letter_stays_home_once_the_last_day_is_over(sent: Quote, claire: Membership) -> None:
    quotes.resend_quote(sent, actor=claire.user, now=TEN + timedelta(days=20))
    assert OutgoingMail.objects.filter(purpose=MailPurpose.QUOTE).count() == 2

    with pytest.raises(quotes.QuoteExpired):
        quotes.resend_quote(sent, actor=claire.user, now=TEN + timedelta(days=21))

    assert OutgoingMail.objects.filter(purpose=MailPurpose.QUOTE).count() == 2


def test_last_day_is_a_day_on_which_it_can_be_accepted(sent: Quote) -> None:
    last = TEN + timedelta(days=20)

    assert quotes.expire_quotes(last) == 0
    assert accept(sent, now=last).state == QuoteState.ACCEPTED


def test_day_after_the_last_it_expires_once(sent: Quote) -> None:
    after = TEN + timedelta(days=21)

    with pytest.raises(quotes.QuoteExpired):
        accept(sent, now=after)
    assert (quotes.expire_quotes(after), quotes.expire_quotes(after)) == (1, 0)
    with pytest.raises(quotes.QuoteExpired):
        accept(sent, now=after)

    sent.refresh_from_db()
    assert (sent.state, sent.ended_at) == (QuoteState.EXPIRED, after)


def test_withdrawn_quote_takes_its_links_and_its_letter_back(sent: Quote, claire: Membership) -> None:
    quotes.withdraw_quote(sent, actor=claire.user, now=TEN)

    assert Link.objects.get().revoked_at == TEN
    assert not OutgoingMail.objects.get(purpose=MailPurpose.QUOTE).is_wanted
    with pytest.raises(quotes.QuoteMovedOn):
        quotes.withdraw_quote(sent, actor=claire.user, now=TEN)
    with pytest.raises(quotes.QuoteMovedOn):
        quotes.fresh_link(sent, actor=claire.user, now=TEN)


def test_letter_goes_out_again_with_a_link_of_its_own(sent: Quote, claire: Membership) -> None:
    quotes.resend_quote(sent, actor=claire.user, now=TEN)

    first, again = OutgoingMail.objects.filter(purpose=MailPurpose.QUOTE).order_by("pk")
    assert first.subject == again.subject
    assert Link.objects.count() == 2


# What was sent stands


def test_sent_quote_is_changed_by_no_verb(sent: Quote, claire: Membership) -> None:
    before = Quote.objects.values().get()

    for change in (
        lambda: quotes.change_draft(sent, actor=claire.user, now=TEN, note="Other words"),
        lambda: quotes.change_draft(sent, actor=claire.user, now=TEN, lines=[]),
        lambda: quotes.discard_draft(sent, actor=claire.user, now=TEN),
        lambda: quotes.send_quote(sent, actor=claire.user, now=TEN),
    ):
        with pytest.raises(quotes.QuoteMovedOn):
            change()

    assert Quote.objects.values().get() == before


def test_snapshot_says_the_same_whatever_changes_afterwards(sent: Quote, order: Order, claire: Membership) -> None:
    said = quotes.stored_snapshot(sent)
    sent.partner.name, sent.customer.name = "Another name", "Another customer"
    sent.partner.save(update_fields=["name"])
    sent.customer.save(update_fields=["name"])
    SalesSettings.objects.update(terms_en="Other terms.")

    assert quotes.stored_snapshot(Quote.objects.get(pk=sent.pk)) == said
    assert said.customer.name == "Granit Phare SA"
    assert said.terms == "Payable within 30 days."


# Versions


def test_new_version_keeps_number_and_price_and_replaces_the_older_one(sent: Quote, claire: Membership) -> None:
    Price.objects.update(base=Decimal("999.00"))
    draft = quotes.new_version(sent, actor=claire.user, now=TEN)
    changed = quotes.change_draft(draft, actor=claire.user, now=TEN, purchase_order="PO 9")

    second = quotes.send_quote(changed, actor=claire.user, now=TEN)

    sent.refresh_from_db()
    assert (second.number, second.version, second.net) == ("Q-2026-00001", 2, Decimal("220.00"))
    assert (sent.state, quotes.newest_version(sent)) == (QuoteState.SUPERSEDED, second)
    assert SalesSettings.objects.get().quote_numbers == {"2026": 1}
    with pytest.raises(quotes.QuoteMovedOn):
        accept(sent)


def test_version_asked_for_twice_is_one_draft(sent: Quote, claire: Membership) -> None:
    first = quotes.new_version(sent, actor=claire.user, now=TEN)

    assert quotes.new_version(sent, actor=claire.user, now=TEN) == first


def test_version_of_a_quote_accepted_meanwhile_is_not_sent(sent: Quote, claire: Membership) -> None:
    draft = quotes.new_version(sent, actor=claire.user, now=TEN)
    accept(sent)

    with pytest.raises((quotes.QuoteMovedOn, quotes.LinesRefused)):
        quotes.send_quote(draft, actor=claire.user, now=TEN)

    with pytest.raises(quotes.QuoteMovedOn):
        quotes.new_version(sent, actor=claire.user, now=TEN)


def test_declined_quote_keeps_its_story_beside_the_new_version(sent: Quote, claire: Membership) -> None:
    quotes.decline_quote(sent, reason=DeclineReason.PRICE, now=TEN)

    quotes.send_quote(quotes.new_version(sent, actor=claire.user, now=TEN), actor=claire.user, now=TEN)

    assert [(one.version, one.state) for one in quotes.versions_of(sent)] == [
        (2, QuoteState.SENT),
        (1, QuoteState.DECLINED),
    ]
