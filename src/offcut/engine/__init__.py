"""Photo in, cut-out out. Knows no web, no database, no settings. Read `pipeline.py` first."""
