"""What calls add to the portal's pages."""

from __future__ import annotations


def register() -> None:
    """Hang everything in its slot."""
