"""What people type into campaigns."""
