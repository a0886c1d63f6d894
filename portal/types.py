"""Small types that every app shares."""

from __future__ import annotations

from django.utils.functional import Promise

# Words for people: plain, or translated when shown.
StrOrPromise = str | Promise
