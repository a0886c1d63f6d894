"""Addresses of the outbox, and why something was or was not sent."""

from __future__ import annotations

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
