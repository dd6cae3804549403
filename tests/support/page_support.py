"""A study whose names, categories and errors hold markup: what pages are tested with."""

import math

from rnnbbo import Study
from rnnbbo.dimensions import Categorical, Integer, Real

# Harmless, and shown as it is where a page takes texts for texts.
MARKED = "<b title='x'>bold</b> & <i>\"more\"</i>"
NAMES = ("rate", "layers", MARKED, "share")


def hostile_space() -> list:
    return [
        Real(1e-4, 1.0, "log-uniform", name=NAMES[0]),
        Integer(1, 8, name=NAMES[1]),
        Categorical(["plain", "<u>under</u>", "a & b", "1e5"], name=NAMES[2]),
        Real(0.0, 1.0, name=NAMES[3], when={NAMES[2]: "plain"}),
    ]


def fill(study: Study, count: int) -> None:
    for _ in range(count):
        trial = study.ask()
        value = (math.log10(trial.params[NAMES[0]]) + 2.0) ** 2 + trial.params[NAMES[1]]
        if trial.number % 5 == 3:
            study.tell(trial, None, error=f"RuntimeError: {MARKED} </script><u>gone</u>")
        else:
            study.tell(
                trial, value, constraints={"<mem>": trial.params[NAMES[1]] - 5.0}, seconds=0.01
            )
