"""Orders and certificates from files: read calmly, staged, applied set by set; the same file twice changes nothing."""

from certificates.services.imports.apply import ImportReport, Watch, import_orders
from certificates.services.imports.reading import ColumnsMissing, OrderFile, open_orders
from certificates.services.imports.records import (
    EndSource,
    Holder,
    Issued,
    LineWarning,
    OrderRecord,
    Person,
    Rejection,
    known_end,
)

__all__ = [
    "ColumnsMissing",
    "EndSource",
    "Holder",
    "ImportReport",
    "Issued",
    "LineWarning",
    "OrderFile",
    "OrderRecord",
    "Person",
    "Rejection",
    "Watch",
    "import_orders",
    "known_end",
    "open_orders",
]
