"""The address at the foot of letters."""

from __future__ import annotations

from django.urls import path

from campaigns.views.unsubscribing import unsubscribe

urlpatterns = [path("u/<str:token>/", unsubscribe, name="unsubscribe")]
