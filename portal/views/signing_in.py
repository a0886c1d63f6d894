"""The door behind a letter's link: whoever opens it reads whose door it is, and only a press goes through."""

from __future__ import annotations

from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from portal import accounts, clock, linked, signing_in
from portal.linked import LinkedRequest
from portal.middleware import SESSION_MEMBERSHIP
from portal.models import Membership


@linked.linked(signing_in.PURPOSE)
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in_by_link(request: LinkedRequest) -> HttpResponseBase:
    """Name the person and the house; POST signs in, once, and asks for a second factor where there is one."""
    membership = signing_in.membership_of(request.link)
    if membership is None:
        return linked.refusal(request)
    if request.method == "POST":
        return _enter(request, membership)
    if request.user == membership.user:
        return redirect("/")
    return render(request, "account/sign_in_by_link.html", {"person": membership.user})


def _enter(request: LinkedRequest, membership: Membership) -> HttpResponseBase:
    if not signing_in.use_link(request.link, now=clock.now()):
        return linked.refusal(request)
    response = accounts.let_in(request, membership.user)
    request.session[SESSION_MEMBERSHIP] = membership.pk
    return response
