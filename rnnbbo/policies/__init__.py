"""Policies: what they have in common, and one folder a family."""
