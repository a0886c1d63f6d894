"""The levels of customers that pay prices of their own: added, named, put in order, and taken away."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Count, Max, QuerySet

from offers.models import CustomerTerms, Offer, Price, PriceLevel
from offers.services.remembering import remember_reaches
from offers.services.sweeping import prices_have_changed
from portal import activities
from portal.models import Partner, User


class NameTaken(Exception):
    """Another level has this name."""


@dataclass(frozen=True, slots=True)
class Uses:
    """What hangs on a level: customers that fall back to the list without it, prices that go with it, offers."""

    customers: int
    prices: int
    offers: int


def levels_of(partner: Partner) -> QuerySet[PriceLevel]:
    """In their order, each with the number of its customers and prices."""
    levels = PriceLevel.objects.for_partner(partner).annotate(
        customer_count=Count("customers", distinct=True), price_count=Count("prices", distinct=True)
    )
    return levels.order_by("rank", "name")


def uses_of(level: PriceLevel) -> Uses:
    return Uses(
        customers=CustomerTerms.objects.for_partner(level.partner).filter(level=level).count(),
        prices=Price.objects.for_partner(level.partner).filter(level=level).count(),
        offers=sum(level.pk in offer.price_levels for offer in _running(level.partner)),
    )


def _running(partner: Partner) -> QuerySet[Offer]:
    return Offer.objects.for_partner(partner).exclude(state=Offer.State.ENDED).only("pk", "price_levels")


def add_level(partner: Partner, name: str, *, actor: User, now: datetime) -> PriceLevel:
    """A level after all others; raises NameTaken."""
    levels = PriceLevel.objects.for_partner(partner)
    if levels.filter(name__iexact=name).exists():
        raise NameTaken
    last = levels.aggregate(last=Max("rank"))["last"]
    try:
        with transaction.atomic():
            level = PriceLevel.objects.create(partner=partner, name=name, rank=0 if last is None else last + 1)
            activities.record("price_level.added", level, partner=partner, actor=actor, at=now)
    except IntegrityError as clash:
        raise NameTaken from clash
    return level


def rename_level(level: PriceLevel, name: str, *, actor: User, now: datetime) -> bool:
    """Whether the name is another now; raises NameTaken."""
    before = level.name
    if name == before:
        return False
    others = PriceLevel.objects.for_partner(level.partner).exclude(pk=level.pk)
    if others.filter(name__iexact=name).exists():
        raise NameTaken
    try:
        with transaction.atomic():
            PriceLevel.objects.filter(pk=level.pk).update(name=name)
            level.name = name
            facts = {"before": {"name": before}, "after": {"name": name}}
            activities.record("price_level.renamed", level, partner=level.partner, actor=actor, at=now, **facts)
    except IntegrityError as clash:
        raise NameTaken from clash
    return True


def move_level(level: PriceLevel, *, by: int, actor: User, now: datetime) -> None:
    """So many places up (below zero) or down; the others close the gap."""
    with transaction.atomic():
        Partner.objects.select_for_update(no_key=True).get(pk=level.partner_id)
        order = list(PriceLevel.objects.for_partner(level.partner).order_by("rank", "name"))
        place = order.index(level)
        target = min(max(place + by, 0), len(order) - 1)
        if target == place:
            return
        order.insert(target, order.pop(place))
        for rank, one in enumerate(order):
            PriceLevel.objects.filter(pk=one.pk).exclude(rank=rank).update(rank=rank)
        activities.record("price_level.moved", level, partner=level.partner, actor=actor, at=now)


def delete_level(level: PriceLevel, *, actor: User, now: datetime) -> Uses:
    """Its prices go with it, its customers pay the list's from now on; what hung on it."""
    with transaction.atomic():
        partner, uses = level.partner, uses_of(level)
        remember_reaches(partner, now=now)
        facts = {"customers": uses.customers, "prices": uses.prices}
        activities.record("price_level.deleted", level, partner=partner, actor=actor, at=now, **facts)
        CustomerTerms.objects.for_partner(partner).filter(level=level).update(level=None)
        level.delete()
        prices_have_changed(partner)
    return uses
