"""Every address of the portal, app by app; upper apps are named as strings."""

from __future__ import annotations

from django.urls import include, path

from portal.admin import site as backoffice
from portal.notices import Kind
from portal.views import (
    activity,
    brand,
    health,
    links,
    mail_events,
    mailbox,
    me,
    notices,
    people,
    preferences,
    sending,
    signing_in,
    verifying,
)
from portal.views import settings as house

ground = [
    path("livez", health.livez, name="livez"),
    path("readyz", health.readyz, name="readyz"),
    path("brand/<slug:slug>.css", brand.stylesheet, name="brand_css"),
    path("brand/<slug:slug>/logo.png", house.logo, name="logo"),
    path("settings/", house.settings, name="settings"),
    path("settings/colours/", house.colour_preview, name="colour_preview"),
    path("settings/people/", people.People.as_view(), name="people"),
    path("settings/people/invite/", people.invite, name="invite"),
    path("settings/people/<int:pk>/", people.person, name="person"),
    path("settings/people/<int:pk>/end/", people.deactivate, name="person_deactivate"),
    path("settings/people/<int:pk>/back/", people.reactivate, name="person_reactivate"),
    path("settings/people/<int:pk>/invite/", people.invite_again, name="person_invite_again"),
    path("settings/sending/", sending.sending, name="sending"),
    path("settings/sending/stop/", sending.hold, name="sending_hold"),
    path("settings/sending/<int:pk>/send/", sending.release, name="sending_release"),
    path("settings/sending/<int:pk>/drop/", sending.refuse, name="sending_refuse"),
    path("settings/activity/", activity.ActivityList.as_view(), name="activity"),
    path("me/", me.me, name="me"),
    path("mailbox/", mailbox.letters, name="mailbox"),
    path("mailbox/<str:key>/", mailbox.letter, name="mailbox_letter"),
    path("mailbox/<str:key>/html/", mailbox.letter_html, name="mailbox_html"),
    path("l/<str:token>/", links.open_link, name="open_link"),
    path("l/<slug:purpose>/<slug:handle>/seen/", links.seen, name="link_seen"),
    path("sign-in/<slug:handle>/", signing_in.sign_in_by_link, name="sign_in_by_link"),
    path("verify/", verifying.verify, name="verify"),
    path("legal/", notices.notice, {"kind": Kind.LEGAL}, name="legal"),
    path("privacy/", notices.notice, {"kind": Kind.PRIVACY}, name="privacy"),
    path("p/<slug:slug>/legal/", notices.notice, {"kind": Kind.LEGAL}, name="partner_legal"),
    path("p/<slug:slug>/privacy/", notices.notice, {"kind": Kind.PRIVACY}, name="partner_privacy"),
    path("preferences/", preferences.change, name="preferences"),
    path("preferences/partner/", preferences.switch_partner, name="switch_partner"),
]

urlpatterns = [
    path("", include((ground, "portal"))),
    path("accounts/", include("portal.account_urls")),
    path("backoffice/", backoffice.urls),
    path("mail/events/", include(mail_events.addresses())),
    path("", include("certificates.urls")),
    path("", include("offers.urls")),
    path("", include("campaigns.urls")),
]
