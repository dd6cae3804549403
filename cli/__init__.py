"""The `rnnbbo` command."""
