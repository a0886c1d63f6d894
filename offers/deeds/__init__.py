"""What people did with offers, prices and quotes, in words."""
