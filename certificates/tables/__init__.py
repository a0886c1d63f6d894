"""The tables of the pages about what was sold."""
