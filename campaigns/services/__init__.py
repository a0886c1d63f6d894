"""Verbs of campaigns: plan, gather, deliver, call, tell."""
