"""What all policies with Gaussian processes stand on: factors, kernels, improvement."""
