"""The website: each folder a Django app of its own, none of which imports another."""
