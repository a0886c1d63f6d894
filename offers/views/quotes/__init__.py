"""Quotes as the house sees them: the list, the draft, what was sent, and the answers taken on the telephone."""
