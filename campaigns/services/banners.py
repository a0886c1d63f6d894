"""Banners on the partner's own website: what one shows now, to anybody or to the one customer it is signed for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.core import signing
from django.db import transaction
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from campaigns.models import Banner, Notice
from campaigns.services.console import shown_notices
from campaigns.states import Channel
from certificates.models import Customer
from offers.models import Offer
from offers.models.offers import OfferStatus
from offers.wording.sums import share_off
from portal import activities, links
from portal.access import across_partners
from portal.models import Partner, User
from portal.typography import spaced

_SALT = "campaigns.banner"
_SAMPLE_RUNS = timedelta(days=30, hours=6)


@dataclass(frozen=True, slots=True)
class Shown:
    """A banner in one language, ready to be drawn; `ends_at` is what its countdown runs to, if to anything."""

    banner: Banner
    partner: Partner
    language: str
    headline: str
    text: str
    offer: str
    action: str
    url: str
    ends_at: datetime | None


def banner_of(public_key: str) -> Banner | None:
    """The banner of that key, of a partner that is not suspended, while it is shown."""
    with across_partners():
        rows = Banner.objects.select_related("partner", "offer")
        return rows.filter(public_key=public_key, is_active=True, partner__is_active=True).first()


def customer_code(customer: Customer) -> str:
    """What a banner's address says to count down to this customer's own end; it names nobody to those who read it."""
    return signing.Signer(salt=_SALT).sign_object([customer.partner_id, customer.pk], compress=True)


def customer_of(code: str, *, partner: Partner) -> Customer | None:
    """The customer a code was signed for, if it is this partner's."""
    try:
        owner, key = signing.Signer(salt=_SALT).unsign_object(code)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    mine = Customer.objects.for_partner(partner).select_related("partner")
    return mine.filter(pk=key).first() if owner == partner.pk else None


def show(banner: Banner, *, language: str, now: datetime, customer: Customer | None = None) -> Shown | None:
    """What the banner shows now; None once its campaign is over and there is no customer's own end to speak of."""
    own_end = _end_of(customer, now) if customer else None
    ends_at = own_end or banner.ends_at
    if ends_at is not None and ends_at <= now:
        return None
    partner: Partner = banner.partner
    with translation.override(language):
        return Shown(
            banner=banner,
            partner=partner,
            language=language,
            headline=_either(banner, "headline", language),
            text=_either(banner, "text", language),
            offer=_offer(banner.offer, language, now),
            action=_("Renew now"),
            url=links.address(partner, reverse("offers:home_due")),
            ends_at=ends_at,
        )


def sample(partner: Partner, design: str, size: str, *, language: str, now: datetime) -> Shown:
    """A design as it would look in the partner's colours, with invented words; stored nowhere."""
    with translation.override(language):
        return Shown(
            banner=Banner(partner=partner, design=design, size=size),
            partner=partner,
            language=language,
            headline=_("You won't lose a second of validity"),
            text="",
            offer=share_off(Decimal(10), Decimal(100)),
            action=_("Renew now"),
            url=links.address(partner, reverse("offers:home_due")),
            ends_at=now + _SAMPLE_RUNS,
        )


def _end_of(customer: Customer, now: datetime) -> datetime | None:
    """The first end of which a step of the calendar has begun to speak by banner, and that is still to come."""
    notices = shown_notices(customer, now=now, channel=Channel.BANNER).filter(ends_at__gt=now)
    first: Notice | None = notices.order_by("ends_at", "pk").first()
    return first.ends_at if first else None


def _either(banner: Banner, name: str, language: str) -> str:
    """The words in the language, else in the other one."""
    ours, theirs = ("fr", "en") if language == "fr" else ("en", "fr")
    written = {one: str(getattr(banner, f"{name}_{one}")) for one in (ours, theirs)}
    return spaced(written[ours], ours) or spaced(written[theirs], theirs)


def _offer(offer: Offer | None, language: str, now: datetime) -> str:
    """What the offer gives in the partner's own words, while it is live; nothing is promised that is not given."""
    return offer.words(language) if offer and offer.status(now) == OfferStatus.LIVE else ""


# What staff do


@transaction.atomic
def save_banner(banner: Banner, *, actor: User, now: datetime) -> Banner:
    """Store a new banner, or another look of one; websites that show it follow within minutes."""
    verb = "banner.changed" if banner.pk else "banner.made"
    if not banner.pk:
        banner.created_by = actor
    banner.save()
    _record(verb, banner, actor, now)
    return banner


@transaction.atomic
def switch_banner(banner: Banner, *, on: bool, actor: User, now: datetime) -> bool:
    """Show it, or leave its place empty wherever it stands; whether that changed anything."""
    mine = Banner.objects.for_partner(banner.partner).filter(pk=banner.pk, is_active=not on)
    if not mine.update(is_active=on):
        return False
    _record("banner.shown" if on else "banner.hidden", banner, actor, now)
    return True


def copy_of(banner: Banner) -> Banner:
    """A banner like it, not stored yet."""
    kept: Mapping[str, Any] = {
        field.name: getattr(banner, field.name)
        for field in Banner._meta.concrete_fields
        if field.name not in ("id", "public_key", "created_at", "created_by")
    }
    return Banner(**kept)


def _record(verb: str, banner: Banner, actor: User, now: datetime) -> None:
    activities.record(verb, banner, partner=banner.partner, actor=actor, at=now, name=banner.name)
