"""`rnnbbo train`: meta-train a policy from a configuration file."""

from pathlib import Path

import click


@click.command(
    epilog="""\b
Examples:
  rnnbbo train configs/dnc.toml --out runs/dnc
  rnnbbo minimize ./objective.py:f --param x=float:0:1 --policy runs/dnc/dnc.safetensors
"""
)
@click.argument("config", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), help="Folder; default runs/NAME.")
@click.option("--device", default="cpu", show_default=True, help="torch device: cpu, cuda, cuda:1.")
@click.option("--threads", type=click.IntRange(1), help="CPU threads; default all.")
@click.option("--stop-after", type=click.IntRange(1), help="Pause after so many updates.")
def train(
    config: Path, out: Path | None, device: str, threads: int | None, stop_after: int | None
) -> None:
    """Meta-train a policy as the TOML file CONFIG describes it.

    The folder gets log.jsonl (one line an update), curves.png, the weights NAME.safetensors, and a
    checkpoint: the same command goes on where a stopped training was.
    """
    from rnnbbo.errors import ConfigError, MissingExtraError
    from rnnbbo.policies.policy import from_table

    try:
        import torch

        from rnnbbo.functions.gp import GPDistribution
        from rnnbbo.meta.config import load
        from rnnbbo.meta.curves import draw_curves
        from rnnbbo.meta.trainer import train as run_training
    except ImportError as error:
        raise MissingExtraError(
            f"training needs {error.name}: in the source tree, "
            "pip install -c constraints.txt '.[train]'"
        ) from error
    settings = load(config)
    distribution = from_table(GPDistribution, "functions", settings.functions)
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise ConfigError(f"device {device!r} cannot be used: {reason}; try cpu") from error
    if threads:
        torch.set_num_threads(threads)
    out = out or Path("runs") / settings.train.name
    if (out / "checkpoint.safetensors").exists():
        click.echo(f"going on from the checkpoint in {out}", err=True)
    weights = run_training(settings, distribution, out, device=device, stop_after=stop_after)
    draw_curves(out / "log.jsonl", out / "curves.png")
    click.echo(f"weights: {weights}\ncurves:  {out / 'curves.png'}\nlog:     {out / 'log.jsonl'}")
