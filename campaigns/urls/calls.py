"""Addresses of calls."""

from __future__ import annotations

from django.urls import URLPattern, path

from campaigns.views import call_sheet, calls

urlpatterns: list[URLPattern] = [
    path("campaigns/calls/", calls.CallsPage.as_view(), name="calls"),
    path("campaigns/calls/sheet/", call_sheet.call_sheet, name="call_sheet"),
    path("campaigns/calls/<int:pk>/", calls.call, name="call"),
    path("campaigns/calls/<int:pk>/attempt/", calls.call_attempt, name="call_attempt"),
    path("campaigns/calls/<int:pk>/undo/", calls.call_undo, name="call_undo"),
    path("campaigns/calls/<int:pk>/contact/", calls.call_contact, name="call_contact"),
    path("campaigns/calls/<int:pk>/note/", calls.call_note, name="call_note"),
    path("campaigns/calls/for/<int:pk>/", calls.call_open, name="call_open"),
]
