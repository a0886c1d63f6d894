"""Pages as they are read."""

from __future__ import annotations

import re
from html import unescape
from typing import Any


def words(response: Any) -> str:
    """The page without its tags, in single spaces."""
    text = re.sub(r"<[^>]+>", " ", response.content.decode())
    return re.sub(r" ([.,:])", r"\1", " ".join(unescape(text).split()))
