"""Pages of the price list and of what was agreed with customers."""
