"""A contact whose address does not exist is marked, so that somebody asks for another one."""

from __future__ import annotations

from certificates.models import Contact
from certificates.states import EmailState
from portal import activities
from portal.mail.bounces import Bounce


def note_bounce(bounce: Bounce) -> None:
    """Mark every contact of the partner under this address; a contact that is marked already stays as it is."""
    contacts = Contact.objects.for_partner(bounce.partner).filter(email__iexact=bounce.email)
    fresh = list(contacts.exclude(email_state=EmailState.BOUNCED))
    contacts.filter(pk__in=[contact.pk for contact in fresh]).update(
        email_state=EmailState.BOUNCED, email_state_reason=bounce.detail[:255], email_state_at=bounce.at
    )
    activities.record_each("contact.bounced", fresh, at=bounce.at, reason=bounce.detail[:255])
