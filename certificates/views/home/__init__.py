"""What a customer's own people find when they sign in, a module per page."""
