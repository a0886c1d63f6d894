"""Addresses of offers."""

from __future__ import annotations

from django.urls import path

from offers.urls import customers as customer_urls
from offers.urls import prices as price_urls
from offers.urls import quotes as quote_urls
from offers.views.advice import embed, pages
from offers.views.checkout import keys, reissuing, renewing, request
from offers.views.offers import deeds, editor, lists, page
from offers.views.quotes import public

app_name = "offers"
urlpatterns = [
    path("orders/<int:pk>/renew/", renewing.renew, name="renew"),
    path("orders/<int:pk>/reissue/", reissuing.reissue, name="reissue"),
    path("request/", request.request_certificate, name="request_certificate"),
    path("requests/<int:pk>/key/", keys.key, name="key"),
    path("products/", pages.products, name="products"),
    path("products/choose/", pages.choose, name="choose"),
    path("offers/", lists.OffersPage.as_view(), name="offers"),
    path("offers/new/", editor.offer_new, name="offer_new"),
    path("offers/preview/", editor.offer_preview, name="offer_preview"),
    path("offers/<int:pk>/", page.OfferPage.as_view(), name="offer"),
    path("offers/<int:pk>/edit/", editor.offer_edit, name="offer_edit"),
    path("offers/<int:pk>/publish/", editor.offer_publish, name="offer_publish"),
    path("offers/<int:pk>/pause/", deeds.offer_pause, name="offer_pause"),
    path("offers/<int:pk>/resume/", deeds.offer_resume, name="offer_resume"),
    path("offers/<int:pk>/end/", deeds.offer_end, name="offer_end"),
    path("offers/<int:pk>/shorten/", deeds.offer_shorten, name="offer_shorten"),
    path("offers/<int:pk>/rename/", deeds.offer_rename, name="offer_rename"),
    path("offers/<int:pk>/copy/", deeds.offer_copy, name="offer_copy"),
    path("offers/<int:pk>/delete/", deeds.offer_delete, name="offer_delete"),
    path("offers/embed/", embed.embed, name="embed"),
    path("offers/embed/preview/", embed.embed_preview, name="embed_preview"),
    path("embed/<slug:slug>/choose/", embed.embedded, name="embedded"),
    path("q/<slug:handle>/", public.show, name="public_quote"),
    path("q/<slug:handle>/accept/", public.accept, name="public_quote_accept"),
    path("q/<slug:handle>/decline/", public.decline, name="public_quote_decline"),
    path("q/<slug:handle>/change/", public.change, name="public_quote_change"),
    path("q/<slug:handle>/again/", public.again, name="public_quote_again"),
    path("q/<slug:handle>/quote.pdf", public.pdf, name="public_quote_pdf"),
    *customer_urls.urlpatterns,
    *quote_urls.urlpatterns,
    *price_urls.urlpatterns,
]
