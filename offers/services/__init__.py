"""Verbs of offers: what changes prices, offers and quotes, and what asks them."""
