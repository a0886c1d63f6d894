"""Addresses of console messages: the house's, and those on the customer's own pages."""

from __future__ import annotations

from django.urls import path

from campaigns.views import home_messages, messages
from certificates.visits import at_home

urlpatterns = [
    path("campaigns/messages/", messages.MessagesPage.as_view(), name="messages"),
    path("campaigns/messages/new/", messages.message_new, name="message_new"),
    path("campaigns/messages/<int:pk>/", messages.message, name="message"),
    path("campaigns/messages/<int:pk>/edit/", messages.message_edit, name="message_edit"),
    path("campaigns/messages/<int:pk>/withdraw/", messages.message_withdraw, name="message_withdraw"),
    path("campaigns/messages/<int:pk>/restore/", messages.message_restore, name="message_restore"),
    path("home/console/<slug:key>/read/", at_home("home.view")(home_messages.message_read), name="home_message_read"),
    path(
        "home/console/<slug:key>/dismiss/",
        at_home("home.view")(home_messages.message_dismiss),
        name="home_message_dismiss",
    ),
    path(
        "home/console/<slug:key>/again/", at_home("home.view")(home_messages.message_again), name="home_message_again"
    ),
]
