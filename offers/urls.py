"""Addresses of offers."""

from __future__ import annotations

from django.urls import path

from offers.views import advice, embed, ordering, public, reissuing, renewing, verifying

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
    path("q/<slug:handle>/", public.show, name="public_quote"),
    path("q/<slug:handle>/accept/", public.accept, name="public_quote_accept"),
    path("q/<slug:handle>/decline/", public.decline, name="public_quote_decline"),
    path("q/<slug:handle>/change/", public.change, name="public_quote_change"),
    path("q/<slug:handle>/again/", public.again, name="public_quote_again"),
    path("q/<slug:handle>/quote.pdf", public.pdf, name="public_quote_pdf"),
    path("verify/", verifying.verify_quote, name="verify_quote"),
]
