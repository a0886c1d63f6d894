"""What somebody has just written is first filled in a child process, which may take its time only for so long."""

from campaigns.tryouts.trying import TookTooLong, try_out

__all__ = ["TookTooLong", "try_out"]
