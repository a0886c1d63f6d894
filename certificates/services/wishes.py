"""Whether what is asked for can be issued at all: product, term, names and key, checked before anything is stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from certificates.models import Product
from certificates.rules import holds_wildcard, parse_wildcard
from certificates.services.refusals import OneNameOnly, ProductNotOffered, TermNotOffered, WildcardRefused
from certificates.x509 import CsrFacts, normalise_names, read_csr


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What was asked for, as it will be sent: clean PEM, normalised names with the common name first.

    Without a `csr` it is agreed, and waits for the key that a server has yet to make.
    """

    product: Product
    names: tuple[str, ...]
    csr: CsrFacts | None
    term_years: int = 1

    @property
    def common_name(self) -> str:
        return self.names[0]

    @property
    def csr_pem(self) -> str:
        return self.csr.pem if self.csr else ""

    @property
    def strangers(self) -> tuple[str, ...]:
        """Names of the key's request that the certificate will not hold: perhaps it was made for another host."""
        return tuple(name for name in self.csr.names if name not in self.names) if self.csr else ()


def read_wish(product: Product, *, names: Sequence[str], csr: str | None, term_years: int = 1) -> Wish:
    """The wish, once all of it can be issued; without names, those of the key's request are meant.

    No `csr` (None) means that the key follows. Raises BadRequest, WildcardRefused, OneNameOnly.
    """
    facts = None if csr is None else read_csr(csr)
    named = normalise_names(names) or (facts.names if facts else ())
    wish = Wish(product=product, names=named, csr=facts, term_years=term_years)
    check_names(product, wish.names)
    return wish


def check_offered(product: Product, *, term_years: int) -> None:
    """Whether the product is sold for so many years; raises ProductNotOffered, TermNotOffered."""
    if not product.is_offered:
        raise ProductNotOffered
    if not 1 <= term_years <= product.max_years:
        raise TermNotOffered(product.max_years)


def check_names(product: Product, names: Sequence[str]) -> None:
    """Whether the product holds these names; raises WildcardRefused, OneNameOnly."""
    if holds_wildcard(names) and not product.allows_wildcard:
        raise WildcardRefused(product, [name for name in names if parse_wildcard(name)])
    if len(names) > 1 and not product.allows_names:
        raise OneNameOnly(product, names[1:])
