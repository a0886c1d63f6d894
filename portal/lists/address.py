"""The address of a list: every state stands in its query, and every link changes a few keys of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import QueryDict

# What names a place in the list: links that change the list begin at its first page.
PLACE_KEYS = frozenset({"after", "before", "end"})
# What is said of one answer only, not of the list.
PASSING_KEYS = frozenset({"quick", "export", "filter"})


@dataclass(frozen=True, slots=True)
class Address:
    """The query of a page, without empty values."""

    pairs: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, query: QueryDict) -> Address:
        return cls(
            tuple(
                (key, value) for key, values in query.lists() for value in values if value and key not in PASSING_KEYS
            )
        )

    def but(self, **changes: str | int | None) -> str:
        """The link to the same list with some keys changed, or left out (None); at its first page."""
        gone = PLACE_KEYS | changes.keys()
        kept = [pair for pair in self.pairs if pair[0] not in gone]
        added = [(key, str(value)) for key, value in changes.items() if value is not None]
        return f"?{urlencode(kept + added)}"

    @property
    def query(self) -> str:
        """As it stands, the place in the list included."""
        return urlencode(self.pairs)

    @property
    def saved(self) -> str:
        """What a saved view keeps: everything but the place in the list."""
        return self.but().removeprefix("?")

    def kept_beside(self, names: Iterable[str]) -> list[tuple[str, str]]:
        """The keys that a form of these names has to carry along."""
        gone = PLACE_KEYS.union(names)
        return [pair for pair in self.pairs if pair[0] not in gone]
