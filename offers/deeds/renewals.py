"""What customers did with the links to their renewals, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy

from certificates.deeds import Deed
from portal.types import StrOrPromise

Facts = Mapping[str, Any]


def _reader(facts: Facts) -> StrOrPromise:
    return str(facts.get("by", ""))


DEEDS: Mapping[str, Deed] = {
    "renewal.seen": Deed(gettext_lazy("Renew page read by the customer"), "", _reader),
}


def describe(verb: str, facts: Facts) -> tuple[StrOrPromise, StrOrPromise, str]:
    """Words, detail and colour of a deed."""
    deed = DEEDS[verb]
    return deed.words, deed.detail(facts), deed.level
