"""Django's SMTP connection, which also tells whether a letter may have arrived when the line went dead."""

from __future__ import annotations

import smtplib
from typing import Any

from django.core.mail.backends import smtp


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
