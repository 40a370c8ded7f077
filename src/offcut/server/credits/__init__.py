"""Credits: lots, holds and what is written about them."""
