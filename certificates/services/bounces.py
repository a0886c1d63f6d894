"""A contact whose address does not exist, or who complained, is marked, so that somebody speaks with them."""

from __future__ import annotations

from certificates.models import Contact
from certificates.states import EmailState
from portal import activities
from portal.mail.bounces import Bounce, Kind

_STATES = {Kind.BOUNCED: EmailState.BOUNCED, Kind.COMPLAINED: EmailState.COMPLAINED}


def note_bounce(bounce: Bounce) -> None:
    """Mark every contact of the partner under this address; a contact that is marked already stays as it is."""
    state = _STATES.get(bounce.kind)
    if state is None:  # unsubscribed: the address itself is well
        return
    contacts = Contact.objects.for_partner(bounce.partner).filter(email__iexact=bounce.email)
    fresh = list(contacts.exclude(email_state=state))
    contacts.filter(pk__in=[contact.pk for contact in fresh]).update(
        email_state=state, email_state_reason=bounce.detail[:255], email_state_at=bounce.at
    )
    activities.record_each(f"contact.{state}", fresh, at=bounce.at, reason=bounce.detail[:255])
