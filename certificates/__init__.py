"""Certificates: what was sold, to whom, under which limits, and the way to the authority."""
