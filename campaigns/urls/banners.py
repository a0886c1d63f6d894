"""Addresses of banners: the house's, and those that other websites show."""

from __future__ import annotations

from django.urls import path

from campaigns.views import banners

urlpatterns = [
    path("campaigns/banners/", banners.gallery, name="banners"),
    path("campaigns/banners/designs/<slug:design>/<slug:size>/", banners.banner_sample, name="banner_sample"),
    path("campaigns/banners/new/", banners.banner_new, name="banner_new"),
    path("campaigns/banners/<int:pk>/", banners.banner_page, name="banner"),
    path("campaigns/banners/<int:pk>/edit/", banners.banner_edit, name="banner_edit"),
    path("campaigns/banners/<int:pk>/preview/", banners.banner_preview, name="banner_preview"),
    path("campaigns/banners/<int:pk>/switch/", banners.banner_switch, name="banner_switch"),
    path("embed/banners/<slug:public_key>/", banners.shown, name="banner_shown"),
    path("embed/banners/<slug:public_key>.png", banners.picture, name="banner_picture"),
]
