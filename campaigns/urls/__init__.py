"""Addresses of campaigns, gathered from one module per subject."""

from __future__ import annotations

from campaigns.urls import banners, calendar, calls, letters, messages, outbox, teams, unsubscribing

app_name = "campaigns"
urlpatterns = [
    *calendar.urlpatterns,
    *letters.urlpatterns,
    *calls.urlpatterns,
    *banners.urlpatterns,
    *messages.urlpatterns,
    *outbox.urlpatterns,
    *teams.urlpatterns,
    *unsubscribing.urlpatterns,
]
