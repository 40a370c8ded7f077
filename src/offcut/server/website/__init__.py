"""The website: pages rendered on the server, over everything below."""
