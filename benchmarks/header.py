"""What a start of the runner says of itself: versions, hardware, commit, plan."""

import os
import platform
import shlex
import sys
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from rnnbbo import core
from rnnbbo.benchmarks import methods, suites
from rnnbbo.benchmarks.plan import Plan
from rnnbbo.meta.commit import source_commit

PACKAGES = ("numpy", "scipy", "torch", "gpytorch", "gymnasium")
"""Packages whose version can change a figure, beside those that peers and suites name."""


def make_header(plan: Plan, where: str) -> dict[str, Any]:
    """Return a header as plain values.

    Args:
        plan: what is run.
        where: what it is run on, such as "2 processes" or a scheduler's address.

    Times are to be read with `load`, the machine's load average at the start.
    """
    return {
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": _command(),
        "rnnbbo": _version("rnnbbo"),
        "commit": source_commit(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 2),
        "threads": 1,
        "where": where,
        "core": core.name(),
        "packages": {name: _version(name) for name in packages()},
        "methods": {name: _method(name) for name in plan.methods},
        "suites": {name: suites.about_suite(name) for name in plan.suites},
        "plan": plan.to_dict(),
    }


def packages() -> tuple[str, ...]:
    """Return the packages whose version can change a figure, each once."""
    of_peers = (peer.package for peer in methods.PEERS.values())
    of_suites = filter(None, map(suites.package, suites.SUITES))
    return tuple(dict.fromkeys([*PACKAGES, *of_peers, *of_suites]))


def _command() -> str:
    """Return what was typed: the program's name without its folder, and its arguments."""
    program, *arguments = sys.orig_argv[1:] or [""]
    return shlex.join([Path(program).name, *arguments])


def _method(name: str) -> dict[str, Any]:
    """Return what a method is; of a policy of rnnbbo, its longest training horizon, too."""
    if name in methods.PEERS or methods.is_own(name):
        return {"about": methods.about_method(name), "ours": False, "horizon": None}
    from rnnbbo import shipped

    provenance = shipped.load(shipped.stages_of(methods.source_of(name))[0].policies[0]).provenance
    horizon = provenance.get("config", {}).get("train", {}).get("horizon")
    return {
        "about": methods.about_method(name),
        "ours": True,
        "horizon": max(horizon) if horizon else None,
        "commit": provenance.get("commit"),
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
