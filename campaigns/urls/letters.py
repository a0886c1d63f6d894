"""Addresses of letters and their gallery."""

from __future__ import annotations

from django.urls import URLPattern, path

from campaigns.views import guides
from campaigns.views.letters import deeds, editor, gallery, listing, pictures

urlpatterns: list[URLPattern] = [
    path("campaigns/letters/", listing.letters, name="letters"),
    path("campaigns/letters/gallery/", gallery.gallery, name="gallery"),
    path("campaigns/letters/versions/<int:pk>/use/", deeds.letter_use, name="letter_use"),
    path("campaigns/letters/<slug:key>/copy/", deeds.letter_copy, name="letter_copy"),
    path("campaigns/letters/<slug:key>/archive/", deeds.letter_archive, name="letter_archive"),
    path("campaigns/letters/<slug:key>/restore/", deeds.letter_restore, name="letter_restore"),
    path("campaigns/letters/<slug:key>/<slug:language>/", editor.letter, name="letter"),
    path("campaigns/letters/<slug:key>/<slug:language>/check/", editor.letter_check, name="letter_check"),
    path("campaigns/letters/<slug:key>/<slug:language>/preview/", gallery.letter_preview, name="letter_preview"),
    path("campaigns/letters/<slug:key>/<slug:language>/stop/", deeds.letter_stop, name="letter_stop"),
    path("w/guides/<slug:server>/<slug:language>.png", guides.guide_picture, name="guide_picture"),
    path("w/<str:code>/warning.png", pictures.warning_picture, name="warning_picture"),
]
