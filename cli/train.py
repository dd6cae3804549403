"""`rnnbbo train`: meta-train a policy from a file, or adapt one to a user's functions."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rnnbbo.benchmarks.option_types import WholeNumbers
from rnnbbo.errors import ConfigError, MissingExtraError
from rnnbbo.outputs import check_output_folder

if TYPE_CHECKING:
    from rnnbbo.checkpoint import Checkpoint
    from rnnbbo.meta.config import Config
    from rnnbbo.meta.family import FamilyDistribution
    from rnnbbo.meta.validation import TaskDistribution


@click.command(
    epilog="""\b
Examples:
  rnnbbo train configs/dnc.toml --out runs/dnc
  rnnbbo train --from dnc --functions ./mine.py:family --dims 3
  rnnbbo train --from lstm --functions ./mine.py:family --dims 3 --shots 10
  torchrun --nproc-per-node 4 -m rnnbbo.cli.main train mine.toml --device cuda
  rnnbbo minimize ./objective.py:f --param x=float:0:1 --policy runs/dnc/dnc.safetensors

\b
A family of functions is a function family(rng, dim): with a numpy generator it
draws one member, and returns it as a function that maps points (n, dim) of the
unit cube to n values, the lowest the best.
"""
)
@click.argument("config", type=click.Path(path_type=Path), required=False)
@click.option(
    "--from", "start", metavar="POLICY", help="Adapt these weights: dnc, lstm or a file's path."
)
@click.option(
    "--functions", metavar="MODULE:FAMILY", help="With --from: the family of functions, see below."
)
@click.option(
    "--dims",
    type=WholeNumbers("2,4,6"),
    metavar="D[,D...]",
    help="With --from: the family's dimensions; default 1,2,3,4,6.",
)
@click.option("--updates", type=click.IntRange(1), help="With --from: Adam updates; default 300.")
@click.option(
    "--shots",
    type=click.IntRange(1),
    metavar="N",
    help="With --from lstm: recognise the family by values of N members, in place of training.",
)
@click.option("--out", type=click.Path(path_type=Path), help="Folder; default runs/NAME.")
@click.option("--device", default="cpu", show_default=True, help="torch device: cpu, cuda, cuda:1.")
@click.option("--threads", type=click.IntRange(1), help="CPU threads; default all.")
@click.option("--stop-after", type=click.IntRange(1), help="Pause after so many updates.")
def train(
    config: Path | None,
    start: str | None,
    functions: str | None,
    dims: tuple[int, ...] | None,
    updates: int | None,
    shots: int | None,
    out: Path | None,
    device: str,
    threads: int | None,
    stop_after: int | None,
) -> None:
    """Meta-train a policy as the TOML file CONFIG describes it.

    The folder gets log.jsonl (one line an update), curves.png, the weights NAME.safetensors, and a
    checkpoint: the same command goes on where a stopped training was.

    With --from and --functions, weights are adapted to functions of your own, in minutes on a CPU,
    and compared with what they were on members of the family that were held out. CONFIG is then
    optional, and holds a table [train] only. With --from and a whole CONFIG, its training begins
    with these weights.

    With --shots nothing is trained: 64 values of each of N members tell lstm what the family is
    like, in a second, and the policy that comes out serves spaces of D dimensions (--dims D).
    """
    try:
        import torch

        from rnnbbo.meta import data_parallel
        from rnnbbo.meta.curves import draw_curves
        from rnnbbo.meta.trainer import train as run_training
    except ImportError as error:
        raise MissingExtraError(
            f"training needs {error.name}: in the source tree, "
            "pip install -c constraints.txt '.[train]'"
        ) from error
    if shots is not None:
        elsewhere = None if device == "cpu" else device
        refused: dict[str, object] = {
            "CONFIG": config,
            "--updates": updates,
            "--device": elsewhere,
            "--stop-after": stop_after,
        }
        if threads:
            torch.set_num_threads(threads)
        _recognise(start, functions, dims, shots, out, refused)
        return
    family: FamilyDistribution | None = None
    if start is None or (config is not None and functions is None):
        _refuse_family_options(start, functions, dims, updates)
        parent, settings, distribution = _whole(config, start)
    else:
        parent, settings, family = _adapted(start, config, functions, dims, updates)
        distribution = family
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise ConfigError(
            f"--device = {device!r}; expected a device of torch's that is there, such as cpu or "
            f"cuda ({reason})"
        ) from error
    if threads:
        torch.set_num_threads(threads)
    out = out or Path("runs") / settings.train.name
    group = data_parallel.join(device)
    try:
        if group.rank == 0:
            check_output_folder("--out", out, f"{settings.train.name}.safetensors.tmp")
        if group.rank == 0 and (out / "checkpoint.safetensors").exists():
            click.echo(f"going on from the checkpoint in {out}", err=True)
        weights = run_training(
            settings, distribution, out, start=parent, group=group, stop_after=stop_after
        )
    finally:
        data_parallel.leave()
    if group.rank:
        return
    draw_curves(out / "log.jsonl", out / "curves.png")
    click.echo(f"weights: {weights}\ncurves:  {out / 'curves.png'}\nlog:     {out / 'log.jsonl'}")
    if parent is not None and family is not None:
        _show_gain(parent, weights, family, settings.train.dims)


def _refuse_family_options(
    start: str | None, functions: str | None, dims: tuple[int, ...] | None, updates: int | None
) -> None:
    sizes = ",".join(map(str, dims)) if dims else None
    missing = "--from" if start is None else "--functions"
    metavar = "POLICY" if start is None else "MODULE:FAMILY"
    for option, value in {"functions": functions, "dims": sizes, "updates": updates}.items():
        if value is not None:
            raise ConfigError(
                f"--{option} = {value}, without {missing}; expected {missing} {metavar}, too"
            )


def _whole(
    path: Path | None, start: str | None
) -> tuple[Checkpoint | None, Config, TaskDistribution]:
    """Return weights to begin with, if any, what to do with them, and the functions."""
    from rnnbbo import shipped
    from rnnbbo.meta import finetune

    settings, distribution = _from_file(path)
    if start is None:
        return None, settings, distribution
    parent = shipped.load(start)
    return parent, finetune.go_on(parent, settings), distribution


def _from_file(path: Path | None) -> tuple[Config, TaskDistribution]:
    from rnnbbo.functions.gp import GPDistribution
    from rnnbbo.functions.rough_tasks import read_rough
    from rnnbbo.meta.config import load_config
    from rnnbbo.tables import from_table

    if path is None:
        raise ConfigError("CONFIG is missing; expected a TOML file, or --from with --functions")
    settings = load_config(path)
    processes = from_table(GPDistribution, "functions", settings.functions)
    if not settings.rough:
        return settings, processes
    return settings, read_rough(processes, settings.rough)


def _adapted(
    start: str,
    path: Path | None,
    functions: str | None,
    dims: tuple[int, ...] | None,
    updates: int | None,
) -> tuple[Checkpoint, Config, FamilyDistribution]:
    """Return weights to begin with, what to do with them, and the functions."""
    from rnnbbo import shipped
    from rnnbbo.cli.command_objective import import_function
    from rnnbbo.meta import finetune
    from rnnbbo.meta.config import load_train
    from rnnbbo.meta.family import FamilyDistribution

    functions = _family_name(functions)
    parent = shipped.load(start)
    family = FamilyDistribution(import_function(functions))
    name = _adapted_name(parent, functions)
    train = replace(finetune.DEFAULTS, name=name)
    if path is not None:
        train = load_train(path, train)
    if updates is not None:
        train = replace(train, updates=updates)
    return parent, finetune.configure(parent, functions, train, dims or ()), family


def _recognise(
    start: str | None,
    functions: str | None,
    dims: tuple[int, ...] | None,
    shots: int,
    out: Path | None,
    refused: dict[str, object],
) -> None:
    """Write weights that know the traits of some members, and show what that gains."""
    import torch

    from rnnbbo import checkpoint, shipped
    from rnnbbo.cli.command_objective import import_function
    from rnnbbo.meta.embedding import RECOGNISER, recognise
    from rnnbbo.meta.family import FamilyDistribution

    for option, value in refused.items():
        if value is not None:
            raise ConfigError(
                f"{option} = {value}, with --shots {shots}; expected one of the two: with --shots "
                "nothing is trained"
            )
    if dims is None or len(dims) != 1:
        given = "is missing" if dims is None else f"= {','.join(map(str, dims))}"
        raise ConfigError(f"--dims {given}; expected, with --shots, one number of dimensions")
    functions = _family_name(functions)
    parent = shipped.load(start or RECOGNISER)
    family = FamilyDistribution(import_function(functions))
    name = _adapted_name(parent, functions)
    out = out or Path("runs") / name
    check_output_folder("--out", out, f"{name}{checkpoint.SUFFIX}.tmp")
    known = family.sample(shots, dims[0], torch.Generator().manual_seed(0))
    told = recognise(parent, known, name, functions)
    weights = out / f"{name}{checkpoint.SUFFIX}"
    out.mkdir(parents=True, exist_ok=True)
    checkpoint.save_policy(weights, told)
    click.echo(f"weights: {weights}")
    _show_gain(parent, weights, family, dims)


def _family_name(functions: str | None) -> str:
    if not functions or ":" not in functions:
        given = f"= {functions!r}" if functions else "is missing"
        raise ConfigError(
            f"--functions {given}; expected, with --from, a family of functions as pkg.mod:family "
            "or ./file.py:family"
        )
    return functions


def _adapted_name(parent: Checkpoint, functions: str) -> str:
    return f"{parent.name}-{functions.rpartition(':')[2].replace('.', '-')}"


def _show_gain(
    parent: Checkpoint, weights: Path, family: FamilyDistribution, dims: tuple[int, ...]
) -> None:
    """Print regret before and after, on members that no training has seen."""
    from rnnbbo import shipped
    from rnnbbo.benchmarks.statistics import bootstrap_mean
    from rnnbbo.meta.finetune import measure_gain

    gains = measure_gain(parent, shipped.load(weights), family, dims)
    for dim, gain in gains.items():
        change = bootstrap_mean(gain.after - gain.before)
        click.echo(
            f"\nregret on {len(gain.before)} members held out, {dim}D "
            "(0: the minimum; 1: random search after 10 evaluations)"
        )
        click.echo("evaluations" + "".join(f"{t:>22}" for t in gain.times))
        for label, regret in (("before", gain.before), ("after", gain.after)):
            click.echo(f"{label:<11}" + "".join(f"{v:>22.3f}" for v in regret.mean(axis=0)))
        cells = [
            f"{m:+.3f} [{low:+.3f}, {high:+.3f}]"
            for m, low, high in zip(change.mean, change.low, change.high, strict=True)
        ]
        click.echo(f"{'change':<11}" + "".join(f"{cell:>26}"[-25:].rjust(22) for cell in cells))
