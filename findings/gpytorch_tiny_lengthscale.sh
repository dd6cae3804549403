#!/usr/bin/env bash
# GPyTorch 1.15.2: a Matern-5/2 kernel with one short length-scale, in double precision.
#
# Guess: covariances of points that share a coordinate do not depend on that coordinate's length-scale, and the
#        matrix of a kernel is positive semi-definite up to some 1e-15.
# Seen:  squares of distances are differences of products, of coordinates in length-scales and less their mean. One
#        other point is enough for these to be large: covariances are wrong by 1e-4 by a length-scale of 1e-6, and the
#        least eigenvalue is -3e-7 by one of 4e-7, where directly computed distances give 1e-11. A sampler of
#        hyper-parameters comes by such length-scales, and a Cholesky factor then fails in spite of a jitter that is small.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet gpytorch==1.15.2 torch==2.13.0 numpy==2.4.6

"$work/venv/bin/python" - <<'PYTHON'
import numpy as np
import torch
from gpytorch.kernels import MaternKernel

points = np.random.default_rng(0).random((60, 2))
points[:, 1] = 0.7
points[0, 1] = 0.1
x = torch.as_tensor(points)


def least_eigenvalue_and_error(second: float) -> tuple[float, float]:
    scales = torch.tensor([0.5, second], dtype=torch.float64)
    kernel = MaternKernel(nu=2.5, ard_num_dims=2).double()
    kernel.lengthscale = scales
    found = kernel(x).to_dense().detach()
    s = 5**0.5 * ((x[:, None] - x) / scales).norm(dim=-1)
    direct = (1 + s + s**2 / 3) * torch.exp(-s)
    assert torch.linalg.eigvalsh(direct)[0] > 0
    return float(torch.linalg.eigvalsh(found)[0]), float((found - direct).abs().max())


for second in (1e-4, 1e-6, 4e-7):
    least, error = least_eigenvalue_and_error(second)
    print(f"length-scale {second:g}: least eigenvalue {least:.1e}, covariances wrong by {error:.1e}")
assert least_eigenvalue_and_error(1e-4)[0] > 0
assert least_eigenvalue_and_error(4e-7)[0] < -1e-8
PYTHON
echo "as written down"
