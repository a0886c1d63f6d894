"""The people of the demo, as journeys call them, and what they speak."""

from __future__ import annotations

from django.conf import settings
from playwright.sync_api import Page

from portal.demo import PEOPLE
from portal.models import User

CLAIRE, HUGO, SAM, NADIA, ELISE = (person.email for person in PEOPLE)
# Somebody who has not signed in
STRANGER = ""


def speak(language: str, person: str, page: Page, origin: str) -> None:
    """Let the person ask for the language, or the browser of a stranger."""
    User.objects.filter(email=person).update(language=language)
    page.context.add_cookies([{"name": settings.LANGUAGE_COOKIE_NAME, "value": language, "url": origin}])
