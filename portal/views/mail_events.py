"""Where a mail provider posts what became of letters: django-anymail's view, signed in to by a secret.

There is such an address only where django-anymail is installed and both the provider and a secret are set.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.urls import URLPattern

from portal import clock
from portal.mail import judging, provider


def is_set_up() -> bool:
    return bool(settings.MAIL_PROVIDER and settings.ANYMAIL.get("WEBHOOK_SECRET"))


def addresses() -> list[URLPattern]:
    """The one address at which the provider named in the settings reports; none where it is not set up."""
    if not is_set_up():
        return []
    from anymail.urls import urlpatterns  # an extra, which most houses do without

    name = f"{settings.MAIL_PROVIDER}_tracking_webhook"
    return [pattern for pattern in urlpatterns if pattern.name == name]


def register() -> None:
    """Listen to what the view reads; asked twice, once."""
    if is_set_up():
        from anymail.signals import tracking

        tracking.connect(hear, dispatch_uid="portal.mail_events")


def hear(*, event: Any, esp_name: str, **_: Any) -> None:
    """Judge one event as if a mail server had said so; what raises is posted again by the provider."""
    report = provider.report_of(event)
    if report is not None:
        judging.take(report, now=clock.now(), event=provider.name_of(event, esp_name))
