"""The life of an offer: drafted, published once with terms that then stand, paused, resumed and ended."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db import IntegrityError, transaction

from offers.models import Offer
from offers.models.offers import OfferStatus
from offers.rules.arms import ALL
from offers.rules.discounts import rises
from offers.services.offer_book import offer_terms
from offers.services.remembering import note_arrival, remember_reaches
from offers.services.sweeping import ask_for_sweep
from portal import activities
from portal.models import Partner, User
from portal.wakeups import nudge

State, Kind = Offer.State, Offer.Kind

# What may be said later, too; everything else stands from publication on.
NAMES = ("name", "words_en", "words_fr")
# All that a draft says; the rest of a row is kept by the services.
TERMS = (
    *NAMES,
    "kind",
    "percent",
    "amount",
    "currency",
    "min_term_years",
    "free_names",
    "upgrade_targets",
    "code",
    "stacks",
    "floor_margin",
    "spend_cap",
    "redemption_limit",
    "customer_limit",
    "families",
    "products",
    "levels",
    "price_levels",
    "customers",
    "owners",
    "countries",
    "min_orders",
    "max_orders",
    "first_renewal",
    "days_from",
    "days_until",
    "trial_percent",
    "starts_at",
    "ends_at",
)
# What each kind cannot do without; a field that no kind of its own asks for is emptied.
NEEDED: Mapping[str, tuple[str, ...]] = {
    Kind.PERCENT: ("percent",),
    Kind.AMOUNT: ("amount", "currency"),
    Kind.UPGRADE_SAME_PRICE: (),
    Kind.UPGRADE_PERCENT: ("percent",),
    Kind.LONGER_PLAN: ("percent", "min_term_years"),
    Kind.EXTRA_NAMES: ("free_names",),
    Kind.CONSOLIDATION: ("percent",),
}
UPGRADES = (Kind.UPGRADE_SAME_PRICE, Kind.UPGRADE_PERCENT)
_MEASURES: Mapping[str, Any] = {
    "percent": None,
    "amount": None,
    "currency": "",
    "min_term_years": None,
    "free_names": None,
}
# The code of a copy: as long as the column
_CODE_LENGTH = 40


class Problem(StrEnum):
    """Why terms cannot stand."""

    MISSING = "missing"
    WAITING_PAYS = "waiting_pays"
    DAYS_REVERSED = "days_reversed"
    ENDS_TOO_EARLY = "ends_too_early"
    IS_OVER = "is_over"
    CODE_TAKEN = "code_taken"
    ORDERS_REVERSED = "orders_reversed"


class OfferError(Exception):
    """It was not done; nothing has changed."""

    def __init__(self, offer: Offer) -> None:
        super().__init__(str(offer))
        self.offer = offer


class OfferIncomplete(OfferError):
    """Its terms cannot stand; `problems` says why, by field."""

    def __init__(self, offer: Offer, problems: Mapping[str, Problem]) -> None:
        super().__init__(offer)
        self.problems = problems


class OfferRises(OfferIncomplete):
    """It applies by itself and begins later than the renewal window: it would pay customers for waiting."""


class OfferFrozen(OfferError):
    """It has been published: its terms stand, and a change is a copy."""


class NotNow(OfferError):
    """It is not in a state in which this can be done."""


class EndNotEarlier(OfferError):
    """A published offer may only get an end that is earlier than its own and still to come."""


# Terms


def problems_of(offer: Offer, *, now: datetime) -> dict[str, Problem]:
    """What keeps the terms from standing, by field; empty where nothing does."""
    found = {name: Problem.MISSING for name in NEEDED[offer.kind] if not getattr(offer, name)}
    if offer.days_from < offer.days_until:
        found["days_until"] = Problem.DAYS_REVERSED
    if offer.is_automatic and rises(offer_terms(offer)):
        found["days_from"] = Problem.WAITING_PAYS
    if offer.min_orders is not None and offer.max_orders is not None and offer.min_orders > offer.max_orders:
        found["max_orders"] = Problem.ORDERS_REVERSED
    if offer.ends_at and offer.ends_at <= offer.starts_at:
        found["ends_at"] = Problem.ENDS_TOO_EARLY
    elif offer.ends_at and offer.ends_at <= now:
        found["ends_at"] = Problem.IS_OVER
    if _code_is_taken(offer, now):
        found["code"] = Problem.CODE_TAKEN
    return found


def _code_is_taken(offer: Offer, now: datetime) -> bool:
    """By another offer that is not over; drafts count, so that two people do not promise the same code."""
    if not offer.code:
        return False
    others = Offer.objects.for_partner(offer.partner).coded(offer.code).exclude(pk=offer.pk)
    return any(other.status(now) is not OfferStatus.ENDED for other in others)


def _check(offer: Offer, now: datetime) -> None:
    """Raise what is wrong with the terms; waiting for the end is never to be rewarded."""
    problems = problems_of(offer, now=now)
    if Problem.WAITING_PAYS in problems.values():
        raise OfferRises(offer, problems)
    if problems:
        raise OfferIncomplete(offer, problems)


def with_terms(offer: Offer, values: Mapping[str, Any]) -> Offer:
    """Put typed values on a draft, not saved; what another kind would have asked for is emptied."""
    for name in TERMS:
        if name in values:
            setattr(offer, name, values[name])
    for name in _MEASURES.keys() - NEEDED[offer.kind]:
        # the currency is also that of the cap
        if name != "currency" or offer.spend_cap is None:
            setattr(offer, name, _MEASURES[name])
    if offer.kind not in UPGRADES:
        offer.upgrade_targets = []
    if offer.kind == Kind.CONSOLIDATION:
        offer.trial_percent = ALL
    return offer


# Drafts


def create_draft(partner: Partner, values: Mapping[str, Any], *, actor: User | None, now: datetime) -> Offer:
    """Raises OfferIncomplete, and OfferRises, which is one."""
    draft = with_terms(Offer(partner=partner, created_by=actor), values)
    return _store(draft, "offer.drafted", actor, now)


def change_draft(offer: Offer, values: Mapping[str, Any], *, actor: User | None, now: datetime) -> Offer:
    """Raises OfferFrozen once it is published, and OfferIncomplete."""
    with transaction.atomic():
        draft = _locked(offer)
        if draft.state != State.DRAFT:
            raise OfferFrozen(draft)
        return _store(with_terms(draft, values), "offer.changed", actor, now)


def copy_offer(offer: Offer, *, name: str, actor: User | None, now: datetime) -> Offer:
    """A draft with the same terms, to begin no earlier than now; it gets a code of its own where that is in use."""
    values = {field: getattr(offer, field) for field in TERMS}
    copy = with_terms(Offer(partner=offer.partner, created_by=actor, copied_from=offer), values)
    copy.name = name[:120]
    copy.starts_at = max(offer.starts_at, now)
    if copy.ends_at and copy.ends_at <= copy.starts_at:
        copy.ends_at = None
    copy.code = _free_code(copy, now)
    return _store(copy, "offer.copied", actor, now, copied_from=offer.pk)


def _free_code(copy: Offer, now: datetime) -> str:
    """The code itself, or with the first number that makes it free: RENEW -> RENEW-2."""
    stem, number = copy.code, 1
    while _code_is_taken(copy, now):
        number += 1
        copy.code = f"{stem[: _CODE_LENGTH - 5]}-{number}"
    return copy.code


def delete_draft(offer: Offer, *, actor: User | None, now: datetime) -> None:
    """Raises OfferFrozen: what has been published is kept, since orders may tell of it."""
    with transaction.atomic():
        draft = _locked(offer)
        if draft.state != State.DRAFT:
            raise OfferFrozen(draft)
        activities.record("offer.deleted", draft, partner=draft.partner, actor=actor, at=now)
        draft.delete()


def _store(draft: Offer, verb: str, actor: User | None, now: datetime, **facts: Any) -> Offer:
    _check(draft, now)
    try:
        with transaction.atomic():
            _free_the_code(draft, now)
            draft.save()
            activities.record(verb, draft, partner=draft.partner, actor=actor, at=now, **facts)
    except IntegrityError as clash:
        raise OfferIncomplete(draft, {"code": Problem.CODE_TAKEN}) from clash
    return draft


def _free_the_code(offer: Offer, now: datetime) -> None:
    """Mark offers whose period is over as ended: until then their code is theirs."""
    if offer.code:
        over = Offer.objects.for_partner(offer.partner).coded(offer.code).exclude(pk=offer.pk)
        over.exclude(state=State.DRAFT).filter(ends_at__lte=now).update(state=State.ENDED)


# Publication and after


def publish_offer(offer: Offer, *, forecast: Mapping[str, Any], actor: User | None, now: datetime) -> Offer:
    """Let it go live, now or when it begins; from here on its terms stand. `forecast` is kept for its results.

    Raises OfferFrozen, OfferIncomplete, and OfferRises for one that would reward waiting.
    """
    _remember_reaches(offer, now)
    with transaction.atomic():
        draft = _locked(offer)
        if draft.state != State.DRAFT:
            raise OfferFrozen(draft)
        _check(draft, now)
        _free_the_code(draft, now)
        draft.starts_at = max(draft.starts_at, now)
        draft.state, draft.published_at, draft.forecast = State.PUBLISHED, now, dict(forecast)
        draft.save(update_fields=["starts_at", "state", "published_at", "forecast"])
        activities.record("offer.published", draft, partner=draft.partner, actor=actor, at=now)
        _arrive(draft, now)
        _revalue(draft)
    return draft


def pause_offer(offer: Offer, *, actor: User | None, now: datetime) -> Offer:
    """It gives nothing until it is resumed. Raises NotNow unless it is scheduled or live."""
    _remember_reaches(offer, now)
    return _move(
        offer, {OfferStatus.SCHEDULED, OfferStatus.LIVE}, {"state": State.PAUSED}, "offer.paused", actor=actor, now=now
    )


def resume_offer(offer: Offer, *, actor: User | None, now: datetime) -> Offer:
    """Raises NotNow unless it is paused. Orders that it had reached when it was paused get nothing from it again."""
    _remember_reaches(offer, now)
    with transaction.atomic():
        changes = {"state": State.PUBLISHED}
        resumed = _move(offer, {OfferStatus.PAUSED}, changes, "offer.resumed", actor=actor, now=now)
        _arrive(resumed, now)
    return resumed


def end_offer(offer: Offer, *, actor: User | None, now: datetime) -> Offer:
    """For good, at once; what quotes hold stays theirs. Raises NotNow for a draft, or where it has ended."""
    _remember_reaches(offer, now)
    changes: dict[str, Any] = {"state": State.ENDED}
    if offer.starts_at < now:
        changes["ends_at"] = now
    running = {OfferStatus.SCHEDULED, OfferStatus.LIVE, OfferStatus.PAUSED}
    return _move(offer, running, changes, "offer.ended", actor=actor, now=now)


def bring_end_forward(offer: Offer, ends_at: datetime, *, actor: User | None, now: datetime) -> Offer:
    """An earlier end, still to come. Raises EndNotEarlier, and NotNow for a draft, or where it has ended."""
    if ends_at <= max(now, offer.starts_at) or (offer.ends_at and ends_at >= offer.ends_at):
        raise EndNotEarlier(offer)
    running = {OfferStatus.SCHEDULED, OfferStatus.LIVE, OfferStatus.PAUSED}
    facts = {"ends_at": ends_at.isoformat()}
    return _move(offer, running, {"ends_at": ends_at}, "offer.shortened", actor=actor, now=now, facts=facts)


def rename_offer(offer: Offer, values: Mapping[str, str], *, actor: User | None, now: datetime) -> Offer:
    """Another name, or other words for customers; of `values` only NAMES are read."""
    changes = {name: values[name] for name in NAMES if name in values}
    facts = {"before": {name: getattr(offer, name) for name in changes}, "after": changes}
    return _move(offer, set(OfferStatus), changes, "offer.renamed", actor=actor, now=now, facts=facts)


def _move(
    offer: Offer,
    allowed: set[OfferStatus],
    changes: Mapping[str, Any],
    verb: str,
    *,
    actor: User | None,
    now: datetime,
    facts: Mapping[str, Any] | None = None,
) -> Offer:
    """Write the changes where the offer is still in one of the states, and tell of it."""
    with transaction.atomic():
        moved = _locked(offer)
        if moved.status(now) not in allowed:
            raise NotNow(moved)
        for name, value in changes.items():
            setattr(moved, name, value)
        moved.save(update_fields=list(changes))
        activities.record(verb, moved, partner=moved.partner, actor=actor, at=now, **(facts or {}))
        if verb != "offer.renamed":
            _revalue(moved)
    return moved


def _remember_reaches(offer: Offer, now: datetime) -> None:
    """Before an automatic offer comes or goes: what customers are told until now, with it or without, never rises."""
    if offer.is_automatic:
        remember_reaches(offer.partner, now=now)


def _arrive(offer: Offer, now: datetime) -> None:
    if offer.is_automatic and offer.status(now) is OfferStatus.LIVE:
        note_arrival(offer.partner, now=now)


def _revalue(offer: Offer) -> None:
    """Have every order's value follow, soon."""
    from offers.tasks import value_orders  # tasks call services

    ask_for_sweep(offer.partner)
    nudge(value_orders)


def _locked(offer: Offer) -> Offer:
    return (
        Offer.objects.for_partner(offer.partner)
        .select_related("partner")
        .select_for_update(of=("self",), no_key=True)
        .get(pk=offer.pk)
    )
