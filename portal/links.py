"""Links that survive scanners: opening one changes nothing and signs nobody in; taking one back ends it at once.

A letter bears the address with the token. `portal.linked` exchanges the token for a cookie of a few hours and leads to
a clean address, which names the link by its handle; every page behind it reads the link's row again.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Coalesce
from django.http.request import split_domain_port, validate_host
from django.urls import reverse

from portal.access import across_partners
from portal.models import Link, Partner

# Two openings within this time are one visit.
VISIT = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Purpose:
    """What a kind of link is for: the clean address it leads to, and what follows once a person has seen it.

    `door` names the page that takes the token: the one that exchanges it for a cookie, or one of the app's own.
    """

    url: Callable[[Link], str]
    seen: Callable[[Link, datetime], None] | None = None
    door: str = "portal:open_link"


# Apps above add theirs in AppConfig.ready(): purposes["quote"] = Purpose(url=…).
purposes: dict[str, Purpose] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLink:
    """What a link is to be, before it has an address; `language` is the reader's, for pages where none was chosen."""

    purpose: str
    subject: str
    audience: str
    expires_at: datetime
    source: str = ""
    language: str = ""


def make_links(wanted: Sequence[NewLink], *, partner: Partner, now: datetime) -> list[str]:
    """Store new links with one INSERT; their addresses in the same order, never seen again. KeyError as `make_link`."""
    tokens = [secrets.token_urlsafe(16) for _ in wanted]
    Link.objects.bulk_create(
        Link(
            partner=partner,
            token_hash=hash_of(token),
            purpose=one.purpose,
            subject=one.subject,
            audience=one.audience,
            language=one.language,
            source=one.source,
            created_at=now,
            expires_at=one.expires_at,
        )
        for one, token in zip(wanted, tokens, strict=True)
    )
    doors = zip(wanted, tokens, strict=True)
    return [address(partner, reverse(purposes[one.purpose].door, args=[token])) for one, token in doors]


def make_link(
    *,
    partner: Partner,
    purpose: str,
    subject: str,
    audience: str,
    expires_at: datetime,
    now: datetime,
    source: str = "",
    language: str = "",
) -> str:
    """Store a new link and return its address, the only time that anybody sees the token.

    `language` is the reader's, for the page where the reader has chosen none. KeyError for an unknown purpose.
    """
    wanted = NewLink(
        purpose=purpose, subject=subject, audience=audience, expires_at=expires_at, source=source, language=language
    )
    return make_links([wanted], partner=partner, now=now)[0]


def address(partner: Partner | None, path: str) -> str:
    """The path under the partner's own host, where this server answers to it; else under the portal's address."""
    if partner is None or not is_answered(partner):
        return f"{settings.PUBLIC_URL}{path}"
    # a portal that is asked at another port than browsers expect is asked there under every name
    port = urlsplit(settings.PUBLIC_URL).port
    return f"{'https' if settings.HTTPS else 'http'}://{partner.host}{f':{port}' if port else ''}{path}"


def is_answered(partner: Partner) -> bool:
    """Whether the partner has a host name of its own, and this server answers to it."""
    return bool(partner.host) and validate_host(partner.host.lower(), settings.ALLOWED_HOSTS)


def revoke(*, partner: Partner, purpose: str, subject: str, now: datetime) -> int:
    """Take back every link to the subject; browsers that have opened one are out at once. How many there were."""
    return Link.objects.for_partner(partner).about(subject, purpose=purpose).unrevoked().update(revoked_at=now)


def open_link(token: str, *, host: str, now: datetime) -> Link | None:
    """The link, with its partner, that the token opens on this host; None when it opens nothing, whatever the reason.

    Every refusal takes the same two questions to the database.
    """
    with across_partners():
        link = Link.objects.select_related("partner").filter(token_hash=hash_of(token)).first()
    owner = partner_of_host(host)
    return link if link and opens(link, owner=owner, now=now) else None


def count_opening(link: Link, *, now: datetime) -> bool:
    """Count that a person has seen what the link leads to; whether this was a new visit.

    Asked again within half an hour, it is the same visit.
    """
    before = Link.objects.filter(pk=link.pk).exclude(last_opened_at__gt=now - VISIT)
    with transaction.atomic():
        is_new = before.update(
            opened_count=F("opened_count") + 1, first_opened_at=Coalesce("first_opened_at", now), last_opened_at=now
        )
        follow = purposes[link.purpose].seen
        if is_new and follow:
            follow(link, now)
    return bool(is_new)


def partner_of_host(host: str) -> Partner | None:
    """The partner whose own host name this is; a port is not looked at."""
    name, _port = split_domain_port(host)
    return Partner.objects.exclude(host="").filter(host__iexact=name).first()


def hash_of(token: str) -> str:
    """SHA-256 in hexadecimal digits: 128 random bits need neither salt nor slowness."""
    return hashlib.sha256(token.encode()).hexdigest()


def opens(link: Link, *, owner: Partner | None, now: datetime) -> bool:
    """Whether the link is open, of a known purpose, and not asked for on the host of another partner."""
    return link.is_open(now) and link.purpose in purposes and owner in (None, link.partner)
