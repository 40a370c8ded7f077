"""Credits: accounts, lots, holds, plans and the rules that bind them. README.md holds the invariants."""
