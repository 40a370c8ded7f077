"""The pages around the product: prices, uses, tools and API, status, contact, legal texts."""
