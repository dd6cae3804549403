"""A run in a notebook: the display alone, and in a kernel where there is one."""

import sys
from types import SimpleNamespace

import pytest

from rnnbbo import minimize
from rnnbbo.progress import cell_output

QUICK = {"policy": "lstm-direct", "rng": 0}


class Handle:
    """IPython's display of one output, as far as it is used."""

    def __init__(self):
        self.texts = []

    def display(self, data, raw, display_id):
        assert (raw, display_id) == (True, True)
        self.update(data, raw)
        return self

    def update(self, data, raw):
        assert raw
        self.texts.append(data)


@pytest.fixture
def handle(monkeypatch):
    """A notebook that keeps what is displayed."""
    made = Handle()
    shell = SimpleNamespace(kernel=object())
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    display = SimpleNamespace(display=made.display)
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    assert cell_output.is_notebook()
    return made


def test_one_output_shows_the_run_and_keeps_its_end(handle, capsys):
    minimize(lambda x: x[0] ** 2, [(-1.0, 2.0)], 5, verbose=True, **QUICK)
    first, last = handle.texts[0], handle.texts[-1]
    assert first["text/plain"].startswith("0 of 5 evaluations, no value yet; 1 running")
    assert last["text/plain"].startswith("5 of 5 evaluations in ")
    assert last["text/html"].startswith('<progress value="5" max="5"></progress> 5 of 5')
    assert capsys.readouterr() == ("", "")


def test_lines_are_printed_where_they_are_wanted(handle, capsys):
    minimize(lambda x: x[0] ** 2, [(-1.0, 2.0)], 5, verbose=2, **QUICK)
    lines = capsys.readouterr().out.splitlines()
    assert [f"trial {i}: " in line for i, line in enumerate(lines)] == [True] * 5


def test_a_terminal_with_ipython_is_no_notebook(monkeypatch):
    shell = SimpleNamespace(config={})
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    assert not cell_output.is_notebook()


@pytest.mark.slow
def test_in_a_kernel():
    nbclient, nbformat = pytest.importorskip("nbclient"), pytest.importorskip("nbformat")
    pytest.importorskip("ipykernel")
    source = (
        "import time\nfrom rnnbbo import minimize\n"
        "def slow(x):\n    time.sleep(1.5)\n    return x[0]\n"
        "res = minimize(slow, [(0.0, 1.0)], 2, policy='lstm-direct', rng=0, verbose=True)"
    )
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    updates = []

    class Client(nbclient.NotebookClient):
        def process_message(self, message, cell, index):
            if message["msg_type"] == "update_display_data":
                updates.append(message["content"]["data"]["text/plain"])
            return super().process_message(message, cell, index)

    Client(book, timeout=120).execute()
    (output,) = book.cells[0].outputs
    assert output["data"]["text/plain"].startswith("2 of 2 evaluations in ")
    # From the thread of the clock, during the first evaluation.
    assert updates[0].startswith("0 of 2 evaluations, no value yet; 1 running; 1.")
