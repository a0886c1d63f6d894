"""The tables of the pages about prices, offers and quotes."""
