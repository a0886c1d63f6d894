"""Staff let a customer's contact in: a letter with a link that signs in, asked for on the telephone."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from certificates.models import Contact
from certificates.services import colleagues
from certificates.services.colleagues import NobodyToWrite, ShutOut
from portal import clock
from portal.access import PartnerRequest, requires
from portal.services.people import BelongsElsewhere


@requires("contacts.let_in")
@require_POST
def contact_sign_in(request: PartnerRequest, pk: int) -> HttpResponse:
    """Send the letter, or say why not."""
    rows = Contact.objects.for_partner(request.partner).select_related("partner", "customer")
    contact = get_object_or_404(rows, pk=pk)
    try:
        colleagues.send_sign_in_link(contact, actor=request.user, now=clock.now())
    except (NobodyToWrite, BelongsElsewhere, ShutOut) as refused:
        messages.error(request, _refusal(refused) % {"email": contact.email or str(contact)})
    else:
        words = _("A sign-in link is on its way to %(email)s. It lets in once, within a day.")
        messages.success(request, words % {"email": contact.email})
    return redirect("certificates:customer", pk=contact.customer_id)


def _refusal(refused: Exception) -> str:
    match refused:
        case NobodyToWrite():
            return _("%(email)s has no e-mail address, so nothing was sent.")
        case ShutOut():
            return _("%(email)s was shut out, so nothing was sent. One of their colleagues can let them in again.")
    return _("%(email)s signs in for somebody else here, so nothing was sent. Write to another address of theirs.")
