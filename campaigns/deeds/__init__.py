"""What was done about touchpoints, in words."""
