"""One notice: what was or will be said to whom, in which letter, and why it went out or stayed home."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from typing import Any, cast
from urllib.parse import urlsplit

from csp.constants import SELF
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from campaigns.models import Notice
from campaigns.services import explaining, outbox
from campaigns.services.copies import Copy, copy_of
from campaigns.wording import why
from campaigns.wording.notices import ICONS, moment, reader_name, reader_zone, state_pill, step_words
from certificates.services import customers
from certificates.x509.names import display_name
from portal import clock, links
from portal.access import PartnerRequest, requires
from portal.contributions import TimelineEvent
from portal.deeds import tell
from portal.models import Activity, Partner

_STYLE = re.compile(r"<style[^>]*>(.*?)</style>", re.DOTALL | re.IGNORECASE)
_RELATED = ("partner", "step__calendar", "order", "customer__partner", "contact", "member__user", "mail", "call")
# So many of the other orders in the same letter are named.
_NAMED = 100
DEEDS = {"hold": _("Hold"), "release": _("Release"), "send": _("Send now"), "retry": _("Try again")}


def _notice(request: PartnerRequest, pk: int) -> Notice:
    """The partner's notice; 404 for any other."""
    found: Notice = get_object_or_404(Notice.objects.for_partner(request.partner).select_related(*_RELATED), pk=pk)
    return found


@requires("outbox.view")
@require_safe
def notice(request: PartnerRequest, pk: int) -> HttpResponse:
    """Everything about one notice, and with it about its customer: that support looked is written down."""
    found = _notice(request, pk)
    now = clock.now()
    customers.note_look_up(found.customer, request.membership, now=now)
    may_edit = "outbox.edit" in request.membership.permissions
    step = found.step
    context = {
        "notice": found,
        "host": display_name(found.order.common_name),
        "moment": step_words(step.basis, step.days, step.share),
        "state": state_pill(found.state, found.channel),
        "icon": ICONS[found.channel],
        "sentence": why.told(explaining.of_notice(found, now=now)),
        "reader": reader_name(found),
        "due": moment(found.due_at, reader_zone(found)),
        "until": moment(found.expires_at, reader_zone(found)),
        "mail": found.mail,
        "letter": copy_of(found.mail) if found.mail else None,
        "letter_url": reverse("campaigns:notice_letter", args=[pk]),
        "others": list(_others(found)),
        "deeds": [(deed, DEEDS[deed]) for deed in outbox.deeds_for(found, now=now)] if may_edit else [],
        "timeline": list(_timeline(found)),
    }
    response = render(request, "campaigns/outbox/notice.html", context)
    cast(Any, response)._csp_update = {"frame-src": [SELF]}
    return response


def _others(notice: Notice) -> Iterator[tuple[Notice, str]]:
    """The other notices of the same letter, or of the same call."""
    rows = Notice.objects.for_partner(notice.partner).exclude(pk=notice.pk).select_related("order", "step")
    if notice.mail_id:
        rows = rows.filter(mail=notice.mail_id)
    elif notice.call_id:
        rows = rows.filter(call=notice.call_id)
    else:
        return
    for other in rows.order_by("ends_at", "pk")[:_NAMED]:
        yield other, step_words(other.step.basis, other.step.days, other.step.share)


def _timeline(notice: Notice) -> Iterator[TimelineEvent]:
    deeds = Activity.objects.for_partner(notice.partner).about(notice).select_related("actor").order_by("-at", "-pk")
    for deed in deeds[:50]:
        told = tell(deed)
        yield TimelineEvent(deed.at, told.words, told.detail, actor=str(deed.actor or ""), level=told.level)


@requires("outbox.view")
@require_safe
@xframe_options_sameorigin
def notice_letter(request: PartnerRequest, pk: int) -> HttpResponse:
    """The letter as its reader saw it, for a frame."""
    found = _notice(request, pk)
    return letter_in_frame(copy_of(found.mail) if found.mail else None, found.partner)


def letter_in_frame(said: Copy | None, partner: Partner) -> HttpResponse:
    """What a letter said: its own styles apply, and nothing else of it does anything; 404 where it is not kept."""
    if said is None or not said.html:
        raise Http404
    return HttpResponse(said.html, headers={"Content-Security-Policy": _policy(said.html, partner)})


def _policy(html: str, partner: Partner) -> str:
    """No script, no request but for our own pictures, no form. Style sheets inside are named by their hash."""
    where = urlsplit(links.address(partner, "/"))
    hashes = [base64.b64encode(hashlib.sha256(sheet.encode()).digest()).decode() for sheet in _STYLE.findall(html)]
    sheets = " ".join(f"'sha256-{one}'" for one in hashes) or "'none'"
    rules: dict[str, Any] = {
        "default-src": "'none'",
        "style-src-elem": sheets,
        "style-src-attr": "'unsafe-inline'",
        "img-src": f"'self' {where.scheme}://{where.netloc} data:",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'self'",
        "sandbox": "",
    }
    return "; ".join(f"{directive} {value}".strip() for directive, value in rules.items())
