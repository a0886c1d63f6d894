"""The sheet of a quote on the house's own pages: the same parts, in the same words, as its customer reads."""

from __future__ import annotations

from typing import Any

from django.utils import translation

from offers import documents, quotewords
from offers.snapshot import QuoteSnapshot


def paper(snapshot: QuoteSnapshot, *, language: str) -> dict[str, Any]:
    """What the sheet's templates need, worded in the language of whoever looks at it."""
    with translation.override(language):
        items = quotewords.items(snapshot)
        return {
            "snapshot": snapshot,
            "about": quotewords.title(snapshot) if snapshot.lines else "",
            "country": documents.country_name(snapshot.customer, language),
            "items": items,
            "only": items[0] if len(items) == 1 else None,
            "names": documents.names_told(snapshot.lines[0]) if len(items) == 1 else "",
            "keeps_all_days": documents.keeps_all_days(snapshot),
            "tax_label": quotewords.tax_label(snapshot.tax),
            "tax_sentence": quotewords.tax_sentence(snapshot.tax),
        }
