"""Banners and a message of the demo partner, so that their pages have something to show."""

from __future__ import annotations

from datetime import datetime, timedelta

from campaigns.models import Banner, Message
from offers.models import Offer
from portal.models import Membership, Partner
from portal.roles import Role

# Where the demo's banners may be framed
SITE = "https://www.relais.example"


def seed(partner: Partner, now: datetime) -> None:
    """Two banners and one message to every customer; asked again, nothing more."""
    if Banner.objects.for_partner(partner).exists():
        return
    maker = Membership.objects.for_partner(partner).filter(role=Role.ACCOUNT_MANAGER.value).order_by("pk").first()
    if maker is None:
        return
    offer = Offer.objects.for_partner(partner).live(now).order_by("pk").first()
    for fields in _banners(now):
        with_offer = offer if fields["design"] == Banner.Design.OFFER else None
        Banner.objects.create(partner=partner, origins=[SITE], created_by=maker.user, offer=with_offer, **fields)
    Message.objects.create(
        partner=partner,
        urgency=Message.Urgency.CALM,
        title_en="Our support is open during the holidays",
        text_en="Call or write as always; renewals placed during the holidays are issued within minutes.",
        title_fr="Notre support reste ouvert pendant les fêtes",
        text_fr="Appelez ou écrivez comme toujours ; ce qui est renouvelé pendant les fêtes est émis aussitôt.",
        starts_at=now,
        expires_at=now + timedelta(days=40),
        created_by=maker.user,
    )


def _banners(now: datetime) -> list[dict[str, object]]:
    return [
        {
            "name": "Renew before the holidays",
            "design": Banner.Design.COUNTDOWN,
            "size": Banner.Size.WIDE,
            "headline_en": "Renew before the holidays",
            "headline_fr": "Renouvelez avant les fêtes",
            "text_en": "What is left is added to the new order: you lose no day.",
            "text_fr": "Ce qui reste s'ajoute à la nouvelle commande : aucun jour n'est perdu.",
            "ends_at": now + timedelta(days=30, hours=6),
        },
        {
            "name": "Offer beside articles",
            "design": Banner.Design.OFFER,
            "size": Banner.Size.BOX,
            "headline_en": "Your certificate ends soon?",
            "headline_fr": "Votre certificat arrive à échéance ?",
        },
    ]
