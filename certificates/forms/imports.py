"""What people say about an upload: the file, which column is which, and whose certificates."""
