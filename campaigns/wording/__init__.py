"""What campaigns say to people, in sentences."""
