"""Files, options and arguments that are wrong: those that were found, and new ones."""

import json
import sys
from pathlib import Path

import pytest
from reliability_support import slow

sys.path.insert(0, str(Path(__file__).parents[2] / "tools"))
import fuzz

CORPUS = Path(__file__).parent / "corpus"
WRONG = "mutated space, plan and training files, options and hostile arguments"
HOLDS = "no traceback, no unnamed error, no control character said"


def found(kind):
    """The cases of a kind that were faults once."""
    listed = CORPUS / f"{kind}.json"
    if listed.exists():
        return [json.dumps(case).encode() for case in json.loads(listed.read_text())]
    return [path.read_bytes() for path in sorted((CORPUS / kind).glob("*"))]


def needs(kind):
    """Skip without the packages that reading such a file takes."""
    if kind in ("training", "options"):
        pytest.importorskip("torch")
        pytest.importorskip("matplotlib")


@pytest.mark.fault(WRONG, holds=HOLDS)
@pytest.mark.parametrize("kind", fuzz.KINDS)
def test_corpus(kind, figure):
    needs(kind)
    cases = found(kind)
    assert cases
    faults = [(case[:200], fault) for case in cases if (fault := fuzz.fault(kind, case))]
    assert not faults
    figure(f"{kind}, found once", len(cases))


@pytest.mark.fault(WRONG, holds=HOLDS)
@pytest.mark.parametrize(
    ("kind", "n"),
    [
        *[("spaces", 30), ("plans", 20), ("training", 20), ("options", 15), ("arguments", 30)],
        *[slow("spaces", 1700), slow("plans", 1700), slow("training", 1700)],
        *[slow("options", 2000), slow("arguments", 2000)],
    ],
)
def test_mutations(kind, n, figure):
    needs(kind)
    cases = [fuzz.draw(kind, 0, number) for number in range(n)]
    faults = [(case[:200], fault) for case in cases if (fault := fuzz.fault(kind, case))]
    assert not faults
    figure(f"{kind}, new", n)


@pytest.mark.fault(WRONG, holds=HOLDS)
def test_what_is_a_fault(monkeypatch, figure):
    def raising(error):
        def check(data):
            raise error

        return fuzz.Kind(lambda rng: b"", check)

    for error, words in (
        (TypeError("x"), "TypeError"),
        (SystemExit(1), "SystemExit"),
        (RecursionError(), "RecursionError"),
        (fuzz.RnnbboError("named"), None),
    ):
        monkeypatch.setitem(fuzz.KINDS, "spaces", raising(error))
        fault = fuzz.fault("spaces", b"")
        assert fault is None if words is None else words in fault
    figure("kinds of faults told apart", 4)
