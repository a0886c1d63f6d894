"""Addresses of the touchpoint calendar."""

from __future__ import annotations

from django.urls import URLPattern, path

from campaigns.views.calendar import deeds, editor, pages

urlpatterns: list[URLPattern] = [
    path("campaigns/calendar/", pages.calendar, name="calendar"),
    path("campaigns/calendar/start/", deeds.calendar_start, name="calendar_start"),
    path("campaigns/calendar/new/", editor.calendar_new, name="calendar_new"),
    path("campaigns/calendar/preview/", editor.calendar_preview, name="calendar_preview"),
    path("campaigns/calendar/<int:pk>/", pages.calendar_one, name="calendar_one"),
    path("campaigns/calendar/<int:pk>/edit/", editor.calendar_edit, name="calendar_edit"),
    path("campaigns/calendar/<int:pk>/copy/", deeds.calendar_copy, name="calendar_copy"),
    path("campaigns/calendar/<int:pk>/switch/", deeds.calendar_switch, name="calendar_switch"),
    path("campaigns/calendar/<int:pk>/move/", deeds.calendar_move, name="calendar_move"),
    path("campaigns/calendar/<int:pk>/undo/", deeds.calendar_undo, name="calendar_undo"),
    path("campaigns/calendar/<int:pk>/delete/", deeds.calendar_delete, name="calendar_delete"),
]
