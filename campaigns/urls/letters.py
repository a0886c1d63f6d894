"""Addresses of letters and their gallery."""

from __future__ import annotations

from django.urls import URLPattern, path

from campaigns.views.letters import pictures

urlpatterns: list[URLPattern] = [
    path("w/<str:code>/warning.png", pictures.warning_picture, name="warning_picture"),
]
