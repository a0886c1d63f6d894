"""Addresses of customers' pages: each one behind a renewal link, and at home."""

from __future__ import annotations

from django.urls import path

from certificates.visits import at_home, by_link
from offers.views.customer import advice, due, keys, quotes, reissuing, renewing

urlpatterns = [
    path("r/<slug:handle>/", by_link(due.due), name="link_due"),
    path("home/renew/", at_home("home.renew")(due.due), name="home_due"),
    path("r/<slug:handle>/orders/<int:pk>/", by_link(renewing.renew), name="link_renew"),
    path("home/orders/<int:pk>/renew/", at_home("home.renew")(renewing.renew), name="home_renew"),
    path("r/<slug:handle>/orders/<int:pk>/advice/", by_link(advice.advice), name="link_advice"),
    path("home/orders/<int:pk>/renew/advice/", at_home("home.renew")(advice.advice), name="home_advice"),
    path("r/<slug:handle>/requests/<int:pk>/key/", by_link(keys.key), name="link_key"),
    path("home/requests/<int:pk>/key/", at_home("home.renew")(keys.key), name="home_key"),
    path("r/<slug:handle>/orders/<int:pk>/reissue/", by_link(reissuing.reissue), name="link_reissue"),
    path("home/orders/<int:pk>/reissue/", at_home("home.renew")(reissuing.reissue), name="home_reissue"),
    path("home/quotes/", at_home("home.view")(quotes.HomeQuotesPage.as_view()), name="home_quotes"),
    path("home/quotes/<int:pk>/open/", at_home("home.view")(quotes.home_quote), name="home_quote"),
    path("home/quotes/<int:pk>/quote.pdf", at_home("home.view")(quotes.home_quote_pdf), name="home_quote_pdf"),
]
