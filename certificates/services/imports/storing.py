"""Uploaded files on their way: under names of our own below the data folder, whole or not at all, gone when done."""

from __future__ import annotations

import os
import secrets
from collections.abc import Collection, Iterable
from datetime import datetime
from pathlib import Path

from django.conf import settings

from certificates.services.imports.reasons import Fault
from certificates.x509 import BadRequest, Code
from certificates.x509.pem import refuse_private_key
from portal.csvio import FileRefused, Refusal

# Longer than any mark of a key, so that one that is cut in two by the pieces of an upload is still seen.
_OVERLAP = 128


class NoRoom(Exception):
    """The data folder does not take the file: the disk is full, or may not be written."""

    code = Fault.NO_ROOM


def store(pieces: Iterable[bytes]) -> tuple[str, int]:
    """Write an upload; returns our name for it and its size in bytes.

    Raises FileRefused when it is empty or too large, BadRequest when it holds a private key, NoRoom. Then nothing is
    left of it.
    """
    name = secrets.token_hex(16)
    path = path_of(name)
    try:
        folder().mkdir(mode=0o700, parents=True, exist_ok=True)
        size = _write(path, pieces)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise NoRoom from error
    except (FileRefused, BadRequest):
        path.unlink(missing_ok=True)
        raise
    return name, size


def remove(name: str) -> None:
    """Delete a stored upload; one that is gone already is fine."""
    if name:
        path_of(name).unlink(missing_ok=True)


def remove_strays(known: Collection[str], *, older_than: datetime) -> None:
    """Delete what a broken-off upload has left: old files that belong to none of the known names."""
    if folder().is_dir():
        for path in folder().iterdir():
            if path.name not in known and path.stat().st_mtime < older_than.timestamp():
                path.unlink(missing_ok=True)


def path_of(name: str) -> Path:
    return folder() / name


def folder() -> Path:
    return Path(settings.DATA_DIR) / "imports"


def _write(path: Path, pieces: Iterable[bytes]) -> int:
    size, tail = 0, b""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        for piece in pieces:
            size += len(piece)
            if size > settings.IMPORT_MAX_BYTES:
                raise FileRefused(Refusal.TOO_LARGE, limit=settings.IMPORT_MAX_BYTES)
            refuse_private_key(tail + piece)
            tail = piece[-_OVERLAP:]
            file.write(piece)
    if not size:
        raise FileRefused(Refusal.EMPTY)
    return size


def is_private_key(error: Exception) -> bool:
    return isinstance(error, BadRequest) and error.code is Code.PRIVATE_KEY
