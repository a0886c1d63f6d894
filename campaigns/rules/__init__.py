"""The rules of campaigns, pure: when a step is due, and what a letter must say."""
