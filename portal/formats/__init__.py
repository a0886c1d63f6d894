"""How dates are written: the day first in English too, so that nobody reads a month for a day."""
