"""The kernel policy: weighted hypotheses of a Gaussian process, kept up from tell to tell."""
