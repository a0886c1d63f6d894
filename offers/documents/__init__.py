"""A quote on paper."""
