"""Uploads are cut off a little beyond the largest file we take, so that no disk fills while one is refused."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.files.uploadhandler import FileUploadHandler


class CappedUploads(FileUploadHandler):
    """Stands before the handlers that keep files; what it withholds they never see, nor count."""

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        # One piece too many is let through: whoever takes the file sees that it is too large.
        return raw_data if start <= settings.IMPORT_MAX_BYTES else None

    def file_complete(self, file_size: int) -> Any:
        """Leave the file to the next handler."""
        return None
