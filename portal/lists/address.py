"""The address of a list: every state stands in its query, and every link changes a few keys of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import urlencode

from django.http import QueryDict

# What names a place in the list: links that change the list begin at its first page.
PLACE_KEYS = frozenset({"after", "before", "end"})
# What is said of one answer only, not of the list.
PASSING_KEYS = frozenset({"quick", "export", "filter"})


@dataclass(frozen=True)
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

    @cached_property
    def _encoded(self) -> list[tuple[str, str]]:
        """Each key with its pair as an address writes it: a page makes dozens of links from them."""
        return [(key, urlencode([(key, value)])) for key, value in self.pairs]

    def but(self, **changes: str | int | None) -> str:
        """The link to the same list with some keys changed, or left out (None); at its first page."""
        kept = [text for key, text in self._encoded if key not in PLACE_KEYS and key not in changes]
        added = [urlencode([(key, value)]) for key, value in changes.items() if value is not None]
        return f"?{'&'.join(kept + added)}"

    @property
    def query(self) -> str:
        """As it stands, the place in the list included."""
        return "&".join(text for _key, text in self._encoded)

    @property
    def saved(self) -> str:
        """What a saved view keeps: everything but the place in the list."""
        return self.but().removeprefix("?")

    def kept_beside(self, names: Iterable[str]) -> list[tuple[str, str]]:
        """The keys that a form of these names has to carry along."""
        gone = PLACE_KEYS.union(names)
        return [pair for pair in self.pairs if pair[0] not in gone]
