"""The price list: read as a table, changed from a day on, filled and raised at once, brought in and out as files."""
