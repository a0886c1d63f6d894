"""Imports in the browser: upload, columns, whose certificates, preview, progress, report."""
