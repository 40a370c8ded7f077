"""The website: pages for people."""
