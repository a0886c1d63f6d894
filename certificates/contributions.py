"""What certificates adds to the portal: its entries, search sources, words, and an ear for bounces."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from certificates import deeds, panels
from certificates.badges import badge
from certificates.search import sources
from certificates.services import calendars
from certificates.services.bounces import note_bounce
from portal.contributions import (
    ActivityWords,
    NavigationEntry,
    SearchSource,
    activity_words,
    navigation,
    searches,
)
from portal.mail.bounces import on_bounce

on_bounce.add(note_bounce)
panels.register()
activity_words.add(ActivityWords(frozenset(deeds.DEEDS), deeds.describe))

calendars.register()

searches.add(
    SearchSource(_("Customers"), 10, sources.find_customers, sources.all_customers),
    SearchSource(_("Contacts"), 20, sources.find_contacts),
    SearchSource(_("Orders"), 30, sources.find_orders, sources.all_orders),
    SearchSource(_("Certificates by serial number"), 40, sources.find_certificates),
)

_SOLD, _PEOPLE = "certificates", "customers"
navigation.add(
    NavigationEntry("", _("Dashboard"), "certificates:dashboard", "dashboard.view", "grid-1x2", 10),
    NavigationEntry("", _("Certificates"), "certificates:home", "home.view", "shield-check", 10),
    NavigationEntry("", _("Messages"), "certificates:home_messages", "home.view", "envelope", 30),
    NavigationEntry("", _("Colleagues"), "certificates:home_colleagues", "home.view", "people", 40),
    NavigationEntry("", _("Preferences"), "certificates:home_preferences", "home.edit", "sliders", 50),
    NavigationEntry(_SOLD, _("Orders"), "certificates:orders", "orders.view", "file-earmark-lock", 10),
    NavigationEntry(
        _SOLD, _("Requests"), "certificates:requests", "requests.view", "send", 20, badge=badge("requests")
    ),
    NavigationEntry(_SOLD, _("Domains"), "certificates:domains", "domains.view", "globe2", 30),
    NavigationEntry(
        _SOLD,
        _("Organisations"),
        "certificates:organizations",
        "organizations.view",
        "building-check",
        40,
        badge=badge("organizations"),
    ),
    NavigationEntry(
        _SOLD,
        pgettext_lazy("navigation", "Expiring certificates"),
        "certificates:expiring",
        "orders.view",
        "hourglass-split",
        50,
        badge=badge("expiring"),
    ),
    NavigationEntry(_SOLD, _("Certificate authority"), "certificates:authority", "authority.view", "patch-check", 90),
    NavigationEntry(_PEOPLE, _("Customers"), "certificates:customers", "customers.view", "people", 10),
    NavigationEntry("house", _("Import"), "certificates:imports", "imports.view", "upload", 10),
)
