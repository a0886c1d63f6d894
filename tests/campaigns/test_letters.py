"""Letters of touchpoints: every kind in both languages, light and sound, the same facts in text and HTML."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns import library
from campaigns.library import LIBRARY
from campaigns.models import Letter, LetterVersion
from campaigns.rules.keys import Part
from campaigns.services.writing import HEAVIEST, Reader, Subject, Written, write_letters
from campaigns.states import Tone
from certificates.catalogue import Benefit
from certificates.models import AuthorityRule, BenefitUse, Contact, Order
from offers.models import Offer
from portal.access import on_behalf_of
from portal.models import Link, Partner
from tests import factories
from tests.campaigns.letters_at_hand import (
    ADDRESS,
    NOW,
    SOCIAL,
    Page,
    figures,
    make_due_orders,
    make_offers,
    make_seller,
    reader_of,
    written,
)
from tests.offers.factories import make_draft_quote, make_offer, make_price, make_prices


@pytest.fixture
def seller(db: None, settings: Any) -> Iterator[Partner]:
    settings.PUBLIC_URL = ADDRESS
    partner = make_seller()
    factories.make_connection(partner)
    with on_behalf_of(partner):
        yield partner


@pytest.fixture
def contact(seller: Partner) -> Contact:
    owner = factories.make_member(seller)
    return factories.make_contact(factories.make_customer(seller, owner=owner))


def _every_letter(contact: Contact, count: int, *, with_offers: bool) -> list[Reader]:
    orders = make_due_orders(contact, count)
    certificates = [
        factories.make_certificate(
            one,
            ends_at=one.ends_at - timedelta(days=10) if one.ends_at else None,
            ends_on=one.ends_on - timedelta(days=10) if one.ends_on else None,
        )
        for one in orders
    ]
    quote = make_draft_quote(*orders, contact=contact, language=contact.language, number="Q-1")
    return [
        reader_of(
            contact,
            orders,
            key,
            certificates=certificates,
            with_offers=with_offers,
            quote=quote if key == "quote_expiring" else None,
        )
        for key in LIBRARY
    ]


@pytest.mark.parametrize("with_offers", [True, False])
@pytest.mark.parametrize("count", [1, 40])
@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_letter_is_light_and_sound_and_says_the_same_in_text_and_html(
    seller: Partner, contact: Contact, language: str, count: int, with_offers: bool
) -> None:
    make_offers(seller)
    Contact.objects.filter(pk=contact.pk).update(language=language)
    contact.refresh_from_db()

    letters = written(*_every_letter(contact, count, with_offers=with_offers))

    for letter in letters:
        _look_over(letter, language)
    may_offer = [one.may_offer and with_offers for one in LIBRARY.values()]
    assert [one.with_offers for one in letters] == may_offer


def _look_over(letter: Written, language: str) -> None:
    words, key = letter.words, letter.reader.key
    assert words is not None
    page = Page(words.html)
    assert page.problems == [], key
    assert len(words.html.encode()) < HEAVIEST, key
    assert f'<html lang="{language}"' in words.html
    assert figures(page.text) == figures(words.text), key
    assert not re.search(r"\{\{|\{%|\ue000|\ue001|\bNone\b|%\(", words.html + words.text + words.subject), key
    assert len(words.subject.splitlines()) == 1
    assert 0 < len(letter.preheader) <= 200
    assert all(one.get("alt") and one.get("width") for one in page.pictures)
    assert words.code in words.html
    assert words.code in words.text
    for order in Order.objects.filter(pk__in=[one.order for one in letter.reader.subjects]):
        for fact in (order.number, order.common_name, order.product_name):
            assert fact in page.text, (key, fact)
            assert fact in words.text, (key, fact)


def test_links_lead_to_the_portal_alone_and_the_partners_social_links(seller: Partner, contact: Contact) -> None:
    make_offers(seller)
    for letter in written(*_every_letter(contact, 2, with_offers=True)):
        page = Page(letter.words.html if letter.words else "")
        elsewhere = {one for one in page.links if not one.startswith(f"{ADDRESS}/")}
        assert elsewhere == {SOCIAL}, letter.reader.key
        assert {str(one["src"]).startswith(f"{ADDRESS}/") for one in page.pictures} <= {True}


def test_letter_has_one_button_and_the_headers_for_one_click(seller: Partner, contact: Contact) -> None:
    (letter,) = written(reader_of(contact, make_due_orders(contact, 1)))

    assert letter.words is not None
    assert letter.words.html.count("<v:roundrect") == 1
    assert letter.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    url = letter.headers["List-Unsubscribe"].strip("<>")
    assert url in letter.words.html
    assert url in letter.words.text


def test_customers_own_figures_prove_that_no_day_is_lost(seller: Partner, contact: Contact) -> None:
    order = make_due_orders(contact, 1, in_days=20)[0]

    (letter,) = written(reader_of(contact, [order]))

    assert letter.words is not None
    said = "What is left (20 days) is added to the 365 days of the new order: 385 days, to 12 December 2027."
    assert order.ends_on is not None
    assert said in letter.words.text
    assert said in Page(letter.words.html).text
    assert "20 days until expiration" in letter.words.text


def test_nothing_is_promised_where_the_authority_carries_no_day_over(seller: Partner, contact: Contact) -> None:
    AuthorityRule.objects.filter(partner=None).update(carry_over=False)

    (letter,) = written(reader_of(contact, make_due_orders(contact, 1)))

    assert letter.words is not None
    assert "lose" not in letter.words.text
    assert "30 days until expiration" in letter.words.text


def test_letter_proposes_what_the_price_rules_give_and_nothing_to_whom_offers_are_stopped(
    seller: Partner, contact: Contact
) -> None:
    make_offers(seller)
    order = make_due_orders(contact, 1)[0]

    with_offer, without = written(reader_of(contact, [order], with_offers=True), reader_of(contact, [order]))

    assert with_offer.words is not None
    assert without.words is not None
    assert "10% off for renewing early: €" in with_offer.words.text
    assert "Secure Site Pro, 20% off: €" in with_offer.words.text
    assert "Save up to 20%" in Page(with_offer.words.html).text
    assert "off" not in without.words.text.lower().replace("offer", "").split("save")[0]
    assert "Save up to" not in without.words.html
    assert (with_offer.with_offers, without.with_offers) == (True, False)


def test_what_may_be_moved_to_us_is_proposed_to_whom_it_concerns(seller: Partner, contact: Contact) -> None:
    make_prices(seller)
    make_offer(seller, "25", kind=Offer.Kind.CONSOLIDATION, words_en="25% off what you move to us")
    factories.make_certificate_elsewhere(contact.customer)
    other = factories.make_contact(factories.make_customer(seller))

    moves, moves_nothing = written(
        reader_of(contact, make_due_orders(contact, 1), with_offers=True),
        reader_of(other, make_due_orders(other, 1), with_offers=True),
    )

    assert moves.words is not None
    assert moves_nothing.words is not None
    assert "1 certificate of another authority to move: 25% off what you move to us." in moves.words.text
    assert "Save up to 25%" in moves.words.text
    assert (moves.with_offers, moves_nothing.with_offers) == (True, False)


def test_longer_plan_is_proposed_where_the_list_asks_less_for_it(seller: Partner, contact: Contact) -> None:
    make_price(seller, "200.00")
    make_price(seller, "510.00", term_years=3)
    one, together = make_due_orders(contact, 1), make_due_orders(contact, 2)

    letter, of_several = written(
        reader_of(contact, one, with_offers=True), reader_of(contact, together, "digest", with_offers=True)
    )

    assert letter.words is not None
    assert "Save up to 15%" in letter.words.text
    assert "* 3 years: €510.00 instead of €600.00." in letter.words.text
    assert (letter.with_offers, of_several.with_offers) == (True, False)


def test_an_offer_that_is_over_is_not_promised(seller: Partner, contact: Contact) -> None:
    make_offers(seller)
    order = make_due_orders(contact, 1)[0]
    written(reader_of(contact, [order], with_offers=True))
    Offer.objects.update(ends_at=NOW - timedelta(hours=1))

    (letter,) = written(reader_of(contact, [order], with_offers=True))

    assert letter.words is not None
    assert "Save up to" not in letter.words.html
    assert not letter.with_offers


def test_seal_that_is_not_in_use_is_brought_to_mind(seller: Partner, contact: Contact) -> None:
    idle, used = make_due_orders(contact, 2)
    BenefitUse.objects.create(partner=seller, order=used, benefit=Benefit.SITE_SEAL, is_used=True, at=NOW)

    of_idle, of_used = written(reader_of(contact, [idle]), reader_of(contact, [used]))

    assert of_idle.words is not None
    assert of_used.words is not None
    reminder = "Included, and perhaps not in use yet: Site seal."
    assert reminder in of_idle.words.text
    assert reminder not in of_used.words.text
    assert "Site seal. A mark on your pages" in Page(of_used.words.html).text


def test_reissue_speaks_of_what_is_included_and_never_of_buying(seller: Partner, contact: Contact) -> None:
    make_offers(seller)
    order = factories.make_order(
        seller,
        customer=contact.customer,
        contact=contact,
        ends_on=factories.TODAY + timedelta(days=200),
        certificate_ends_on=factories.TODAY + timedelta(days=20),
    )
    certificate = factories.make_certificate(order)

    for language in ("en", "fr"):
        contact.language = language
        (letter,) = written(reader_of(contact, [order], "reissue_due", certificates=[certificate], with_offers=True))
        assert letter.words is not None
        said = f"{letter.words.subject} {letter.words.text}".lower()
        assert not re.search(r"\b(buy|price|discount|renew now|acheter|prix|remise|renouveler maintenant)\b", said)
        assert not letter.with_offers
        assert "20" in said
    assert Link.objects.filter(source__startswith="reissue:").count() == 2


def test_names_that_are_markup_stay_words(seller: Partner) -> None:
    hostile = "<script>alert(1)</script>{{ code }}\ue000button\ue001"
    customer = factories.make_customer(seller, name=hostile)
    contact = factories.make_contact(customer, name="Eve\r\nBcc: all@customer.example <img src=x onerror=alert(1)>")
    orders = make_due_orders(contact, 2, product_name=hostile)

    for letter in written(*[reader_of(contact, orders[:n], key) for key in LIBRARY for n in (1, 2) if n or key]):
        assert letter.words is not None
        page = Page(letter.words.html)
        assert page.problems == []
        assert "<script" not in letter.words.html
        assert "<img src=x" not in letter.words.html
        assert "\n" not in letter.words.subject
        assert "\r" not in letter.words.subject
        assert letter.words.html.count("<v:roundrect") == 1


def test_a_letter_of_the_partners_own_takes_the_place_of_the_librarys(seller: Partner, contact: Contact) -> None:
    _own(seller, "days_30", body="Dear {{ name }}, it is {{ days }} days.", subject="Ours about {{ order.host }}")

    (letter,) = written(reader_of(contact, make_due_orders(contact, 1)))

    assert letter.words is not None
    assert letter.words.subject == "Ours about host0.granit-phare.example"
    assert "Dear Søren O'Neil, it is 30 days." in letter.words.text
    # what its author left out stands behind it
    assert letter.words.html.count("<v:roundrect") == 1
    assert "Order number: 71" in letter.words.text


def test_letter_that_cannot_be_filled_keeps_no_other_from_being_written(seller: Partner, contact: Contact) -> None:
    _own(seller, "days_7", body="{{ nobody_knows_this }}", subject="x")
    orders = make_due_orders(contact, 1)

    first, second, third, gone = write_letters(
        [
            reader_of(contact, orders, "days_30"),
            reader_of(contact, orders, "days_7"),
            reader_of(contact, orders, "nobodys"),
            Reader(key="days_30", contact=contact, subjects=[Subject(order=0)]),
        ],
        now=NOW,
    )

    assert first.words is not None
    assert first.failed is None
    assert [one.failed.reason for one in (second, third, gone) if one.failed] == [
        "Line 1: There is no variable “nobody_knows_this”.",
        "There is no letter “nobodys”.",
        "The orders that it speaks of are gone.",
    ]


def test_links_of_a_batch_lead_each_reader_to_their_own(seller: Partner, contact: Contact) -> None:
    colleague = factories.make_contact(contact.customer, name="Ada")
    orders = make_due_orders(contact, 3)

    one, all_of_them, for_colleague = written(
        reader_of(contact, orders[:1]), reader_of(contact, orders, "digest"), reader_of(colleague, orders, "digest")
    )

    made = list(Link.objects.order_by("pk").values_list("subject", "audience", "source"))
    wishes = [row for row in made if row[2].startswith("preferences:")]
    assert len(wishes) == 3
    rest = [row[:2] for row in made if row not in wishes]
    assert rest == [
        (f"order:{orders[0].pk}", contact.email),
        (f"contact:{contact.pk}", contact.email),
        (f"order:{orders[0].pk}", colleague.email),
        *[(f"order:{order.pk}", colleague.email) for order in orders],
    ]
    assert for_colleague.words is not None
    assert for_colleague.words.html.count("/l/") == 2 * 1 + 3 + 1
    assert None not in (one.words, all_of_them.words)


def test_as_many_queries_for_one_reader_as_for_thirty(seller: Partner, contact: Contact) -> None:
    make_offers(seller)
    people = [factories.make_contact(factories.make_customer(seller)) for _ in range(30)]
    readers = [
        reader_of(one, make_due_orders(one, 2), key, with_offers=True)
        for one, key in zip(people, [*LIBRARY] * 3, strict=False)
        if key not in ("quote_expiring",)
    ]
    written(*readers)  # prices and reaches are written once

    with CaptureQueriesContext(connection) as at_one:
        written(readers[0])
    with CaptureQueriesContext(connection) as at_many:
        written(*readers)

    # a letter about validations asks two more
    assert len(at_many) <= len(at_one) + 3, [one["sql"][:90] for one in at_many.captured_queries]


def test_account_manager_reads_a_short_note_that_leads_to_the_order(seller: Partner, contact: Contact) -> None:
    make_offers(seller)
    member = factories.make_member(seller)
    order = make_due_orders(contact, 1)[0]
    subjects = [Subject(order=order.pk)]

    (note,) = write_letters([Reader(key="days_7", subjects=subjects, member=member, with_offers=True)], now=NOW)

    assert note.words is not None
    assert note.words.subject == "Granit Phare SA: host0.granit-phare.example ends on 22 December 2026"
    assert f"{ADDRESS}/orders/{order.pk}/" in note.words.text
    assert not note.with_offers
    assert Link.objects.count() == 0


def test_urgency_rises_with_the_tone(seller: Partner, contact: Contact) -> None:
    orders = make_due_orders(contact, 1, in_days=7)
    calm, urgent = written(
        reader_of(contact, orders, "days_7", tone=Tone.FRIENDLY), reader_of(contact, orders, "days_7", tone=Tone.URGENT)
    )

    assert calm.words is not None
    assert urgent.words is not None
    assert "still time to verify" in calm.words.text
    assert "Please renew it today" in urgent.words.text
    assert "#a8201a" in urgent.words.html
    assert "#a8201a" not in calm.words.html


def test_letter_about_an_automatic_renewal_counts_from_the_day_of_that_renewal(
    seller: Partner, contact: Contact
) -> None:
    orders = make_due_orders(contact, 1, in_days=44, auto_renew=True)

    (letter,) = written(reader_of(contact, orders, "auto_renew"))

    assert letter.words is not None
    said = "What is left (30 days) is added to the 365 days of the new order: 395 days, to 5 January 2028."
    assert said in letter.words.text
    assert "The renewal is automatic. You won't lose a second of validity." in letter.words.text
    for unfitting in ("Renew early", "One click", "Renew on any day"):
        assert unfitting not in letter.words.text


@pytest.mark.parametrize(("key", "asks"), [("not_installed", False), ("auto_renew", False), ("days_7", True)])
def test_nobody_is_told_to_ask_again_for_what_is_issued(
    seller: Partner, contact: Contact, key: str, asks: bool
) -> None:
    orders = make_due_orders(contact, 1, in_days=44, auto_renew=True)

    (letter,) = written(reader_of(contact, orders, key))

    assert letter.words is not None
    assert ("Hand in the request" in letter.words.text) is asks
    (picture,) = [str(one["src"]) for one in Page(letter.words.html).pictures if "/guides/" in str(one["src"])]
    assert picture.endswith(".png" if asks else ".png?issued")


def test_letter_about_a_quote_says_in_its_band_how_long_that_holds(seller: Partner, contact: Contact) -> None:
    orders = make_due_orders(contact, 1)
    quote = make_draft_quote(*orders, contact=contact, number="Q-1", valid_until=factories.TODAY + timedelta(days=5))

    (letter,) = written(reader_of(contact, orders, "quote_expiring", quote=quote))

    assert letter.words is not None
    band = "Your quote is waiting for you\nIt is valid until 27 November 2026.\n"
    assert band in letter.words.text
    assert "Renew early" not in letter.words.text


def test_warning_of_what_has_ended_is_told_as_what_visitors_see_already(seller: Partner, contact: Contact) -> None:
    before, after = make_due_orders(contact, 1, in_days=7), make_due_orders(contact, 1, in_days=-7)

    ends, ended = written(reader_of(contact, before, "days_7"), reader_of(contact, after, "expired"))

    assert ends.words is not None
    assert ended.words is not None
    assert "From 30 November 2026 visitors see this." in ends.words.text
    assert "Since 16 November 2026 visitors have been seeing this." in ended.words.text


@pytest.mark.parametrize("key", ["days_60", "days_30", "days_7", "reissue_due", "digest"])
def test_no_sentence_leads_to_a_picture_that_cannot_be_drawn(seller: Partner, contact: Contact, key: str) -> None:
    order = factories.make_order(
        seller, customer=contact.customer, contact=contact, ends_on=factories.TODAY + timedelta(days=20)
    )
    Order.objects.filter(pk=order.pk).update(common_name="Granit Phare SA")

    (letter,) = written(reader_of(contact, [order], key))

    assert letter.words is not None
    assert "visitors" not in letter.words.text.split("What Secure Site")[0].replace("visitors are warned off", "")


def test_dates_and_the_code_stay_on_one_line(seller: Partner, contact: Contact) -> None:
    (letter,) = written(reader_of(contact, make_due_orders(contact, 3), "digest"))

    assert letter.words is not None
    assert re.findall(r"\d [A-Z][a-z]+ 20\d\d", letter.words.html.split("</head>")[1]) == []
    assert "23\N{NO-BREAK SPACE}December\N{NO-BREAK SPACE}2026" in letter.words.html
    assert f'<span style="white-space:nowrap">{letter.words.code}</span>' in letter.words.html


def test_parts_of_a_library_letter_are_all_placed_by_its_author() -> None:
    for key, letter in LIBRARY.items():
        for language in ("en", "fr"):
            body = library.source(key, language).body
            placed = [Part(name) for name in re.findall(r"\{\{ (\w+) \}\}", body) if name in list(Part)]
            assert sorted(placed) == sorted(letter.parts), (key, language)


def _own(partner: Partner, key: str, *, subject: str, body: str, language: str = "en") -> None:
    letter = Letter.objects.create(partner=partner, key=key, name="Ours", based_on=key)
    LetterVersion.objects.create(
        partner=partner,
        letter=letter,
        language=language,
        number=1,
        subject=subject,
        body=body,
        preheader="Hello",
        is_live=True,
        created_at=NOW,
        created_by=factories.make_user(),
    )
