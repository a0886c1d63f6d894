"""Pages of the products: comparison, and the selector in the portal and on other sites."""
