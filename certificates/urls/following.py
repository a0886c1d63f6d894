"""Addresses of what customers follow from the press to the server, each behind a renewal link and at home."""

from __future__ import annotations

from django.urls import path

from certificates.views.customer import following, guides, installing, seal
from certificates.visits import at_home, by_link

_LINK, _HOME = "r/<slug:handle>/requests/<int:pk>/", "home/requests/<int:pk>/"
_view, _edit = at_home("home.view"), at_home("home.edit")

urlpatterns = [
    path(_LINK, by_link(following.followed), name="link_request"),
    path(_HOME, _view(following.followed), name="home_request"),
    path(f"{_LINK}check/", by_link(following.recheck), name="link_request_recheck"),
    path(f"{_HOME}check/", _view(following.recheck), name="home_request_recheck"),
    path(f"{_LINK}download/<slug:fmt>/", by_link(installing.download), name="link_request_download"),
    path(f"{_HOME}download/<slug:fmt>/", _view(installing.download), name="home_request_download"),
    path(f"{_LINK}installed/", by_link(installing.installed), name="link_request_installed"),
    path(f"{_HOME}installed/", _edit(installing.installed), name="home_request_installed"),
    path(f"{_LINK}look/", by_link(installing.look), name="link_request_look"),
    path(f"{_HOME}look/", _view(installing.look), name="home_request_look"),
    path("r/<slug:handle>/guides/<slug:server>/", by_link(guides.guide), name="link_guide"),
    path("home/guides/<slug:server>/", _view(guides.guide), name="home_guide"),
    path("seal/<str:code>.svg", seal.seal, name="seal"),
]
