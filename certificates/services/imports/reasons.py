"""Why a line, or a whole file, was not imported: stored as codes with their facts, said as sentences."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext_lazy as _

from certificates import x509
from certificates.remarks import Remark
from portal import csvio
from portal.quantities import size_of_file
from portal.types import StrOrPromise


class Reason(StrEnum):
    """Why one order is not taken over, beside what keeps its line from being read (`csvio.Fault`)."""

    MISSING = "missing"
    TOO_LONG = "too_long"
    BAD_DATE = "bad_date"
    BAD_NUMBER = "bad_number"
    BAD_CHOICE = "bad_choice"
    BAD_NAME = "bad_name"
    ENDS_BEFORE_START = "ends_before_start"
    NO_END = "no_end"
    NO_DATE = "no_date"
    SUPERSEDED = "superseded"


class Caution(StrEnum):
    """What was taken over, or passed over, with a remark, beside those that stay on the order (`Remark`)."""

    LEFT_OUT = "left_out"
    CA_CERTIFICATE = "ca_certificate"
    REPEATED = "repeated"


class Fault(StrEnum):
    """Why a whole run fails, beside what keeps a file from being read (`csvio.Refusal`)."""

    COLUMNS_MISSING = "columns_missing"
    FILE_GONE = "file_gone"
    NO_ROOM = "no_room"
    GAVE_UP = "gave_up"


_LINE_SENTENCES: Mapping[str, StrOrPromise] = {
    Reason.MISSING: _("“%(column)s” is empty, and an order cannot be recognised without it."),
    Reason.TOO_LONG: _("“%(column)s” is longer than can be kept: “%(value)s”."),
    Reason.BAD_DATE: _("“%(value)s” in “%(column)s” is not a date that can be read."),
    Reason.BAD_NUMBER: _("“%(value)s” in “%(column)s” is not a number that can be used."),
    Reason.BAD_CHOICE: _("“%(value)s” in “%(column)s” is neither yes nor no."),
    Reason.BAD_NAME: _("“%(value)s” in “%(column)s” is not a name that can be kept."),
    Reason.ENDS_BEFORE_START: _("It would end before it starts (%(value)s)."),
    Reason.NO_END: _("It is issued, and nothing says when it ends."),
    Reason.NO_DATE: _("Nothing says when it was ordered, starts or ends."),
    Reason.SUPERSEDED: _("Line %(value)s names the same order; the later line counts."),
    Caution.LEFT_OUT: _("“%(value)s” in “%(column)s” cannot be used and was left out."),
    Caution.CA_CERTIFICATE: _("This is the certificate of an authority and was passed over."),
    Caution.REPEATED: _("The same certificate stands in the file before."),
    Remark.UNKNOWN_PRODUCT: _("“%(value)s” is not in the catalogue; the order keeps this name."),
    Remark.UNKNOWN_STATUS: _("The status “%(value)s” is not known here; it is kept as it is."),
    Remark.EV_WILDCARD: Remark.EV_WILDCARD.label,
    csvio.Fault.BAD_QUOTES: _("A quotation mark is not closed, or stands where none can be."),
    csvio.Fault.CELL_TOO_LONG: _("A cell is longer than can be read."),
    csvio.Fault.WRONG_CELL_COUNT: _("The line has another number of cells than the header (%(value)s)."),
    csvio.Fault.NUL: _("The line holds a zero byte, which no text contains."),
    csvio.Fault.BAD_ENCODING: _("The line holds letters in another encoding than the rest of the file."),
    x509.Code.TOO_LARGE: _("The certificate is larger than can be read."),
    x509.Code.NOT_A_CERTIFICATE: _("This is not a certificate that can be read."),
    x509.Code.TOO_MANY_CERTIFICATES: _("The file holds more certificates than can be read at once; the rest was left."),
}

_FILE_SENTENCES: Mapping[str, StrOrPromise] = {
    csvio.Refusal.EMPTY: _("The file is empty."),
    # a table and a bundle of certificates are refused by the same code, each with its own limit
    csvio.Refusal.TOO_LARGE: _("The file is larger than %(size)s. Split it and import the parts."),
    csvio.Refusal.ARCHIVE: _(
        "This is an archive, an Excel workbook or a PDF. Open it and save the table as CSV, then choose that file."
    ),
    csvio.Refusal.NOT_TEXT: _("This is not a text file. Save the table as CSV, then choose that file."),
    csvio.Refusal.HEADER_UNREADABLE: _("The column names on line %(line)s cannot be read."),
    csvio.Refusal.DUPLICATE_COLUMN: _("Two columns are called “%(column)s”. Rename one of them."),
    csvio.Refusal.TOO_MANY_COLUMNS: _("The file has more than %(limit)s columns."),
    csvio.Refusal.TOO_MANY_ROWS: _("The file has more than %(limit)s orders. Split it and import the parts."),
    csvio.Refusal.LINE_TOO_LONG: _(
        "Line %(line)s has more than %(limit)s characters, so this is probably not a table of orders."
    ),
    csvio.Refusal.TOO_MANY_BAD_RECORDS: _(
        "More than %(limit)s lines up to line %(line)s cannot be read, so this is probably not a table of orders."
    ),
    x509.Code.PRIVATE_KEY: _(
        "The file holds a private key. It was not stored. Remove the key, and treat it as known to others."
    ),
    Fault.COLUMNS_MISSING: _("The file has no column for %(columns)s."),
    Fault.FILE_GONE: _("The uploaded file is no longer there. Upload it again."),
    Fault.NO_ROOM: _("There is no room to store the file. Tell whoever runs this portal, and try again later."),
    Fault.GAVE_UP: _("The import broke off several times. What was imported so far is kept; import the file again."),
    x509.Code.NOT_A_CERTIFICATE: _("No certificate was found in the file."),
}


def line_sentence(reason: Mapping[str, Any]) -> str:
    """The sentence of a stored reason, {"code", "column", "value"}; empty where there is none."""
    return _say(_LINE_SENTENCES, reason)


def file_sentence(fault: Mapping[str, Any]) -> str:
    """The sentence of what keeps a whole file from being imported, {"code"} and its facts."""
    return _say(_FILE_SENTENCES, {"size": size_of_file(fault.get("limit", x509.MAX_BUNDLE_BYTES)), **fault})


def _say(sentences: Mapping[str, StrOrPromise], stored: Mapping[str, Any]) -> str:
    sentence = sentences.get(stored.get("code", ""))
    return str(sentence) % {"column": "", "value": "", **stored} if sentence else ""
