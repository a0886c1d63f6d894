"""The rules of what a renewal costs and of what is advised: pure functions and frozen dataclasses."""
