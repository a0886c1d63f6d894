"""Offers: what a renewal costs, and the pages on which one renews."""
