"""Meta-training of the policies; the only part of rnnbbo that needs torch."""
