"""The demo's mailbox: what the portal would have sent. Anywhere else these addresses do not exist."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from functools import wraps
from typing import Any

from csp.constants import SELF
from csp.decorators import csp_update
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from portal.access import public
from portal.lists import Empty
from portal.mail import mailbox
from portal.mail.mailbox import Kept, NoSuchLetter

_STYLE = re.compile(r"<style[^>]*>(.*?)</style>", re.DOTALL | re.IGNORECASE)
# Letters open their links in a tab of their own: the frame is too small for a page, and no page lets itself be framed.
_BASE = '<base target="_blank">'


def _in_the_demo(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not settings.DEMO:
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


@public
@require_safe
@_in_the_demo
def letters(request: HttpRequest) -> HttpResponse:
    """The newest letters; `to` shows those to one address."""
    wanted = request.GET.get("to", "").strip().lower()
    kept = [letter for letter in mailbox.newest() if wanted in letter.recipients.lower()]
    return render(request, "portal/mailbox.html", {"letters": kept, "wanted": wanted, "empty": _empty(wanted)})


def _empty(wanted: str) -> Empty:
    if wanted:
        title = _("No letters to %(email)s") % {"email": wanted}
        words = _("Nothing has been written to this address so far.")
        return Empty(title, words, url=reverse("portal:mailbox"), action=_("Show the letters to everybody"))
    words = _("Invite a person, ask for a sign-in code or for a new password: the letter appears here at once.")
    return Empty(_("No letters yet"), words)


@public
@require_safe
@csp_update({"frame-src": [SELF]})
@_in_the_demo
def letter(request: HttpRequest, key: str) -> HttpResponse:
    """One letter: its head, its text, and its HTML in a frame."""
    return render(request, "portal/letter.html", {"letter": _get(key)})


@public
@require_safe
@xframe_options_sameorigin
@_in_the_demo
def letter_html(_request: HttpRequest, key: str) -> HttpResponse:
    """What was sent, for the frame: its own styles apply, and nothing else of it does anything."""
    html = _get(key).html
    return HttpResponse(_BASE + html, headers={"Content-Security-Policy": _policy(html)})


def _get(key: str) -> Kept:
    try:
        return mailbox.get(key)
    except NoSuchLetter as error:
        raise Http404(key) from error


def _policy(html: str) -> str:
    """No script, no request, no form. Style sheets inside the letter are named by their hash."""
    hashes = [base64.b64encode(hashlib.sha256(sheet.encode()).digest()).decode() for sheet in _STYLE.findall(html)]
    sheets = " ".join(f"'sha256-{one}'" for one in hashes) or "'none'"
    nothing = ("script-src", "connect-src", "font-src", "frame-src", "object-src", "form-action", "base-uri")
    return "; ".join(
        [
            *(f"{directive} 'none'" for directive in nothing),
            f"style-src-elem {sheets}",
            "img-src data:",
            "frame-ancestors 'self'",
            "sandbox allow-popups allow-popups-to-escape-sandbox",
        ]
    )
