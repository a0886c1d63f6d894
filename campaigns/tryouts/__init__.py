"""What somebody has just written is first filled in a child process, which may take its time only for so long."""

from campaigns.tryouts.trying import PartRefused, TookTooLong, try_out

__all__ = ["PartRefused", "TookTooLong", "try_out"]
