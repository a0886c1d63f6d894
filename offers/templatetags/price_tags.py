"""What templates of the price list say with figures."""

from __future__ import annotations

from decimal import Decimal

from django import template

from portal.quantities import percentage

register = template.Library()


@register.filter
def share(part: Decimal) -> str:
    """A part of one in whole per cent: 0.4 -> "40%"."""
    return percentage(round(part * 100))
