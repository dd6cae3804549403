"""What a model makes of a study: the answer's numbers, slices, importance.

It takes long where there are many trials, so that it is worked out in a process of its own:
`python -m rnnbbo.webpage.model_view FILE` prints it as one JSON object. The file is a copy: see
`rnnbbo.study.snapshot.copied_study`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from rnnbbo.errors import RnnbboError
from rnnbbo.escaping import as_line, one_line
from rnnbbo.pictures.importance import importance
from rnnbbo.pictures.slices import slices
from rnnbbo.pictures.surrogate import Surrogate
from rnnbbo.study.observer import StudyObserver
from rnnbbo.study.snapshot import copied_study
from rnnbbo.study.study import Study
from rnnbbo.webpage.chart import PagePart
from rnnbbo.webpage.model_charts import importance_chart, slice_charts
from rnnbbo.webpage.run_facts import RunFacts

_LEAST = 4  # values from which on there is something to say


@dataclass(frozen=True)
class ModelView:
    """What is known of a study beside what was told.

    Attributes:
        n_told: trials that it follows from.
        best: number of the trial that it takes for the best one; None if none succeeded.
        recommended: number of the trial whose point is recommended, if that is another one.
        recommended_value: its estimated value without noise.
        noise: deviation of the noise, where there is any.
        gain_left: by how much one more evaluation is expected to improve; None if nobody knows.
        seen: what the policy sees in the values, in words.
        band: ends of the interval that holds 95 % of the belief in the best point's value.
        parts: parts of the page, as their `document`.
        missing: why there is less than there might be; empty where nothing is missing.
        seconds: how long it took.
    """

    n_told: int = 0
    best: int | None = None
    recommended: int | None = None
    recommended_value: float | None = None
    noise: float | None = None
    gain_left: float | None = None
    seen: list[str] = field(default_factory=list)
    band: list[float] | None = None
    parts: list[dict[str, Any]] = field(default_factory=list)
    missing: str = ""
    seconds: float = 0.0


def make_model_view(path: Path) -> ModelView:
    """Work it out in this process.

    Args:
        path: a study that nobody else uses.

    Raises:
        StudyError: it cannot be read.
    """
    start = time.perf_counter()
    facts = RunFacts(StudyObserver(path).look())
    told, missing = facts.view.told, []
    found: dict[str, Any] = {"n_told": len(told)}
    with Study(path, resume=True) as study:
        try:
            result = study.result()
        except RnnbboError as error:  # its policy is not here
            missing.append(as_line(f"What the policy knows is not shown: {error}"))
        else:
            numbers = ("recommended_value", "noise", "gain_left", "seen")
            found |= {name: result[name] for name in numbers}
            if result.recommended is not None and result.recommended != result.x:
                points = [trial.x for trial in told]
                found["recommended"] = told[points.index(result.recommended)].number
    found["best"] = None if facts.best is None else facts.best.number
    if (~facts.data.failed).sum() < _LEAST:
        missing.append(f"A model needs {_LEAST} values at least.")
    else:
        found |= _pictures(facts, found.get("recommended"))
    seconds = time.perf_counter() - start
    return ModelView(**found, missing=" ".join(missing), seconds=seconds)


def _pictures(facts: RunFacts, recommended: int | None) -> dict[str, Any]:
    """Return slices through the best, or recommended, point, and importance."""
    data = facts.data
    shares = importance(data)
    parts = []
    surrogate = Surrogate.fit(data)
    found: dict[str, Any] = {}
    if surrogate.known and facts.best is not None:
        at = facts.best
        if recommended is not None:
            at = next(trial for trial in facts.view.told if trial.number == recommended)
        band = surrogate.band(data.space.place(at.x)[None])
        found["band"] = [float(band.low[0]), float(band.high[0])]
        name = facts.value_names[0]
        charts = slice_charts(data, slices(surrogate, at.x), [one.name for one in shares], name)
        text = [
            f"What the model believes of {name} along each parameter through the point of trial "
            f"{at.number}, all others held: the line is its median, 95 % of the belief lies in the "
            "band. Dots are trials, which differ in the other parameters, too; the dashed line is "
            "the point."
        ]
        parts.append(PagePart("slices", "Slices through the best point", text, charts).document)
    if shares:
        text = [
            f"Shares of the variance of {facts.value_names[0]} over the whole space (Sobol' "
            "indices), with the interval that holds 95 % of the belief."
        ]
        chart = importance_chart(shares)
        parts.append(PagePart("importance", "Importance", text, [chart]).document)
    return {**found, "parts": parts}


def model_view_apart(
    path: Path, *, patience_s: float | None = None, stopped: Callable[[], bool] = lambda: False
) -> ModelView:
    """Work it out in a process of its own, of the lowest priority, from a copy of the study.

    Args:
        path: the study, which others may be changing.
        patience_s: how long it may take; None for any time.
        stopped: whether nobody wants it any more.

    Returns:
        It; one that says what is missing where it could not be worked out.
    """
    environment = {**os.environ, **dict.fromkeys(_THREADS, "1")}
    end = None if patience_s is None else time.monotonic() + patience_s
    with copied_study(path) as copy:
        process = subprocess.Popen(
            [sys.executable, "-m", __spec__.name, str(copy)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            text=True,
            start_new_session=True,  # Ctrl-C is for the process that waits for it
        )
        while True:
            try:
                out, err = process.communicate(timeout=0.25)
                break
            except subprocess.TimeoutExpired:
                late = end is not None and time.monotonic() > end
                if late or stopped():
                    process.kill()
                    process.communicate()
                    why = f"it takes more than {patience_s:g} s" if late else "it was stopped"
                    return ModelView(missing=f"The model is not shown: {why}.")
            except BaseException:
                process.kill()
                process.communicate()
                raise
    if process.returncode:
        last = as_line(err.strip().rpartition("\n")[2] or f"exit code {process.returncode}")
        return ModelView(missing=f"The model is not shown: {last}")
    return ModelView(**json.loads(out))


_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not np.isfinite(value) else value


def _main() -> int:
    os.nice(19)
    try:
        made = make_model_view(Path(sys.argv[1]))
    except RnnbboError as error:
        print(one_line(error), file=sys.stderr)
        return 1
    json.dump(_plain(asdict(made)), sys.stdout, allow_nan=False)
    return 0


if __name__ == "__main__":
    sys.exit(_main())
