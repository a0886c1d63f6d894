"""Renewing, reissuing and requesting, with the price before the press."""
