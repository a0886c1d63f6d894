"""Drills in processes of their own: pressed at the same moment, killed in the middle, taken up by others."""
