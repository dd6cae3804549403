"""Thousands of independent problems at once, by one batched policy."""

from rnnbbo.many.loop import minimize_many
from rnnbbo.many.result import ManyResult

__all__ = ["ManyResult", "minimize_many"]
