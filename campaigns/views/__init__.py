"""Pages of campaigns, one module per subject."""
