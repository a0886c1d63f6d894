"""What certificates adds to the portal: its entries, search sources and timelines."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from certificates.models import Request
from certificates.search import sources
from certificates.states import RequestState
from portal.contributions import NavigationEntry, SearchSource, navigation, searches
from portal.models import Membership

searches.add(
    SearchSource(_("Customers"), 10, sources.find_customers),
    SearchSource(_("Contacts"), 20, sources.find_contacts),
    SearchSource(_("Orders"), 30, sources.find_orders),
    SearchSource(_("Certificates by serial number"), 40, sources.find_certificates),
)


def _requests_to_act_on(membership: Membership) -> int:
    """Failed ones, and for those who may approve also what waits for them."""
    states = [RequestState.FAILED]
    if "requests.approve" in membership.permissions:
        states.append(RequestState.WAITING_APPROVAL)
    return Request.objects.for_partner(membership.partner).filter(state__in=states).count()


navigation.add(
    NavigationEntry(
        group="certificates",
        label=_("Requests"),
        url_name="certificates:requests",
        permission="requests.view",
        icon="send",
        order=20,
        badge=_requests_to_act_on,
    )
)
