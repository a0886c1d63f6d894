"""Addresses of what customers find at home; one also stands behind the link of a letter."""

from __future__ import annotations

from django.urls import path

from certificates.views.home import calendar, colleagues, messages, order, preferences
from certificates.views.home.certificates import CertificatesPage
from certificates.visits import at_home, by_link

seen, changed = at_home("home.view"), at_home("home.edit")
urlpatterns = [
    path("home/", seen(CertificatesPage.as_view()), name="home"),
    path("home/orders/<int:pk>/", seen(order.home_order), name="home_order"),
    path("home/orders/<int:pk>/benefits/", changed(order.home_benefit), name="home_benefit"),
    path("home/certificates/<int:pk>/download/<slug:fmt>/", seen(order.home_download), name="home_download"),
    path("home/messages/", seen(messages.MessagesPage.as_view()), name="home_messages"),
    path("home/messages/<int:pk>/", seen(messages.home_message), name="home_message"),
    path("home/colleagues/", seen(colleagues.home_colleagues), name="home_colleagues"),
    path("home/colleagues/new/", changed(colleagues.home_colleague_new), name="home_colleague_new"),
    path("home/colleagues/<int:pk>/", changed(colleagues.home_colleague), name="home_colleague"),
    path("home/colleagues/<int:pk>/invite/", changed(colleagues.home_colleague_invite), name="home_colleague_invite"),
    path("home/people/<int:pk>/end/", changed(colleagues.home_colleague_end), name="home_colleague_end"),
    path("home/preferences/", changed(preferences.preferences_page), name="home_preferences"),
    path("r/<slug:handle>/preferences/", by_link(preferences.preferences_page), name="link_preferences"),
    path("home/preferences/calendar/", changed(calendar.home_calendar), name="home_calendar"),
    path("home/preferences/calendar/end/", changed(calendar.home_calendar_end), name="home_calendar_end"),
    path("calendar/<str:token>.ics", calendar.calendar, name="calendar"),
]
