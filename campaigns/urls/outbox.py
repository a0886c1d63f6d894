"""Addresses of the outbox, and why something was or was not sent."""

from __future__ import annotations

from django.urls import path

from campaigns.views import notices, outbox, why

urlpatterns = [
    path("campaigns/outbox/", outbox.OutboxPage.as_view(), name="outbox"),
    path("campaigns/outbox/bulk/", outbox.OutboxBulk.as_view(), name="outbox_bulk"),
    path("campaigns/outbox/undo/<str:token>/", outbox.outbox_undo, name="outbox_undo"),
    path("campaigns/outbox/<int:pk>/", notices.notice, name="notice"),
    path("campaigns/outbox/<int:pk>/deed/", outbox.notice_deed, name="notice_deed"),
    path("campaigns/outbox/<int:pk>/letter/", notices.notice_letter, name="notice_letter"),
    path("campaigns/why/<int:pk>/", why.why, name="why"),
]
