"""The sheet of a quote, on paper and on the house's own pages: the same parts in the same words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils import translation

from offers.documents import words
from offers.documents.snapshot import QuoteSnapshot
from portal.texts import clean_text

# In characters: of a name, a number or an address, and of the fields that hold more.
LONGEST_WORDS = 255
LONGEST = {"note": 4_000, "terms": 8_000, "legal_footer": 300, "logo": 4_000_000}


def readable(snapshot: QuoteSnapshot | Mapping[str, Any]) -> QuoteSnapshot:
    """The snapshot as it can be set: no text endless, none with controls or marks that turn the reading direction.

    Raises SnapshotUnreadable.
    """
    stored = snapshot.to_json() if isinstance(snapshot, QuoteSnapshot) else snapshot
    return QuoteSnapshot.from_json(_clean(stored))


def _clean(value: Any, field: str = "") -> Any:
    if isinstance(value, str):
        return clean_text(value, LONGEST.get(field, LONGEST_WORDS))
    if isinstance(value, Mapping):
        return {key: _clean(item, key) for key, item in value.items()}
    return [_clean(item, field) for item in value] if isinstance(value, list | tuple) else value


def paper(snapshot: QuoteSnapshot, *, language: str) -> dict[str, Any]:
    """What the sheet's templates need, worded in the language of whoever looks at it; a draft may have no line yet."""
    with translation.override(language):
        items = words.items(snapshot)
        only = items[0] if len(items) == 1 else None
        return {
            "snapshot": snapshot,
            "about": words.title(snapshot) if items else "",
            "lead": words.lead(snapshot),
            "country": words.country_name(snapshot.customer, language),
            "items": items,
            "only": only,
            "names": words.names_told(only.line) if only else "",
            "ends": words.new_ends(snapshot) if len(items) > 1 else None,
            "tax_label": words.tax_label(snapshot.tax),
            "tax_sentence": words.tax_sentence(snapshot.tax),
        }
