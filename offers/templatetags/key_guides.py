"""Where a key that was made in the browser is explained for the customer's server."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django import template

from certificates.visits import Visit
from certificates.wording.guides import GUIDES

register = template.Library()


@register.simple_tag
def guides_for(visit: Visit, form: Any) -> list[tuple[str, str]]:
    """Name and address of every guide, for the names as the page showed them first."""
    typed = form.agreed_names or form["names"].value() or ""
    query = urlencode([("host", name) for name in typed.replace(",", " ").split()[:10]])
    return [(guide.name, f"{visit.url('certificates:guide', guide.server)}?{query}") for guide in GUIDES]
