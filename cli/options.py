"""How `rnnbbo minimize` is parsed: the program after --, and options of other optimizers."""

from __future__ import annotations

import re

import click

_OPTION = re.compile("--[a-z][a-z0-9-]*")

_COUNT = "the number of evaluations is --n-calls N, or -n N"
_JOBS = "the number of evaluations at once is --jobs N, or -j N"
_SEED = "the seed is --seed N"
_STUDY = "trials are kept in a file by --study FILE, one study a file; --resume goes on with it"
_SIGN = "larger values are better with --maximize, and without it smaller ones"
_EACH = (
    "of several objectives each has its word in --directions minimize,maximize, and the value is a "
    "list, [0.3, 12]"
)
_REFERENCE = "the reference point of the hypervolume is --reference V,V, one number an objective"
_CONSTRAINT = (
    "what is known of points beforehand is --where EXPR, such as --where 'a + b <= 1'; what only "
    'an evaluation shows goes with its value ({"value": 3.2, "constraints": {"mem": -0.5}}, met at '
    "most 0)"
)
_POLICY = "what proposes is chosen by --policy NAME; `rnnbbo policies` lists the names"
_FIRST = "there is none; the policy chooses its first points itself"
_KNOWN = "points to begin with are in a CSV file, --x0 FILE, or in a study, --from-study FILE"
_SPACE = "parameters are declared by --param NAME=float:LOW:HIGH, or in a file by --space FILE"
_TIME = "seconds for the whole run are --timeout S, for one evaluation --eval-timeout S"
_LOOK = (
    "there is none; `rnnbbo study serve FILE` shows the study of --study FILE in a browser, live, "
    "and `rnnbbo study html FILE` writes the same as a file"
)
_PRUNE = "there is none; an evaluation is a single value, and is not pruned"
_STOP = "a run stops early by --target V, --patience N, or --until exhausted"
_OUTPUT = "the result goes to stdout, as JSON with --json; redirect it"
_NOISE = "--quiet shows nothing but the result, --verbose a line a trial, both on stderr alone"

# What other optimizers call it -> what to do here.
_HABITS = {
    _COUNT: "n n-trials trials num-trials max-trials n-iter n-iters num-iterations iterations "
    "max-iter max-iters n-evals evals num-evals max-evals max-evaluations evaluations budget "
    "num-samples n-samples maxfevals n-points calls ncalls num-calls steps",
    _JOBS: "n-jobs workers n-workers num-workers parallel parallelism concurrency max-concurrent "
    "processes threads cores batch-size",
    _SEED: "random-state random-seed rng",
    _STUDY: "storage db database study-name name load-if-exists restore continue checkpoint",
    _SIGN: "direction mode maximise minimize minimise sense",
    _EACH: "objective objectives n-objectives num-objectives n-obj multi-objective pareto metric "
    "metrics weights senses",
    _REFERENCE: "ref-point reference-point ref nadir nadir-point hypervolume hv-reference",
    _CONSTRAINT: "constraint constraints",
    _POLICY: "sampler algorithm algo optimizer method strategy surrogate acq-func acquisition "
    "base-estimator model",
    _FIRST: "n-initial-points n-startup-trials n-random-starts warmup n-init",
    _KNOWN: "y0 initial-guess points-to-evaluate enqueue initial-points init-points known "
    "warm-start",
    _SPACE: "params parameter parameters bounds bound search-space dimension dimensions config "
    "float int cat categorical choice range lower upper low high",
    _TIME: "time-limit max-time walltime wall-time time-budget deadline trial-timeout max-seconds",
    _LOOK: "dashboard ui web html show visualize visualise browser serve live port host",
    _PRUNE: "pruner pruning",
    _STOP: "early-stopping stop stop-at stopping stagnation tol ftol xtol tolerance f-target "
    "max-no-improvement n-iter-no-change",
    _OUTPUT: "output out o result save csv format",
    _NOISE: "silent log-level progress no-progress no-progress-bar debug disp",
}
_HINTS = {name: hint for hint, names in _HABITS.items() for name in names.split()}


def hint_for(option: str) -> str | None:
    """Return what to do instead of an option of other optimizers; None where nobody knows it.

    Args:
        option: as it was typed, with its dashes.
    """
    name = option.partition("=")[0].lstrip("-").replace("_", "-").lower()
    return _HINTS.get(name)


class HintedCommand(click.Command):
    """A command that names its own option where one of another optimizer was typed by habit."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the arguments."""
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            hint = hint_for(error.option_name)
            own = {option for parameter in self.params for option in parameter.opts}
            if hint is None or not set(_OPTION.findall(hint)[:1]) <= own:
                raise
            raise click.UsageError(f"no such option: {error.option_name}; {hint}", ctx) from None


class ProgramAfterDashes(HintedCommand):
    """A command that keeps what follows the first `--` apart, in `ctx.obj`, as the program."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse what stands before `--`."""
        ctx.obj = None
        if "--" in args:
            at = args.index("--")
            args, ctx.obj = args[:at], args[at + 1 :]
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            dashes = "" if ctx.obj else " A program and its options go after --."
            raise click.UsageError(error.format_message() + dashes, ctx) from None
