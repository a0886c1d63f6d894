"""Addresses of quotes as the house sees them."""

from __future__ import annotations

from django.urls import path

from offers.views.quotes import batches, deeds, lists, making, page

urlpatterns = [
    path("quotes/", lists.QuotesPage.as_view(), name="quotes"),
    path("quotes/new/", making.quote_new, name="quote_new"),
    path("quotes/<int:pk>/", page.quote, name="quote"),
    path("quotes/<int:pk>/change/", deeds.quote_change, name="quote_change"),
    path("quotes/<int:pk>/figures/", deeds.quote_figures, name="quote_figures"),
    path("quotes/<int:pk>/discard/", deeds.quote_discard, name="quote_discard"),
    path("quotes/<int:pk>/resend/", deeds.quote_resend, name="quote_resend"),
    path("quotes/<int:pk>/link/", deeds.quote_link, name="quote_link"),
    path("quotes/<int:pk>/accept/", deeds.quote_accept, name="quote_accept"),
    path("quotes/<int:pk>/decline/", deeds.quote_decline, name="quote_decline"),
    path("quotes/<int:pk>/ask-change/", deeds.quote_ask_change, name="quote_ask_change"),
    path("quotes/<int:pk>/version/", deeds.quote_version, name="quote_version"),
    path("quotes/<int:pk>/withdraw/", deeds.quote_withdraw, name="quote_withdraw"),
    path("quotes/<int:pk>/quote.pdf", deeds.quote_pdf, name="quote_pdf"),
    path("quotes/<int:pk>/redraw/", deeds.quote_redraw, name="quote_redraw"),
    path("quotes/batches/<int:pk>/", batches.quote_batch, name="quote_batch"),
    path("quotes/batches/<int:pk>/progress/", batches.quote_batch_progress, name="quote_batch_progress"),
    path("quotes/batches/<int:pk>/cancel/", batches.quote_batch_cancel, name="quote_batch_cancel"),
    path("quotes/batches/<int:pk>/retry/", batches.quote_batch_retry, name="quote_batch_retry"),
    path("quotes/batches/<int:pk>/quotes.zip", batches.quote_batch_archive, name="quote_batch_archive"),
]
