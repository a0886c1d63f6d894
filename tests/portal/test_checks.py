"""What is wrong with the settings is said by `manage.py check --deploy`, before a letter shows it."""

from __future__ import annotations

import pytest
from pytest_django import Settings

from portal import checks


def said(settings: Settings, provider: str, secrets: list[str]) -> list[str | None]:
    settings.MAIL_PROVIDER, settings.ANYMAIL = provider, {"WEBHOOK_SECRET": secrets}
    return [message.id for message in checks.provider_reports_under_a_secret()]


@pytest.mark.parametrize("secrets", [[], ["a-password-alone"], ["user:password", "user:"]])
def test_a_provider_whose_word_would_not_be_heard_is_an_error(settings: Settings, secrets: list[str]) -> None:
    assert said(settings, "postmark", secrets) == ["portal.E005"]
    assert said(settings, "", secrets) == []


def test_a_provider_with_its_secret_is_right(settings: Settings) -> None:
    assert said(settings, "postmark", ["user:password", "user:the:new:one"]) == []


@pytest.mark.parametrize(("token", "expected"), [({}, ["portal.E004"]), ({"POSTMARK_SERVER_TOKEN": "a-token"}, [])])
def test_a_provider_without_what_it_asks_for_is_an_error(
    settings: Settings, token: dict[str, str], expected: list[str]
) -> None:
    settings.EMAIL_BACKEND, settings.ANYMAIL = "anymail.backends.postmark.EmailBackend", token

    assert [message.id for message in checks.letters_can_leave()] == expected


def test_a_provider_that_nobody_knows_is_an_error(settings: Settings) -> None:
    settings.EMAIL_BACKEND = "anymail.backends.pigeon.EmailBackend"

    assert [message.id for message in checks.letters_can_leave()] == ["portal.E004"]
