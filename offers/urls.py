"""Addresses of offers."""

from __future__ import annotations

from django.urls import URLPattern

app_name = "offers"
urlpatterns: list[URLPattern] = []
