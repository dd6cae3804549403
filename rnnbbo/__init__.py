"""Black-box global optimization with meta-trained recurrent networks."""
