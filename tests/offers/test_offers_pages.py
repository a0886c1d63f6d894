"""Offers in the browser: an administrator drafts, sees what it would do, publishes, and reads what came of it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from offers.models import Offer, Reach
from offers.services.offers import TERMS
from offers.services.redeeming import redeem
from portal.models import Activity, Membership, Partner
from portal.roles import Role
from tests import factories
from tests.certificates.services.work import TEN
from tests.factories import TODAY
from tests.offers.factories import make_level, make_offer, make_price
from tests.queries import assert_query_baseline

TYPED = {
    "name": "Autumn",
    "words_en": "10% for early birds",
    "kind": "percent",
    "percent": "10",
    "currency": "EUR",
    "applies": "automatic",
    "days_from": "90",
    "days_until": "-30",
    "starts_on": TODAY.isoformat(),
}


@pytest.fixture
def nadia(partner: Partner) -> Membership:
    return factories.make_member(partner, "administrator")


@pytest.fixture
def desk(nadia: Membership) -> Client:
    """The browser of an administrator."""
    client = Client()
    client.force_login(nadia.user)
    return client


@pytest.fixture
def priced(partner: Partner) -> Partner:
    make_price(partner, "200.00", cost_base=Decimal(120), cost_name=Decimal(0))
    return partner


def url(name: str, offer: Offer | None = None) -> str:
    return reverse(f"offers:{name}", args=[offer.pk] if offer else [])


def text_of(response: Any) -> str:
    return " ".join(response.content.decode().split())


# The list


def test_without_offers_the_list_says_what_to_do(desk: Client) -> None:
    shown = text_of(desk.get(url("offers")))

    assert "No offers yet" in shown
    assert url("offer_new") in shown


def test_account_managers_and_support_read_and_change_nothing(page: Client, partner: Partner) -> None:
    offer = make_offer(partner)

    shown = text_of(page.get(url("offers"))) + text_of(page.get(url("offer", offer)))

    assert "10% off every renewal" in shown
    assert url("offer_new") not in shown
    assert url("offer_pause", offer) not in shown
    assert page.post(url("offer_pause", offer)).status_code == 403


def test_the_list_has_a_tab_for_each_state(desk: Client, partner: Partner) -> None:
    for state, name in (("published", "Now"), ("draft", "Perhaps"), ("paused", "Halted"), ("ended", "Over")):
        make_offer(partner, name=name, state=state)
    make_offer(partner, name="Soon", starts_at=TEN + timedelta(days=5))
    make_offer(partner, name="Past", ends_at=TEN - timedelta(days=1))

    found = {
        show: [offer.name for offer in desk.get(url("offers"), {"show": show}).context["table"].data.data]
        for show in ("live", "scheduled", "draft", "paused", "ended")
    }

    assert found == {
        "live": ["Now"],
        "scheduled": ["Soon"],
        "draft": ["Perhaps"],
        "paused": ["Halted"],
        "ended": ["Past", "Over"],
    }


def test_the_list_says_what_each_gave_away(desk: Client, partner: Partner) -> None:
    offer = make_offer(partner, redemption_limit=200, spend_cap=Decimal(8000))
    order = factories.make_order(partner)
    redeem([(offer, Decimal("12.50"))], subject=f"order:{order.pk}", customer=order.customer, order=order, now=TEN)

    shown = text_of(desk.get(url("offers")))

    assert "1 of 200" in shown
    assert "€12.50" in shown
    assert "of €8,000.00" in shown


def test_the_calendar_says_in_words_what_it_draws(desk: Client, partner: Partner) -> None:
    make_offer(partner, name="Autumn", starts_at=TEN, ends_at=TEN.replace(month=12, day=24, hour=0))
    make_offer(partner, name="Open", starts_at=TEN)
    make_offer(partner, name="Perhaps", state="draft")

    response = desk.get(url("offers"))

    assert [bar.offer.name for bar in response.context["calendar"].bars] == ["Autumn", "Open"]
    shown = text_of(response)
    assert "Autumn: 22 November 2026 to 23 December 2026" in shown
    assert "Open: from 22 November 2026, without an end" in shown


def test_the_list_asks_no_more_for_many_offers_than_for_one(desk: Client, partner: Partner) -> None:
    def add(number: int) -> None:
        for _ in range(number):
            make_offer(partner)

    assert_query_baseline(desk, url("offers"), "offers", add_rows=add)


# Drafting


def test_a_draft_is_saved_as_it_was_typed(desk: Client, partner: Partner) -> None:
    customer = factories.make_customer(partner, "Verger Sonore", number="C-17")
    level, owner = make_level(partner), factories.make_member(partner)
    typed = TYPED | {
        "families": ["GeoTrust", "Thawte"],
        "levels": ["dv"],
        "price_levels": [level.pk],
        "owners": [owner.pk],
        "customers": "C-17",
        "countries": "fr, be",
        "ends_on": "2026-12-31",
        "spend_cap": "500",
        "cap_currency": "CHF",
        "stacks": "on",
    }

    response = desk.post(url("offer_new"), typed)

    draft = Offer.objects.get()
    assert response.headers["Location"] == url("offer_edit", draft)
    assert (draft.state, draft.percent, draft.families) == ("draft", Decimal(10), ["GeoTrust", "Thawte"])
    assert (draft.customers, draft.price_levels, draft.owners) == ([customer.pk], [level.pk], [owner.pk])
    assert (draft.countries, draft.spend_cap, draft.currency, draft.stacks) == (["FR", "BE"], Decimal(500), "CHF", True)
    assert draft.ends_at is not None
    assert draft.ends_at.isoformat() == "2027-01-01T00:00:00+00:00"
    assert text_of(desk.get(url("offer_edit", draft))).count("Verger Sonore") == 1


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"percent": ""}, "An offer of this kind needs it."),
        ({"days_from": "30"}, "Beginning later would pay customers for waiting."),
        ({"applies": "code"}, "Write the code, or let the offer apply by itself."),
        ({"customers": "Nobody SA"}, "There is no customer “Nobody SA”."),
        ({"countries": "France"}, "is no code of a country"),
        ({"ends_on": "2026-11-01"}, "It has to end after it starts."),
    ],
)
def test_what_cannot_stand_is_said_and_nothing_typed_is_lost(
    desk: Client, priced: Partner, typed: dict[str, str], said: str
) -> None:
    response = desk.post(url("offer_new"), TYPED | typed)

    assert response.status_code == 422
    assert said in text_of(response)
    assert "10% for early birds" in text_of(response)
    assert not Offer.objects.exists()


def test_what_is_left_in_hidden_fields_is_no_mistake(desk: Client, partner: Partner) -> None:
    left = {
        "percent": "a lot",
        "free_names": "-1",
        "upgrade_targets": ["ssl_basic"],
        "days_from": "5",
        "days_until": "x",
    }

    desk.post(url("offer_new"), TYPED | left | {"kind": "amount", "amount": "20", "applies": "code", "code": "vingt"})
    desk.post(url("offer_new"), TYPED | {"code": "!", "amount": "none"})

    coded, automatic = Offer.objects.order_by("pk")
    assert (coded.kind, coded.amount, coded.percent, coded.upgrade_targets) == ("amount", Decimal(20), None, [])
    assert (coded.code, coded.days_from, coded.days_until) == ("VINGT", 90, -30)
    assert (automatic.code, automatic.amount, automatic.percent) == ("", None, Decimal(10))


def test_a_strangers_rows_cannot_be_named(desk: Client, partner: Partner) -> None:
    stranger = factories.make_partner("Stranger")
    theirs = factories.make_customer(stranger, "Far Away SA")
    level, owner = make_level(stranger), factories.make_member(stranger)
    make_level(partner)

    for typed in ({"customers": theirs.name}, {"price_levels": [level.pk]}, {"owners": [owner.pk]}):
        assert desk.post(url("offer_new"), TYPED | typed).status_code == 422


def test_what_the_portal_keeps_cannot_be_posted(desk: Client, nadia: Membership, partner: Partner) -> None:
    """Every column of an offer posted by hand: only those of the form change."""
    draft = make_offer(partner, state="draft")
    stranger = factories.make_partner("Stranger")
    kept = {
        "state": "published",
        "redeemed": "99",
        "spent": "99.00",
        "forecast": '{"orders": 1}',
        "published_at": "2020-01-01T00:00:00Z",
        "created_by": str(nadia.user.pk),
        "partner": str(stranger.pk),
        "partner_id": str(stranger.pk),
        "copied_from": str(draft.pk),
        "id": "12345",
        "starts_at": "2020-01-01",
        "ends_at": "2020-02-01",
    }
    assert {field.name for field in Offer._meta.concrete_fields} - {*TERMS, "created_at"} <= {*kept, *TERMS}

    desk.post(url("offer_edit", draft), TYPED | kept)

    before, after = draft, Offer.objects.get()
    assert (after.name, after.percent) == ("Autumn", Decimal(10))
    for name in ("pk", "state", "redeemed", "spent", "forecast", "published_at", "created_by", "partner_id"):
        assert getattr(after, name) == getattr(before, name), name
    assert (after.copied_from, after.starts_at.date(), after.ends_at) == (None, TODAY, None)


def test_no_form_changes_published_terms(desk: Client, partner: Partner) -> None:
    offer = make_offer(partner)
    before = {name: getattr(offer, name) for name in TERMS}
    other = TYPED | {
        "name": "Autumn",
        "percent": "90",
        "starts_on": "2026-11-25",
        "ends_on": "2030-01-01",
        "draft": offer.pk,
    }

    for name in ("offer_edit", "offer_preview", "offer_publish", "offer_delete", "offer_rename", "offer_resume"):
        desk.post(url(name, None if name == "offer_preview" else offer), other)

    offer.refresh_from_db()
    named = {"name": "Autumn", "words_en": "10% for early birds", "words_fr": ""}
    assert {name: getattr(offer, name) for name in TERMS} == before | named


def test_an_end_is_only_brought_forward(desk: Client, partner: Partner) -> None:
    offer = make_offer(partner, ends_at=TEN + timedelta(days=9))

    desk.post(url("offer_shorten", offer), {"ends_on": "2027-06-01"})
    offer.refresh_from_db()
    assert offer.ends_at == TEN + timedelta(days=9)

    desk.post(url("offer_shorten", offer), {"ends_on": "2026-11-24"})
    offer.refresh_from_db()
    assert offer.ends_at is not None
    assert offer.ends_at.date().isoformat() == "2026-11-25"


# What it would do


def test_the_preview_counts_before_anything_is_saved(desk: Client, priced: Partner) -> None:
    factories.make_order(priced)
    typed = TYPED | {"name": "", "base_rate": "60"}

    shown = text_of(desk.post(url("offer_preview"), typed))

    assert "10% off every renewal" in shown
    assert "€20.00" in shown
    assert "At 40% margin, 10% off must lift renewals from 60% to 80% to pay for itself." in shown
    assert not Offer.objects.exists()
    assert not Activity.objects.exists()


def test_the_preview_says_how_many_orders_are_left_out(desk: Client, priced: Partner) -> None:
    make_offer(priced, "5")
    factories.make_order(priced)

    assert "1 order is left out" in text_of(desk.post(url("offer_preview"), TYPED))


def test_an_incomplete_preview_asks_for_more(desk: Client, priced: Partner) -> None:
    response = desk.post(url("offer_preview"), TYPED | {"percent": "a lot"})

    assert response.status_code == 200
    assert "Say what it gives" in text_of(response)


def test_the_preview_says_what_keeps_the_terms_from_standing(desk: Client, priced: Partner) -> None:
    shown = text_of(desk.post(url("offer_preview"), TYPED | {"days_from": "30", "days_until": "0"}))

    assert "From days before the end: An offer that applies by itself begins 90 days before the end" in shown
    assert "Say what it gives" not in shown


def test_without_scripts_a_button_shows_the_numbers_and_saves_nothing(desk: Client, priced: Partner) -> None:
    factories.make_order(priced)

    response = desk.post(url("offer_new"), TYPED | {"look": "1"})

    assert (response.status_code, "€20.00" in text_of(response)) == (200, True)
    assert not Offer.objects.exists()


# Publication and after


def test_the_road_from_a_draft_to_its_end(desk: Client, priced: Partner) -> None:
    """Every step is pressed twice; the second press changes nothing."""
    order = factories.make_order(priced)
    to_publication = desk.post(url("offer_new"), TYPED | {"publish": "1"}).headers["Location"]
    offer = Offer.objects.get()
    assert to_publication == url("offer_publish", offer)
    assert "€20.00" in text_of(desk.get(to_publication))

    for name, state in (
        ("offer_publish", "published"),
        ("offer_pause", "paused"),
        ("offer_resume", "published"),
        ("offer_end", "ended"),
    ):
        for _ in range(2):
            assert desk.post(url(name, offer)).headers["Location"] == url("offer", offer)
            offer.refresh_from_db()
            assert offer.state == state

    deeds = Activity.objects.filter(verb__startswith="offer.").order_by("pk").values_list("verb", flat=True)
    assert list(deeds) == ["offer.drafted", "offer.published", "offer.paused", "offer.resumed", "offer.ended"]
    assert offer.forecast["orders"] == 1
    # the standing clock leaves the moments of its coming, and of the rest
    assert list(Reach.objects.filter(order=order).order_by("since").values_list("offers", flat=True)) == [
        [],
        [offer.pk],
    ]


def test_a_pause_of_a_code_can_be_undone_and_one_of_an_automatic_offer_is_asked_about(
    desk: Client, partner: Partner
) -> None:
    coded, automatic = make_offer(partner, code="MERCI"), make_offer(partner)

    asked = text_of(desk.get(url("offer", automatic)))
    undoable = desk.post(url("offer_pause", coded), follow=True)
    final = desk.post(url("offer_pause", automatic), follow=True)

    assert "lose it for good" in asked
    assert "lose it for good" not in text_of(desk.get(url("offer", coded)))
    assert url("offer_resume", coded) in [mark.extra_tags[5:] for mark in undoable.context["messages"]]
    assert [mark.extra_tags for mark in final.context["messages"]] == [""]


def test_a_copy_leads_to_its_draft(desk: Client, partner: Partner) -> None:
    offer = make_offer(partner, name="Autumn")

    response = desk.post(url("offer_copy", offer))

    copy = Offer.objects.get(copied_from=offer)
    assert (copy.name, copy.state) == ("Autumn, copy", "draft")
    assert response.headers["Location"] == url("offer_edit", copy)


def test_results_stand_against_what_was_foreseen(desk: Client, partner: Partner) -> None:
    sums = [{"currency": "EUR", "orders": 74, "given": "2017.00", "net": "18153.00"}]
    forecast = {"orders": 74, "customers": 38, "sums": sums, "base_rate": "0.6000", "needed_rate": "0.8000"}
    offer = make_offer(partner, forecast=forecast)
    for number in range(2):
        order = factories.make_order(partner)
        amount = Decimal("12.50")
        redeem(
            [(offer, amount)],
            subject=f"order:{order.pk}",
            customer=order.customer,
            order=order,
            now=TEN - timedelta(days=7 * number),
            held=number == 1,
        )

    response = desk.get(url("offer", offer))
    shown = text_of(response)

    assert "€2,017.00" in shown
    assert "from 60% to 80%" in shown
    assert "€25.00" in shown
    assert "1 held by quotes" in shown
    assert [bar["week"].uses for bar in response.context["chart"]["bars"]] == [1, 1]


@pytest.mark.parametrize(("role", "sees"), [(Role.SUPPORT, False), (Role.ACCOUNT_MANAGER, True)])
def test_support_reads_of_no_margin(partner: Partner, role: str, sees: bool) -> None:
    forecast = {"orders": 1, "customers": 1, "sums": [], "base_rate": "0.6000", "needed_rate": "0.8000"}
    offer = make_offer(partner, forecast=forecast, floor_margin=Decimal(7))
    client = Client()
    client.force_login(factories.make_member(partner, role).user)

    shown = text_of(client.get(url("offer", offer)))

    assert [words in shown for words in ("never below 7%", "Renewals have to rise")] == [sees, sees]


def test_the_uses_can_be_exported(desk: Client, page: Client, partner: Partner) -> None:
    offer, order = make_offer(partner), factories.make_order(partner, number="7100123")
    redeem([(offer, Decimal("12.50"))], subject=f"order:{order.pk}", customer=order.customer, order=order, now=TEN)

    lines = b"".join(desk.get(url("offer", offer), {"export": "csv"})).decode().splitlines()

    assert len(lines) == 2
    assert "7100123" in lines[1]
    assert "12.50" in lines[1]


def test_many_uses_take_no_more_questions_than_one(desk: Client, partner: Partner) -> None:
    offer = make_offer(partner)

    def add(number: int) -> None:
        for _ in range(number):
            order = factories.make_order(partner)
            redeem([(offer, Decimal(9))], subject=f"order:{order.pk}", customer=order.customer, order=order, now=TEN)

    assert_query_baseline(desk, url("offer", offer), "offer", add_rows=add)
