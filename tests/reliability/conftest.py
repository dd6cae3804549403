"""What these tests share: they report figures, which `tools/reliability.py` collects."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent / "support"))


@pytest.fixture
def figure(record_property):
    """Reports a measured figure: a name, and a value as it is to be read."""

    def report(name, value):
        record_property("figure", f"{name}: {value}")

    return report


@pytest.fixture(autouse=True)
def _fault(request, record_property):
    """Every test says which fault it is about, and what has to hold."""
    marker = request.node.get_closest_marker("fault")
    record_property("fault", marker.args[0])
    record_property("holds", marker.kwargs["holds"])
