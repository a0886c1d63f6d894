"""What went wrong at the interface of a mail provider, read off the errors of django-anymail.

That is an extra which most houses do without: its errors are only looked for where it is installed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

# Of what it says of a letter's reader: there is no such address.
_INVALID = "invalid"


@dataclass(frozen=True, slots=True)
class Failure:
    """`status` is the answer's, of HTTP, and 0 where none came; `words` are the provider's or the library's.

    `is_unreached`: certainly nothing was handed over. `about_reader`: the provider does not want this reader's address,
    because there is none such where `is_invalid`.
    """

    words: str
    status: int = 0
    is_unreached: bool = False
    about_reader: bool = False
    is_invalid: bool = False


def failure_of(error: Exception) -> Failure | None:
    """None for whatever has nothing to do with a provider, or does not come from there."""
    try:
        from anymail import exceptions
        from requests import RequestException
    except ImportError:
        return None
    if isinstance(error, exceptions.AnymailRecipientsRefused):
        return _of_reader(error)
    if isinstance(error, (exceptions.AnymailAPIError, RequestException)):
        return Failure(_one_line(str(error)), status=_status(error), is_unreached=_is_unreached(error))
    return None


def _of_reader(error: Any) -> Failure:
    told: Any = getattr(error.email_message, "anymail_status", None)
    is_invalid = getattr(told, "status", None) == {_INVALID}
    said = getattr(error.response, "text", "")
    return Failure(_one_line(f"{error} {said}"), status=_status(error), about_reader=True, is_invalid=is_invalid)


def _status(error: Any) -> int:
    # a response is falsy where it is a refusal
    known = getattr(error, "response", None)
    return int(getattr(known, "status_code", 0) or 0)


def _is_unreached(error: Exception) -> bool:
    """Any other line may have gone dead after the letter had got through."""
    from requests import exceptions
    from urllib3.exceptions import NewConnectionError

    before = (exceptions.ConnectTimeout, exceptions.SSLError, exceptions.ProxyError)
    misdirected = (exceptions.InvalidURL, exceptions.InvalidSchema, exceptions.MissingSchema)
    # django-anymail's error has that of requests for its cause, which holds that of urllib3
    original = error.__cause__ or error
    inner = original.args[0] if original.args else None
    return isinstance(error, (*before, *misdirected)) or isinstance(getattr(inner, "reason", None), NewConnectionError)


def _one_line(words: str) -> str:
    return " ".join(words.replace("\x00", " ").split())[:500]
