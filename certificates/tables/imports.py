"""The table of earlier imports."""
