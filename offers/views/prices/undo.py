"""The last change of prices in a session, kept so that it can be taken back once."""

from __future__ import annotations

import secrets

from django.urls import reverse

from offers.services.prices.changing import Rewritten
from portal.access import PartnerRequest

_KEPT = "prices_undo"
# Beyond so many plans every later request of the session would carry too much.
_MOST = 600


def to_undo(request: PartnerRequest, done: Rewritten) -> str:
    """Keep it; the mark that puts an undo button beside a message. Nothing where it is too much to keep."""
    if len(done.after) > _MOST:
        return ""
    token = secrets.token_urlsafe(9)
    request.session[_KEPT] = {"token": token, "partner": request.partner.pk, "prices": done.to_json()}
    return f"undo:{reverse('offers:price_undo', args=[token])}"


def remembered(request: PartnerRequest, token: str) -> Rewritten | None:
    """What was kept under the token; it is forgotten with this."""
    kept = request.session.get(_KEPT, {})
    if not secrets.compare_digest(str(kept.get("token", "")).encode(), token.encode()):
        return None
    del request.session[_KEPT]
    return Rewritten.from_json(kept["prices"]) if kept["partner"] == request.partner.pk else None
