"""What narrows the lists of campaigns, one module per list."""
