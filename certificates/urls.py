"""Addresses of certificates."""

from __future__ import annotations

from django.urls import path

from certificates.views import publishing

app_name = "certificates"
urlpatterns = [
    path("sandbox-ca/ocsp", publishing.ocsp, name="ocsp"),
    path("sandbox-ca/ocsp/<path:encoded>", publishing.ocsp, name="ocsp_get"),
    path("sandbox-ca/<str:name>", publishing.published, name="published"),
]
