"""Campaigns: how customers hear of a renewal."""
