"""The website: every page that is neither an account's nor the operator's."""
