"""Verbs of the ground: who works for a partner, and how the partner presents itself."""
