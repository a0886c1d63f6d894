"""Figures beside their limits, each a ratio inside one run; `make bench` prints them."""
