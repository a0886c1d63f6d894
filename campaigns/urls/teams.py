"""Addresses of messages to the partner's own team."""

from __future__ import annotations

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
