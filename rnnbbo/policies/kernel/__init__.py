"""The kernel-memory policy: observations as memory, read by Gaussian-process conditionals."""
