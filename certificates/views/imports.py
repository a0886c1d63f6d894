"""Imports in the browser: an upload, its preview, its progress and its report."""
