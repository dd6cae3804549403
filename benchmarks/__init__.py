"""Measuring and comparing optimizers."""
