"""What certificates adds to the portal: its entries, search sources and timelines."""
