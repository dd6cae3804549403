"""Functions to train and to test optimizers on."""
