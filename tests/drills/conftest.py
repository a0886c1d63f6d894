"""Some drills are about services that the embedded defaults do without."""

from __future__ import annotations

from django.conf import settings
from django.db import connection

collect_ignore = [] if connection.vendor == "postgresql" and settings.REDIS_URL else ["test_schedulers.py"]
