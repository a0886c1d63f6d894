"""Lists of campaigns."""
