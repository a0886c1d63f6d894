"""What was written to one reader: letters that were sent, without codes, tokens or anything that opens something."""

from __future__ import annotations

import re
from collections.abc import Callable

from django.db.models import QuerySet
from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from portal.contributions import Slot
from portal.models import OutgoingMail, Partner
from portal.models.mail import MailPurpose, MailState

# An address with its path, wherever it stands; a token in it would open what it opened in the letter.
_LINK = re.compile(r"(?:https?://|www\.)[^\s<>\"]+", re.IGNORECASE)


def letters_to(email: str, *, partner: Partner) -> QuerySet[OutgoingMail]:
    """What the partner has sent to this address; letters that let somebody sign in are no messages."""
    sent = OutgoingMail.objects.for_partner(partner).alias(reader=Lower("to_email")).filter(reader=email.lower())
    return sent.filter(state=MailState.SENT, sent_at__isnull=False).exclude(purpose=MailPurpose.SIGN_IN)


# Letters that open something are emptied once they have left; apps above that keep what those said add find(letter).
copies: Slot[Callable[[OutgoingMail], str]] = Slot()


def readable(letter: OutgoingMail) -> str:
    """The words of the letter; where a link stood, it says so. Of some nothing is kept, and it says that."""
    said = letter.text or next(filter(None, (find(letter) for find in copies.items)), "")
    if not said:
        return _("This letter brought a link that opened something of yours, so its words were not kept.")
    return _LINK.sub(_("[the link in your letter]"), said)
