"""Documents on the disk: below the data folder under names of ours, whole or not at all."""

from __future__ import annotations

import os
import re
import secrets
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import IO

from django.conf import settings

# What a file name of somebody else's words is made of; everything else becomes one dash.
_UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")


def write(ending: str, fill: Callable[[IO[bytes]], None]) -> tuple[str, int]:
    """Write a file and give it its place once it is whole; returns our name for it and its size in bytes.

    Raises OSError, and whatever `fill` raises; then nothing is left of it.
    """
    folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    name = f"{secrets.token_hex(16)}.{ending}"
    beside = folder() / f"{name}.part"
    try:
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            fill(file)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path_of(name))
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    return name, path_of(name).stat().st_size


def write_bytes(ending: str, content: bytes) -> tuple[str, int]:
    """The same for what is at hand already."""

    def fill(file: IO[bytes]) -> None:
        file.write(content)

    return write(ending, fill)


def remove(name: str) -> None:
    """Delete a stored file; one that is gone already is fine."""
    if name:
        path_of(name).unlink(missing_ok=True)


def path_of(name: str) -> Path:
    return folder() / name


def folder() -> Path:
    return Path(settings.DATA_DIR) / "quotes"


def safe_name(*words: str, ending: str) -> str:
    """A file name of letters, digits and dashes: ("Q-2026-00042", "Crème & Fils") -> "Q-2026-00042-Creme-Fils.pdf"."""
    plain = unicodedata.normalize("NFKD", "-".join(words)).encode("ascii", "ignore").decode()
    stem = re.sub("-{2,}", "-", _UNSAFE.sub("-", plain)).strip("-_")[:100].rstrip("-_")
    return f"{stem or 'quote'}.{ending}"
