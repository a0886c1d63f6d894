"""The page behind the address at a letter's foot: it says what stops, a press stops it, another takes that back."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from campaigns.services.unsubscribing import Received, is_stopped, received, resume_letters, stop_letters
from certificates import wording
from certificates.services.preferences import Source
from portal import clock, linked
from portal.access import on_behalf_of, public
from portal.choices import Language

# So many orders are named.
SHOWN = 12


@public
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: Any, token: str) -> HttpResponse:
    """Show; a POST of a mail program or of a person stops. The token is the proof, so that no cookie is needed."""
    letter = None if linked.guesses_too_often(request) else received(token, owner=request.house)
    if letter is None:
        linked.count_guess(request)
        return linked.refusal(request)
    request.partner = letter.partner
    with on_behalf_of(letter.partner), _as_read_by(request, letter):
        if request.method == "POST" and letter.is_stoppable:
            _act(request, letter)
        response = _page(request, letter)
    response.headers["Cache-Control"] = "no-store"
    return response


def _act(request: Any, letter: Received) -> None:
    if request.POST.get("List-Unsubscribe") == "One-Click":
        stop_letters(letter, source=Source.ONE_CLICK, now=clock.now())
    elif request.POST.get("wanted") == "1":
        resume_letters(letter, now=clock.now())
    elif request.POST.get("wanted") == "0":
        stop_letters(letter, source=Source.LETTER, now=clock.now())


def _page(request: Any, letter: Received) -> HttpResponse:
    context = {
        "letter": letter,
        "email": letter.mail.to_email,
        "is_stopped": is_stopped(letter),
        "hosts": [(wording.host(order), order.number) for order in letter.orders[:SHOWN]],
        "further": max(len(letter.orders) - SHOWN, 0),
    }
    return render(request, "campaigns/unsubscribe.html", context)


class _as_read_by:  # noqa: N801  a context manager, used as one
    """In the language of the letter's reader, unless this browser has chosen another."""

    def __init__(self, request: Any, letter: Received) -> None:
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME) in Language.values
        known = request.user.is_authenticated or chosen or not letter.contacts
        self.request = request
        self.language = translation.override(translation.get_language() if known else letter.contacts[0].language)
        self.zone = timezone.override(ZoneInfo(letter.partner.time_zone))

    def __enter__(self) -> None:
        self.language.__enter__()
        self.zone.__enter__()
        self.request.LANGUAGE_CODE = translation.get_language()

    def __exit__(self, *details: Any) -> None:
        self.zone.__exit__(*details)
        self.language.__exit__(*details)
