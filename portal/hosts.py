"""Whose house a request comes to: a partner's own host name bears its face, and lets in only whom it knows."""

from __future__ import annotations

from typing import Any

from django.core.cache import caches
from django.db.models.functions import Lower
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver
from django.http.request import split_domain_port

from portal.models import Partner

_KEY = "own-hosts"


def house_of(host: str) -> Partner | None:
    """The partner whose own host name this is, suspended or not; None on the portal's shared address.

    Which names are partners' own is remembered by each process for a minute; the partner itself is read anew, so
    that nobody wears a face, or opens a door, that has gone to somebody else.
    """
    name, _port = split_domain_port(host)
    key = _own_hosts().get(name)
    return Partner.objects.filter(pk=key, host__iexact=name).first() if key else None


def _own_hosts() -> dict[str, int]:
    """Primary keys by host name in small letters."""
    remembered: dict[str, int] | None = caches["minute"].get(_KEY)
    if remembered is None:
        owners = Partner.objects.exclude(host="").values_list(Lower("host"), "pk")
        remembered = dict(owners)
        caches["minute"].set(_KEY, remembered)
    return remembered


@receiver([post_save, post_delete], sender=Partner)
def _forget(**_: Any) -> None:
    caches["minute"].delete(_KEY)
