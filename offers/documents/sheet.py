"""The sheet of a quote on the house's own pages: the same parts, in the same words, as its customer reads."""

from __future__ import annotations

from typing import Any

from django.utils import translation

from offers.documents import drawing
from offers.documents.snapshot import QuoteSnapshot
from offers.wording import paper as wording


def paper(snapshot: QuoteSnapshot, *, language: str) -> dict[str, Any]:
    """What the sheet's templates need, worded in the language of whoever looks at it."""
    with translation.override(language):
        items = wording.items(snapshot)
        return {
            "snapshot": snapshot,
            "about": wording.title(snapshot) if snapshot.lines else "",
            "country": drawing.country_name(snapshot.customer, language),
            "items": items,
            "only": items[0] if len(items) == 1 else None,
            "names": drawing.names_told(snapshot.lines[0]) if len(items) == 1 else "",
            "keeps_all_days": drawing.keeps_all_days(snapshot),
            "tax_label": wording.tax_label(snapshot.tax),
            "tax_sentence": wording.tax_sentence(snapshot.tax),
        }
