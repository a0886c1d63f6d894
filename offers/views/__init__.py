"""The pages: checkout, prices, offers, advice and quotes."""
