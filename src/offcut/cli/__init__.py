"""The `offcut` command."""
