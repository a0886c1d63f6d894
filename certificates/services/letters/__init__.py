"""Letters about orders: when they are sent, to whom, and never twice."""
