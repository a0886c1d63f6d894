"""Every address, other people's included, refuses to change anything for a page of another site."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import URLResolver, get_resolver
from pytest_django.fixtures import Settings

from tests.factories import make_member, make_partner

pytestmark = pytest.mark.django_db

# Asked by programs that hold no token; test_architecture says why that is harmless.
EXEMPT = {"sandbox-ca/ocsp", "sandbox-ca/ocsp/1", "u/key/"}
SAMPLES = {"int": "1", "slug": "relais", "str": "key", "path": "1", "uuid": "0"}


def paths(resolver: URLResolver, before: str = "") -> list[str]:
    """One path for every address, with something in the place of each parameter."""
    found: list[str] = []
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            found += paths(pattern, before + str(pattern.pattern))
        elif "(?P" not in str(pattern.pattern):
            found.append(filled(before + str(pattern.pattern)))
    return found


def filled(route: str) -> str:
    parts = route.replace(">", "<").split("<")
    return "".join(SAMPLES[part.split(":")[0]] if odd % 2 else part for odd, part in enumerate(parts))


def test_posts_without_a_token_are_refused_everywhere(settings: Settings) -> None:
    settings.MFA_REQUIRED = False
    settings.DEMO = True
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_member(make_partner(), "administrator").user)

    answers = {path: client.post(f"/{path}").status_code for path in paths(get_resolver())}

    assert len(answers) > 40
    assert {path for path, status in answers.items() if status != 403} == EXEMPT
