"""Secrets that nobody typed: made once per installation, kept in files only their owner can read."""

from __future__ import annotations

import base64
import os
from pathlib import Path


def secret(data_dir: Path, name: str, *, size: int = 32) -> str:
    """The secret called name: size random bytes as URL-safe base64, made on first use, also under a race."""
    path = data_dir / "secrets" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        _write_once(path, base64.urlsafe_b64encode(os.urandom(size)))
    return path.read_text(encoding="ascii")


def _write_once(path: Path, content: bytes) -> None:
    # A hard link appears whole or not at all, and refuses to replace what another process made first.
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_bytes(content)
    try:
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        draft.unlink()
