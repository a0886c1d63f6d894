"""An upload is cut off a little beyond the largest file we take."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile, UploadedFile
from django.test import RequestFactory


def received(data: bytes) -> int:
    """How much of an upload is kept."""
    request = RequestFactory().post("/", {"file": SimpleUploadedFile("orders.csv", data)})
    file = request.FILES["file"]
    assert isinstance(file, UploadedFile)
    return len(file.read())


def test_file_within_the_limit_is_whole(settings: Any) -> None:
    settings.IMPORT_MAX_BYTES = 200_000

    assert received(b"x" * 200_000) == 200_000


def test_file_beyond_the_limit_is_cut_off_beyond_it(settings: Any) -> None:
    settings.IMPORT_MAX_BYTES = 100_000

    assert 100_000 < received(b"x" * 5_000_000) < 400_000
