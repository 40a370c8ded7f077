"""Removals: the gate, the charge around the work, and the photos given to improve the networks."""
