"""What calls add to the portal's pages."""

from __future__ import annotations

from campaigns.services.calls import open_for_bounce
from portal.mail.bounces import on_bounce


def register() -> None:
    """Hang everything in its slot."""
    on_bounce.add(open_for_bounce)
