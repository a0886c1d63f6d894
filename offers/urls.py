"""Addresses of offers."""

from __future__ import annotations

from django.urls import path

from offers.views import advice, embed, ordering, reissuing, renewing

app_name = "offers"
urlpatterns = [
    path("orders/<int:pk>/renew/", renewing.renew, name="renew"),
    path("orders/<int:pk>/reissue/", reissuing.reissue, name="reissue"),
    path("request/", ordering.request_certificate, name="request_certificate"),
    path("products/", advice.products, name="products"),
    path("products/choose/", advice.choose, name="choose"),
    path("offers/embed/", embed.embed, name="embed"),
    path("offers/embed/preview/", embed.embed_preview, name="embed_preview"),
    path("embed/<slug:slug>/choose/", embed.embedded, name="embedded"),
]
