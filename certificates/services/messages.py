"""What was written to one reader: letters that were sent, without codes, tokens or anything that opens something."""

from __future__ import annotations

import re

from django.db.models import QuerySet
from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from portal.models import OutgoingMail, Partner
from portal.models.mail import MailPurpose, MailState

# An address with its path, wherever it stands; a token in it would open what it opened in the letter.
_LINK = re.compile(r"(?:https?://|www\.)[^\s<>\"]+", re.IGNORECASE)


def letters_to(email: str, *, partner: Partner) -> QuerySet[OutgoingMail]:
    """What the partner has sent to this address; letters that let somebody sign in are no messages."""
    sent = OutgoingMail.objects.for_partner(partner).alias(reader=Lower("to_email")).filter(reader=email.lower())
    return sent.filter(state=MailState.SENT, sent_at__isnull=False).exclude(purpose=MailPurpose.SIGN_IN)


def readable(letter: OutgoingMail) -> str:
    """The words of the letter; where a link stood, it says so."""
    return _LINK.sub(_("[the link in your letter]"), letter.text)
