"""Host names as the certificate carries them (lower-case A-labels) and as people read them (U-labels)."""

import re
from collections.abc import Iterable

import idna

from certificates.x509.errors import BadRequest, Code

MAX_NAMES = 250
MAX_NAME_LENGTH = 253
_SHOWN = 80
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
_DOTS = re.compile("[。.。]")


def is_wildcard(name: str) -> bool:
    """Whether the name stands for every host one label below it."""
    return name.startswith("*.")


def normalise_name(name: str) -> str:
    """The name as a certificate carries it: lower-case A-labels, `*.` kept; raises BadRequest(BAD_NAME).

    Refused are addresses, single labels, underscores, wildcards elsewhere than leftmost, and labels or
    names over the limits of RFC 1035 (63 and 253 octets).
    """
    given = name.strip()
    if len(given) > MAX_NAME_LENGTH:
        raise _bad(given, "is too long")
    star, host = ("*.", given[2:]) if is_wildcard(given) else ("", given)
    host = _a_labels(_DOTS.sub(".", host).removesuffix("."), given)
    _check_labels(host, given)
    if len(star + host) > MAX_NAME_LENGTH:
        raise _bad(given, "is too long")
    return star + host


def normalise_names(names: Iterable[str], limit: int = MAX_NAMES) -> tuple[str, ...]:
    """Each name once, normalised, in the order given; raises BadRequest (BAD_NAME, TOO_MANY_NAMES)."""
    found: dict[str, None] = {}
    for name in names:
        found[normalise_name(name)] = None
        if len(found) > limit:
            raise BadRequest(Code.TOO_MANY_NAMES, f"more than {limit} names")
    return tuple(found)


def display_name(name: str) -> str:
    """The name as people read it; a label that is no valid IDN stays as it is."""
    return ".".join(_u_label(label) for label in name.split("."))


def _a_labels(host: str, given: str) -> str:
    if host.isascii():
        return host.lower()
    try:
        return idna.encode(host, uts46=True, std3_rules=True).decode("ascii")
    except (ValueError, IndexError):
        raise _bad(given, "is not a valid international name") from None


def _check_labels(host: str, given: str) -> None:
    labels = host.split(".")
    if len(labels) < 2:
        raise _bad(given, "is not a full host name")
    if labels[-1].isdigit():
        raise _bad(given, "is an address, not a host name")
    for label in labels:
        _check_label(label, given)


def _check_label(label: str, given: str) -> None:
    if not _LABEL.fullmatch(label):
        raise _bad(given, "holds a part that host names cannot have")
    if label[2:4] == "--" and not _is_a_label(label):
        raise _bad(given, "holds a part that is no valid international name")


def _is_a_label(label: str) -> bool:
    try:
        return idna.alabel(idna.ulabel(label)).decode("ascii") == label
    except (ValueError, IndexError):
        return False


def _u_label(label: str) -> str:
    if not label.startswith("xn--"):
        return label
    try:
        return idna.ulabel(label)
    except (ValueError, IndexError):
        return label


def _bad(given: str, reason: str) -> BadRequest:
    shown = "".join(character for character in given[:_SHOWN] if character.isprintable())
    return BadRequest(Code.BAD_NAME, f"“{shown}” {reason}")
