"""Pages on which one renews, reissues and orders."""
