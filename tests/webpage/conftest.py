"""Studies that pages are made of."""

from pathlib import Path

import pytest
from page_support import fill, hostile_space

from rnnbbo import Study


@pytest.fixture(scope="session")
def hostile_study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study whose names, categories and errors hold markup; 24 trials, one of them running."""
    path = tmp_path_factory.mktemp("hostile") / "run <b>.db"
    study = Study(path, hostile_space(), rng=0, policy="kernel")
    fill(study, 22)
    study.add([0.5, 8, "a & b", None], 20.0, constraints={"<mem>": 3.0})
    study.ask()
    study.close()
    return path
