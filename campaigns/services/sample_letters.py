"""A letter sent to whoever writes it: a real one, marked as a test."""

from __future__ import annotations

import re
from datetime import datetime
from uuid import uuid4

from django.utils.html import format_html
from django.utils.translation import gettext as _

from portal.codes import new_code
from portal.mail import outbox
from portal.mail.letters import Words
from portal.models import OutgoingMail, Partner, User
from portal.models.mail import MailPurpose

_BODY = re.compile(r"<body\b[^>]*>", re.IGNORECASE)


def send_test(partner: Partner, words: Words, *, reader: User, now: datetime) -> OutgoingMail:
    """Queue the worked example for this person; its subject and its first line say that it is a test.

    It bears a code of its own, so that even this one can be verified.
    """
    code, mark = new_code(), _("This is a test: the customer in it is invented, and its links lead nowhere.")
    text, html = (part.replace(words.code, code) if words.code else part for part in (words.text, words.html))
    marked = Words(
        subject=_("Test: %(subject)s") % {"subject": words.subject},
        text=f"{mark}\n\n{text}",
        html=_marked(html, mark),
        code=code,
    )
    return outbox.enqueue(
        key=f"letter-test:{partner.pk}:{uuid4().hex}",
        partner=partner,
        purpose=MailPurpose.SERVICE,
        to_email=reader.email,
        to_name=reader.get_full_name(),
        words=marked,
        now=now,
    )


def _marked(html: str, mark: str) -> str:
    line = format_html('<p style="margin:0;padding:12px;text-align:center;font-family:sans-serif">{}</p>', mark)
    return _BODY.sub(lambda body: body[0] + line, html, count=1)
