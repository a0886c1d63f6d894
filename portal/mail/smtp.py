"""Django's SMTP connection, which also tells whether a letter may have arrived when the line went dead."""

from __future__ import annotations

import re
import smtplib
from email.utils import parseaddr
from typing import Any

from django.core.mail import EmailMessage
from django.core.mail.backends import smtp
from django.core.mail.message import sanitize_address

from portal.mail.mime import Letter

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_ADDRESS = rf"{_ATOM}(?:\.{_ATOM})*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*"
# "a@b.example", or with a name before it in which nothing else can hide
_PLAIN = re.compile(rf"""({_ADDRESS})|(?:"[^"\\<>@\r\n]*"|[\w '&/.-]*) ?<({_ADDRESS})>""")


class AnswerLost(smtplib.SMTPException):
    """The letter's text was on its way and no answer came: it may have arrived, or not."""


class _KeepsAccount:
    """Turns a dead line into AnswerLost once the text of a letter has been offered."""

    def data(self, msg: Any) -> tuple[int, bytes]:
        try:
            return super().data(msg)  # type: ignore[misc, no-any-return]
        except smtplib.SMTPResponseException:
            raise  # an answer, if a refusal
        except (smtplib.SMTPServerDisconnected, OSError) as lost:
            raise AnswerLost(str(lost)) from lost


class _Plain(_KeepsAccount, smtplib.SMTP):
    pass


class _Wrapped(_KeepsAccount, smtplib.SMTP_SSL):
    pass


class EmailBackend(smtp.EmailBackend):
    """What EMAIL_URL's smtp addresses use."""

    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        return _Wrapped if self.use_ssl else _Plain

    # Django's own; were it called otherwise one day, letters would leave as before, only slower
    def _send(self, message: EmailMessage) -> bool:
        if not isinstance(message, Letter) or self.connection is None or self.fail_silently:
            return bool(super()._send(message))  # type: ignore[misc]
        readers = [bare(address) for address in message.recipients()]
        self.connection.sendmail(bare(message.from_email), readers, message.message().content)
        return True


def bare(address: str) -> str:
    """The address for the envelope. Django parses each one anew, which costs nearly as much as to build the letter.

    Raises ValueError where it is not one address.
    """
    found = _PLAIN.fullmatch(address)
    return found[1] or found[2] if found else parseaddr(sanitize_address(address, "utf-8"))[1]
