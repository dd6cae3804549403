"""The ways to evaluate an objective: in this process, in processes of its own, by an executor."""
