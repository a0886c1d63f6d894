"""Addresses of banners and their embedding."""

from __future__ import annotations

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
