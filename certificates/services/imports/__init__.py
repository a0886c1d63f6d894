"""Orders and certificates from files: read calmly, staged, applied set by set; the same file twice changes nothing."""
