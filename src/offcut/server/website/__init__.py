"""The website: what people see in a browser."""
