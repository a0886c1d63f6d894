"""The channels of the partner's own team: a list, adding one, trying it, removing it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from campaigns.forms.teams import TeamChannelForm
from campaigns.models import TeamChannel
from campaigns.services import teams
from campaigns.wording.teams import EVENTS
from portal import clock
from portal.access import PartnerRequest, requires


@requires("settings.view")
@require_safe
def channels(request: PartnerRequest) -> HttpResponse:
    """Every channel, what it is told of, and how its last message fared."""
    mine = list(TeamChannel.objects.for_partner(request.partner))
    last = teams.last_messages(mine)
    rows = [(one, [EVENTS[event] for event in one.events if event in EVENTS], last.get(one.pk)) for one in mine]
    return render(request, "campaigns/teams/page.html", {"page_title": _("Your team"), "channels": rows})


@requires("settings.edit")
@require_http_methods(["GET", "HEAD", "POST"])
def channel_new(request: PartnerRequest) -> HttpResponse:
    return _edit(request, TeamChannel(partner=request.partner), _("Add a channel"))


@requires("settings.edit")
@require_http_methods(["GET", "HEAD", "POST"])
def channel_edit(request: PartnerRequest, pk: int) -> HttpResponse:
    """Change one; one that was switched off after failures is tried again."""
    return _edit(request, _mine(request, pk), _("Change the channel"))


def _edit(request: PartnerRequest, channel: TeamChannel, title: str) -> HttpResponse:
    form = TeamChannelForm(request.POST or None, instance=channel)
    if request.method == "POST" and form.is_valid():
        teams.save_channel(form.channel(), url=form.cleaned_data["address"], actor=request.user, now=clock.now())
        messages.success(request, _("The channel is saved. Send it a word to see that it arrives."))
        return redirect("campaigns:teams")
    secret = teams.secret_of(channel) if channel.pk else ""
    context = {"page_title": title, "form": form, "channel": channel, "secret": secret}
    return render(request, "campaigns/teams/form.html", context, status=422 if form.errors else 200)


@requires("settings.edit")
@require_POST
def channel_try(request: PartnerRequest, pk: int) -> HttpResponse:
    """Send it a word now, and say how it went."""
    channel = _mine(request, pk)
    title = _("A word from %(partner)s's renewal portal: this channel works.") % {"partner": request.partner.name}
    error = teams.try_channel(channel, title=title, now=clock.now())
    if error:
        words = _("%(name)s was not reached: %(error)s. Compare its address with the one that your chat shows.")
        messages.error(request, words % {"name": channel.name, "error": error})
    else:
        messages.success(request, _("%(name)s has taken it.") % {"name": channel.name})
    return redirect("campaigns:teams")


@requires("settings.edit")
@require_POST
def channel_drop(request: PartnerRequest, pk: int) -> HttpResponse:
    teams.drop_channel(_mine(request, pk), actor=request.user, now=clock.now())
    messages.success(request, _("The channel is removed."))
    return redirect("campaigns:teams")


def _mine(request: PartnerRequest, pk: int) -> TeamChannel:
    return get_object_or_404(TeamChannel.objects.for_partner(request.partner).select_related("partner"), pk=pk)
