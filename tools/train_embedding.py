"""Train the matrix that takes a family's traits to the gates of `lstm`: its task embedding.

    python tools/train_embedding.py rnnbbo/meta/lstm-traits.safetensors    (some minutes of a core)

The network's own weights stay as they are. Every update draws a family of functions, its traits
from 10 or 100 members, and the loss from ten others.
"""

import os
import sys
from pathlib import Path

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"  # read when numpy and torch are loaded

import numpy as np  # noqa: E402
import torch  # noqa: E402
from tqdm import tqdm  # noqa: E402

from rnnbbo import checkpoint, shipped  # noqa: E402
from rnnbbo.benchmarks.measures.drawn_families import FAMILY_KINDS  # noqa: E402
from rnnbbo.meta.commit import source_commit  # noqa: E402
from rnnbbo.meta.config import TrainConfig  # noqa: E402
from rnnbbo.meta.family import FamilyDistribution  # noqa: E402
from rnnbbo.meta.schedule import Episode, learning_rate  # noqa: E402
from rnnbbo.meta.traits import traits_of, with_traits  # noqa: E402
from rnnbbo.meta.unroll import run_policy  # noqa: E402
from rnnbbo.policies.network.lstm import TRAITS  # noqa: E402
from rnnbbo.policies.network.network import Network  # noqa: E402

NAME = "lstm"
SEED = 8
UPDATES, BATCH, HORIZON = 150, 10, 12
RATE, WARMUP, CLIP = 1e-2, 5, 1.0
DIMS, KNOWN = (2, 3, 3, 4), (10, 100)
HOW = TrainConfig(NAME, loss="improvement", candidates=48, horizon=(2, HORIZON))


def main(out: Path) -> None:
    """Train, and write the matrix."""
    torch.set_num_threads(1)
    commit = source_commit()
    parent = shipped.load(NAME)
    assert isinstance(parent.policy, Network)
    config = parent.policy.config
    params = {key: torch.from_numpy(value) for key, value in parent.params.items()}
    matrix = torch.zeros(TRAITS, 4 * config.hidden, requires_grad=True)
    optimizer = torch.optim.Adam([matrix], betas=(0.9, 0.99))
    rng, kinds = np.random.default_rng(SEED), list(FAMILY_KINDS.values())
    for update in tqdm(range(UPDATES), unit="update"):
        dim, known = int(rng.choice(DIMS)), int(rng.choice(KNOWN))
        family = kinds[rng.integers(len(kinds))](rng, dim)
        distribution = FamilyDistribution(family)
        generator = torch.Generator().manual_seed(int(rng.integers(2**31)))
        traits = torch.from_numpy(traits_of(distribution.sample(known, dim, generator)))
        policy, told = with_traits(config, params, matrix, traits)
        members = distribution.sample(BATCH, dim, generator)
        episode = Episode(dim, HORIZON, 1)
        optimizer.zero_grad()
        run_policy(policy, told, members, episode, HOW, generator).loss.backward()
        torch.nn.utils.clip_grad_norm_([matrix], CLIP)
        for settings in optimizer.param_groups:
            settings["lr"] = learning_rate(update, UPDATES, RATE, WARMUP)
        optimizer.step()
    provenance = {
        "of": NAME,
        "sha256": checkpoint.digest_of(parent.params),
        "commit": commit,
        "updates": UPDATES,
        "torch": torch.__version__,
    }
    checkpoint.write_tensors(out, {"matrix": matrix.detach().numpy()}, provenance)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
