"""Pages of offers for customers, behind a renewal link and at home."""
