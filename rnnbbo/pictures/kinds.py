"""Names of the kinds of pictures."""

PICTURE_KINDS = ("convergence", "slices", "parallel", "importance", "front", "places")
