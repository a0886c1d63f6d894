"""Pictures for mail and other websites: a sheet to draw on, and the pages' own typeface."""
