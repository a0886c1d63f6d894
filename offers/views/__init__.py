"""Every page on which one renews, reissues or orders."""
