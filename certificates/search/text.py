"""Words as the search keeps and compares them: “boreal” finds “Boréal”, “münchen” finds “xn--mnchen-3ya”."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from certificates.x509.names import display_name

SHORTEST_SEARCH = 2
_SHORTEST_SERIAL, _SHORTEST_PHONE = 6, 3
# Letters that carry a stroke or join two letters, which Unicode does not take apart.
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "þ": "th"})
_PHONE = re.compile(r"\(?\+?[\d\s().,/-]+")
# A number written for callers from abroad begins with "+" or "00" and the country code (ITU-T E.164).
_ABROAD = re.compile(r"\(?(?:\+|00)\s*")
_COUNTRY = re.compile(r"1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|\d{3}")
_SERIAL = re.compile(r"[0-9A-F]+")


def fold(text: str) -> str:
    """Lower case without accents: "Boréal Straße" -> "boreal strasse"."""
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


def words(text: str) -> tuple[str, ...]:
    """What somebody typed, word by word, as it is compared with what is kept."""
    return tuple(fold(text.replace("\x00", " ")).split())


def index_text(*parts: str) -> str:
    """What a search column keeps: each word once, after a space, so that beginnings of words can be asked for."""
    return "".join(f" {word}" for word in dict.fromkeys(words(" ".join(parts))))


def order_text(*, number: str, names: Iterable[str], customer: str, references: Iterable[str] = ()) -> str:
    """An order is found by its number, its host names as carried and as read, its customer and its references."""
    hosts = list(names)
    return index_text(number, *hosts, *map(display_name, hosts), customer, *references)


def customer_text(*, name: str, number: str = "", city: str = "", others: Iterable[str] = ()) -> str:
    """A customer is found by name, number and city; `others` are its domains and what its contacts are found by."""
    return index_text(name, number, city, *others)


def contact_text(*, name: str, email: str, phone: str) -> str:
    """A contact is found by name, address, or telephone number, however that is written."""
    return index_text(name, email, digits_of(phone))


def digits_of(phone: str) -> str:
    """Only the digits: "+33 4 00 27" -> "3340027"."""
    return "".join(digit for digit in phone if digit.isdecimal() and digit.isascii())


def phone_needle(text: str) -> str:
    """The digits that every way of writing a telephone number has in common, or nothing where the text is none.

    "04 00 27", "400 27" and "+33 4 00 27" are "40027", which both "+33 4 00 27 53 64" and "04 00 27 53 64" hold.
    """
    text = text.strip()
    if not _PHONE.fullmatch(text):
        return ""
    digits = digits_of(text).lstrip("0")
    national = _COUNTRY.sub("", digits, count=1).lstrip("0") if _ABROAD.match(text) else digits
    return next((needle for needle in (national, digits) if len(needle) >= _SHORTEST_PHONE), "")


def serial_needle(text: str) -> str:
    """The beginning of a serial number as certificates keep it, or nothing: "0a:1b 2c:3d" -> "A1B2C3D"."""
    joined = re.sub(r"[\s:-]", "", text).upper()
    digits = joined.removeprefix("0X").lstrip("0")
    return digits if len(digits) >= _SHORTEST_SERIAL and _SERIAL.fullmatch(digits) else ""
