"""What people type about prices, offers, quotes and renewals, checked."""
