"""The one error of this room: a code for the page's sentence, and an English reason without the input."""

from enum import StrEnum


class Code(StrEnum):
    """Why something was refused; views and imports choose their sentence by it."""

    TOO_LARGE = "too_large"
    PRIVATE_KEY = "private_key"
    NOT_A_CSR = "not_a_csr"
    BAD_SIGNATURE = "bad_signature"
    WEAK_KEY = "weak_key"
    BAD_NAME = "bad_name"
    TOO_MANY_NAMES = "too_many_names"
    NOT_A_CERTIFICATE = "not_a_certificate"
    TOO_MANY_CERTIFICATES = "too_many_certificates"


class BadRequest(Exception):
    """What was handed in is refused; `reason` never repeats it, except a host name for BAD_NAME."""

    def __init__(self, code: Code, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
