"""The verbs of certificates: what is asked of an authority, and what becomes of it."""
