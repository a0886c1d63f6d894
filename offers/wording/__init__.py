"""The words that pages, letters and papers have for offers, prices and quotes."""
