"""Asked again before a letter leaves: has what it says become untrue since somebody asked for it?

An app above adds a function that answers with a condition on rows of OutgoingMail, usually an Exists of its own rows
that point at OuterRef("pk"). A due letter that fulfils any of them is withdrawn, and the claim leaves it out in its own
statement, so that a change made meanwhile counts.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.db.models import Q

from portal.contributions import Slot

# condition(now) -> the letters that have become untrue. One query asks all of them, over all partners.
untrue: Slot[Callable[[datetime], Q]] = Slot()


def has_become_untrue(now: datetime) -> Q:
    """The letters of which any app says so."""
    # An empty Q is true of every row.
    found = Q(pk__in=[])
    for condition in untrue.items:
        found |= condition(now)
    return found
