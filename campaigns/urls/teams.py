"""Addresses of messages to the partner's own team."""

from __future__ import annotations

from django.urls import path

from campaigns.views import teams

urlpatterns = [
    path("settings/team/", teams.channels, name="teams"),
    path("settings/team/new/", teams.channel_new, name="team_new"),
    path("settings/team/<int:pk>/", teams.channel_edit, name="team_edit"),
    path("settings/team/<int:pk>/try/", teams.channel_try, name="team_try"),
    path("settings/team/<int:pk>/drop/", teams.channel_drop, name="team_drop"),
]
