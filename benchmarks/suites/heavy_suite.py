"""Functions of Gaussian processes and BBOB under noise that is no even Gaussian one."""

import zlib
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from rnnbbo.benchmarks.suites.entry import Entry
from rnnbbo.benchmarks.suites.smooth_bases import smooth_entries
from rnnbbo.functions.noise_laws import GrowingWithHeight, NoiseLaw, StudentT, VaryingByPlace

FEW_DEGREES = StudentT(2.0)


def entries(split: str) -> Iterator[Entry]:
    """Yield a third each: Student's t of scale 10 % and 30 %, and a deviation that varies."""
    for turn, place, base in smooth_entries(split):
        about, noise, law = _noise(turn, place, base)
        yield replace(base, name=f"{about}-{base.name}", noise=noise, law=law)


def _noise(turn: int, place: int, base: Entry) -> tuple[str, float, NoiseLaw]:
    rng = np.random.default_rng(zlib.crc32(base.name.encode()))
    kind = (turn + place) % 3
    if kind < 2:
        noise = (0.1, 0.3)[kind]
        return f"student-{noise:.0%}".removesuffix("%"), noise, FEW_DEGREES
    if (place // 3 + turn // 3) % 2 == 0:
        return "by-height", 0.1, GrowingWithHeight(floor=0.05, slope=float(rng.uniform(0.1, 0.5)))
    normal = rng.standard_normal(base.dim)
    normal /= np.linalg.norm(normal)
    return "by-place", 0.1, VaryingByPlace(tuple(normal.tolist()), float(rng.uniform(1.0, 3.0)))
