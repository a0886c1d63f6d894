"""Pages of the ground: preferences, brand, health, settings, people, mailbox."""
