"""Pages of offers: their list, editor, deeds and results."""
