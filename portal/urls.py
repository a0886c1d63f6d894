"""Every address of the portal, app by app; upper apps are named as strings."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from portal.views import brand, health, preferences

ground = [
    path("livez", health.livez, name="livez"),
    path("readyz", health.readyz, name="readyz"),
    path("brand/<slug:slug>.css", brand.stylesheet, name="brand_css"),
    path("preferences/", preferences.change, name="preferences"),
    path("preferences/partner/", preferences.switch_partner, name="switch_partner"),
]

urlpatterns = [
    path("", include((ground, "portal"))),
    path("accounts/", include("portal.account_urls")),
    path("backoffice/", admin.site.urls),
    path("", include("certificates.urls")),
    path("", include("offers.urls")),
    path("", include("campaigns.urls")),
]
