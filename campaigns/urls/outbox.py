"""Addresses of the outbox, and why something was or was not sent."""

from __future__ import annotations

from django.urls import path

from campaigns.views import events, notices, outbox, why

urlpatterns = [
    path("campaigns/outbox/", outbox.OutboxPage.as_view(), name="outbox"),
    path("campaigns/outbox/bulk/", outbox.OutboxBulk.as_view(), name="outbox_bulk"),
    path("campaigns/outbox/undo/<str:token>/", outbox.outbox_undo, name="outbox_undo"),
    path("campaigns/outbox/<int:pk>/", notices.notice, name="notice"),
    path("campaigns/outbox/<int:pk>/deed/", outbox.notice_deed, name="notice_deed"),
    path("campaigns/outbox/<int:pk>/letter/", notices.notice_letter, name="notice_letter"),
    path("campaigns/outbox/events/", events.EventLettersPage.as_view(), name="event_letters"),
    path("campaigns/outbox/events/<int:pk>/", events.event_letter, name="event_letter"),
    path("campaigns/outbox/events/<int:pk>/letter/", events.event_letter_words, name="event_letter_words"),
    path("campaigns/why/<int:pk>/", why.why, name="why"),
]
