"""The help centre: articles in four languages, their search, and what readers think of them."""
