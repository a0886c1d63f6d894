"""The connection to the mail server, and a letter as it is handed over."""

from __future__ import annotations

import smtplib
from email.utils import formataddr

import structlog
from django.conf import settings
from django.core.mail import EmailMessage, get_connection

from portal.mail import returns
from portal.mail.mime import Letter
from portal.models import OutgoingMail

log = structlog.get_logger(__name__)


class NoRecipient(Exception):
    """The letter names nobody: Django would pass over it without a word."""


class Unreachable(Exception):
    """The mail server does not answer; no letter is to blame."""


class Line:
    """A connection to the mail server, of the kind that EMAIL_BACKEND names; opened again after it was lost."""

    def __init__(self) -> None:
        self.connection = get_connection()

    def open(self) -> None:
        """Raises Unreachable."""
        try:
            self.connection.open()
        except OSError as error:
            raise Unreachable(str(error)) from error

    def send(self, message: EmailMessage) -> None:
        self.connection.send_messages([message])

    def drop(self) -> None:
        self.close()
        self.connection = get_connection()

    def close(self) -> None:
        try:
            self.connection.close()
        except smtplib.SMTPException as error:
            log.info("mail_line_closed_badly", error=str(error))


def message_of(letter: OutgoingMail) -> EmailMessage:
    """The letter as Django sends it; no automatic reply is wanted. Raises NoRecipient, and what bad headers raise."""
    if not letter.to_email:
        raise NoRecipient
    author = letter.from_email or settings.DEFAULT_FROM_EMAIL
    headers = {"Auto-Submitted": "auto-generated", **letter.headers, "Message-ID": letter.message_id}
    back = returns.address_for(letter)
    if back:
        # what Django takes for the sender of the envelope, and the header for the one that is read
        headers["From"] = author
    message = Letter(
        subject=letter.subject,
        body=letter.text,
        from_email=back or author,
        to=[formataddr((letter.to_name, letter.to_email))],
        reply_to=[letter.reply_to] if letter.reply_to else None,
        headers=headers,
    )
    # providers give it back with what they tell of the letter
    message.metadata = {"letter": returns.token_for(letter)}  # type: ignore[attr-defined]
    if letter.html:
        message.attach_alternative(letter.html, "text/html")
    return message
