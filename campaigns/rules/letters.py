"""What a letter's source may be at most."""

from __future__ import annotations

# Bytes of one letter's source at most (attacker input, see campaigns.liquid).
LONGEST_SOURCE = 50_000
