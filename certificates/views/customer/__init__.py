"""Pages of customers, each behind two doors: the link of a letter, and signing in."""
