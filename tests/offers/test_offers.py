"""An offer's life: drafted with terms that can stand, published once, paused, resumed, ended and copied."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError

from offers.models import Offer
from offers.models.offers import OfferStatus
from offers.services.offers import (
    EndNotEarlier,
    NotNow,
    OfferFrozen,
    OfferIncomplete,
    OfferRises,
    Problem,
    bring_end_forward,
    change_draft,
    copy_offer,
    create_draft,
    delete_draft,
    end_offer,
    pause_offer,
    publish_offer,
    rename_offer,
    resume_offer,
)
from portal.models import Activity, Membership, Partner
from tests import factories
from tests.certificates.services.work import TEN
from tests.offers.factories import make_offer

DRAFT = Offer.State.DRAFT
TERMS: dict[str, Any] = {"name": "Autumn", "kind": "percent", "percent": Decimal(10), "starts_at": TEN}


@pytest.fixture
def nadia(partner: Partner) -> Membership:
    return factories.make_member(partner, "administrator")


def verbs() -> list[str]:
    return list(Activity.objects.filter(verb__startswith="offer.").order_by("pk").values_list("verb", flat=True))


# Drafts


def test_a_draft_is_stored_and_told_of(partner: Partner, nadia: Membership) -> None:
    draft = create_draft(partner, TERMS, actor=nadia.user, now=TEN)

    assert (draft.state, draft.percent, draft.created_by) == (DRAFT, Decimal(10), nadia.user)
    assert verbs() == ["offer.drafted"]


@pytest.mark.parametrize(
    ("terms", "problems"),
    [
        ({"percent": None}, {"percent": Problem.MISSING}),
        ({"kind": "amount"}, {"amount": Problem.MISSING, "currency": Problem.MISSING}),
        ({"kind": "longer_plan"}, {"min_term_years": Problem.MISSING}),
        ({"kind": "extra_names"}, {"free_names": Problem.MISSING}),
        ({"code": "DIX", "days_from": 10, "days_until": 20}, {"days_until": Problem.DAYS_REVERSED}),
        ({"ends_at": TEN}, {"ends_at": Problem.ENDS_TOO_EARLY}),
        (
            {"starts_at": TEN - timedelta(days=9), "ends_at": TEN - timedelta(days=1)},
            {"ends_at": Problem.IS_OVER},
        ),
        ({"min_orders": 9, "max_orders": 3}, {"max_orders": Problem.ORDERS_REVERSED}),
    ],
)
def test_terms_that_cannot_stand_are_refused_by_field(
    partner: Partner, terms: dict[str, Any], problems: dict[str, Problem]
) -> None:
    with pytest.raises(OfferIncomplete) as refused:
        create_draft(partner, TERMS | terms, actor=None, now=TEN)

    assert refused.value.problems == problems
    assert not Offer.objects.exists()


def test_an_automatic_offer_that_would_reward_waiting_is_refused(partner: Partner) -> None:
    with pytest.raises(OfferRises) as refused:
        create_draft(partner, TERMS | {"days_from": 30}, actor=None, now=TEN)

    assert refused.value.problems == {"days_from": Problem.WAITING_PAYS}
    with pytest.raises(IntegrityError):
        make_offer(partner, days_from=30)


def test_with_a_code_the_same_days_are_welcome(partner: Partner) -> None:
    draft = create_draft(partner, TERMS | {"days_from": 30, "code": "LATE"}, actor=None, now=TEN)

    assert publish_offer(draft, forecast={}, actor=None, now=TEN).status(TEN) is OfferStatus.LIVE


def test_what_another_kind_would_have_asked_for_is_emptied(partner: Partner) -> None:
    terms = {"amount": Decimal(5), "currency": "EUR", "free_names": 3, "upgrade_targets": ["ssl_securesite_pro"]}

    draft = create_draft(partner, TERMS | terms, actor=None, now=TEN)

    assert (draft.amount, draft.currency, draft.free_names, draft.upgrade_targets) == (None, "", None, [])


def test_the_cap_keeps_its_currency(partner: Partner) -> None:
    draft = create_draft(partner, TERMS | {"spend_cap": Decimal(500), "currency": "GBP"}, actor=None, now=TEN)

    assert draft.currency == "GBP"


@pytest.mark.parametrize("code", ["RENEW", "renew"])
def test_a_code_belongs_to_one_offer_until_that_is_over(partner: Partner, code: str) -> None:
    running = make_offer(partner, code="RENEW", ends_at=TEN + timedelta(days=1))

    with pytest.raises(OfferIncomplete) as refused:
        create_draft(partner, TERMS | {"code": code}, actor=None, now=TEN)
    later = TEN + timedelta(days=2)
    taken_over = create_draft(partner, TERMS | {"code": code}, actor=None, now=later)

    assert refused.value.problems == {"code": Problem.CODE_TAKEN}
    running.refresh_from_db()
    assert (running.state, taken_over.code) == (Offer.State.ENDED, code)


def test_another_partners_code_is_free(partner: Partner) -> None:
    make_offer(factories.make_partner("Verger"), code="RENEW")

    assert create_draft(partner, TERMS | {"code": "RENEW"}, actor=None, now=TEN).code == "RENEW"


def test_a_draft_changes_and_a_published_offer_does_not(partner: Partner) -> None:
    draft = make_offer(partner, state=DRAFT)

    change_draft(draft, {"percent": Decimal(12)}, actor=None, now=TEN)
    published = publish_offer(draft, forecast={}, actor=None, now=TEN)
    with pytest.raises(OfferFrozen):
        change_draft(published, {"percent": Decimal(50)}, actor=None, now=TEN)
    with pytest.raises(OfferFrozen):
        delete_draft(published, actor=None, now=TEN)

    draft.refresh_from_db()
    assert draft.percent == Decimal(12)


def test_what_services_keep_is_no_term(partner: Partner) -> None:
    draft = make_offer(partner, state=DRAFT)
    kept = {"state": "published", "redeemed": 7, "spent": Decimal(9), "forecast": {"orders": 1}, "partner_id": 99}

    change_draft(draft, kept, actor=None, now=TEN)

    draft.refresh_from_db()
    assert (draft.state, draft.redeemed, draft.spent, draft.forecast) == (DRAFT, 0, Decimal(0), {})
    assert draft.partner == partner


def test_a_draft_is_deleted_and_told_of(partner: Partner) -> None:
    delete_draft(make_offer(partner, state=DRAFT), actor=None, now=TEN)

    assert not Offer.objects.exists()
    assert verbs() == ["offer.deleted"]


# Publication


def test_publishing_keeps_the_forecast_and_begins_no_earlier_than_now(partner: Partner) -> None:
    draft = make_offer(partner, state=DRAFT, starts_at=TEN - timedelta(days=5))

    published = publish_offer(draft, forecast={"orders": 12}, actor=None, now=TEN)

    assert (published.starts_at, published.published_at, published.forecast) == (TEN, TEN, {"orders": 12})
    assert published.status(TEN) is OfferStatus.LIVE
    assert verbs() == ["offer.published"]


def test_a_later_beginning_makes_it_scheduled(partner: Partner) -> None:
    draft = make_offer(partner, state=DRAFT, starts_at=TEN + timedelta(days=3))

    published = publish_offer(draft, forecast={}, actor=None, now=TEN)

    assert published.status(TEN) is OfferStatus.SCHEDULED
    assert published.status(TEN + timedelta(days=3)) is OfferStatus.LIVE


def test_an_offer_is_published_once(partner: Partner) -> None:
    draft = make_offer(partner, state=DRAFT)
    publish_offer(draft, forecast={"orders": 1}, actor=None, now=TEN)

    with pytest.raises(OfferFrozen):
        publish_offer(draft, forecast={"orders": 2}, actor=None, now=TEN)

    draft.refresh_from_db()
    assert draft.forecast == {"orders": 1}


def test_a_draft_whose_period_has_passed_is_not_published(partner: Partner) -> None:
    draft = make_offer(partner, state=DRAFT, ends_at=TEN - timedelta(days=1))

    with pytest.raises(OfferIncomplete) as refused:
        publish_offer(draft, forecast={}, actor=None, now=TEN)

    assert refused.value.problems == {"ends_at": Problem.IS_OVER}


# Afterwards


def test_an_offer_is_paused_and_goes_on(partner: Partner) -> None:
    offer = make_offer(partner)

    assert pause_offer(offer, actor=None, now=TEN).status(TEN) is OfferStatus.PAUSED
    assert resume_offer(offer, actor=None, now=TEN).status(TEN) is OfferStatus.LIVE
    assert verbs() == ["offer.paused", "offer.resumed"]


def test_an_offer_ends_for_good(partner: Partner) -> None:
    ended = end_offer(make_offer(partner), actor=None, now=TEN)

    assert (ended.state, ended.ends_at) == (Offer.State.ENDED, TEN)
    with pytest.raises(NotNow):
        resume_offer(ended, actor=None, now=TEN)


def test_a_scheduled_offer_ends_before_it_begins(partner: Partner) -> None:
    ended = end_offer(make_offer(partner, starts_at=TEN + timedelta(days=1)), actor=None, now=TEN)

    assert (ended.status(TEN), ended.ends_at) == (OfferStatus.ENDED, None)


@pytest.mark.parametrize(
    ("deed", "state"),
    [
        (pause_offer, "draft"),
        (pause_offer, "paused"),
        (pause_offer, "ended"),
        (resume_offer, "draft"),
        (resume_offer, "published"),
        (end_offer, "draft"),
        (end_offer, "ended"),
    ],
)
def test_what_cannot_be_done_now_changes_nothing(partner: Partner, deed: Callable[..., Offer], state: str) -> None:
    offer = make_offer(partner, state=state)

    with pytest.raises(NotNow):
        deed(offer, actor=None, now=TEN)

    offer.refresh_from_db()
    assert (offer.state, verbs()) == (state, [])


def test_an_end_is_brought_forward_and_never_put_off(partner: Partner) -> None:
    offer = make_offer(partner, ends_at=TEN + timedelta(days=9))

    for wrong in (TEN, TEN + timedelta(days=9), TEN + timedelta(days=30)):
        with pytest.raises(EndNotEarlier):
            bring_end_forward(offer, wrong, actor=None, now=TEN)

    assert bring_end_forward(offer, TEN + timedelta(days=2), actor=None, now=TEN).ends_at == TEN + timedelta(days=2)


def test_an_offer_without_an_end_gets_one(partner: Partner) -> None:
    end = TEN + timedelta(days=400)

    assert bring_end_forward(make_offer(partner), end, actor=None, now=TEN).ends_at == end


def test_only_names_are_said_anew(partner: Partner) -> None:
    offer = make_offer(partner)

    renamed = rename_offer(offer, {"name": "Winter", "percent": "99"}, actor=None, now=TEN)

    offer.refresh_from_db()
    assert (renamed.name, offer.name, offer.percent) == ("Winter", "Winter", Decimal(10))


def test_a_copy_is_a_draft_of_the_same_terms(partner: Partner) -> None:
    offer = make_offer(partner, families=["GeoTrust"], spend_cap=Decimal(100), redeemed=3, ends_at=TEN)

    copy = copy_offer(offer, name="Again", actor=None, now=TEN)

    assert (copy.name, copy.state, copy.copied_from, copy.redeemed) == ("Again", DRAFT, offer, 0)
    assert (copy.families, copy.spend_cap) == (["GeoTrust"], Decimal(100))
    assert (copy.starts_at, copy.ends_at) == (TEN, None)


def test_a_copy_gets_a_code_of_its_own_while_the_other_is_in_use(partner: Partner) -> None:
    offer = make_offer(partner, code="RENEW")

    codes = [copy_offer(offer, name="Again", actor=None, now=TEN).code for _ in range(2)]

    assert codes == ["RENEW-2", "RENEW-3"]
