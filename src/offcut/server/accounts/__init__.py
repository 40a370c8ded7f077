"""People, their teams, and the keys that programs use in a team's name."""
