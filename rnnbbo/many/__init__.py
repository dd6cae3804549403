"""Thousands of independent problems at once, by one batched policy."""

from rnnbbo.many.batch_loop import minimize_many
from rnnbbo.many.many_result import ManyResult

__all__ = ["ManyResult", "minimize_many"]
