"""Names of the kinds of pictures."""

KINDS = ("convergence", "slices", "parallel", "importance", "front", "places")
