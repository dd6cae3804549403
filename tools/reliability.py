"""Write docs/reliability.md: run the tests of reliability, the long ones too, and collect figures.

    python tools/reliability.py
    python tools/reliability.py tests/reliability/test_studies.py   # the rows of these tests alone

All of them take the better part of an hour of one core. Nothing is written unless every test
passes.
"""

import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "docs" / "reliability.md"

HEAD = """# Reliability

What can go wrong, what has to hold then, and what was measured. Each row is one or more tests, in a
short version that every change must pass, and a long one, whose figures these are:

```bash
pytest tests/reliability -m ''      # all of them
python tools/reliability.py         # the same, and this page
```

| fault | to hold | measured | tests |
|---|---|---|---|
"""


@dataclass
class Row:
    """A fault.

    Attributes:
        holds: what has to hold.
        figures: what was measured, in the order of the tests.
        tests: where they are: file and function.
    """

    holds: str
    figures: list[str] = field(default_factory=list)
    tests: list[str] = field(default_factory=list)


def read(report: Path) -> dict[str, Row]:
    """Return the faults of a JUnit report, by name, in the order of the tests.

    Where a test has a short and a long version, the figures are those of the long one. What an
    expected failure leaves open is said.
    """
    rows: dict[str, Row] = {}
    figures: dict[tuple[str, str], dict[str, list[str]]] = {}
    for case in ElementTree.parse(report).iter("testcase"):
        found: dict[str, list[str]] = {}
        for item in case.iter("property"):
            found.setdefault(item.get("name", ""), []).append(item.get("value", ""))
        if "fault" not in found:
            continue
        fault = found["fault"][0]
        row = rows.setdefault(fault, Row(found["holds"][0]))
        function = case.get("name", "").partition("[")[0]
        place = f"{case.get('classname', '').replace('.', '/')}.py::{function}"
        if place not in row.tests:
            row.tests.append(place)
        # A figure's name tells parameters apart; what comes later is the longer version.
        known = figures.setdefault((fault, place), {})
        for figure in found.get("figure", []):
            known[figure.rpartition(": ")[0]] = [figure]
        skipped = case.find("skipped")
        if skipped is not None and skipped.get("type") == "pytest.xfail":
            known["xfail"] = [f"**does not hold yet:** {skipped.get('message')}"]
    for (fault, _), known in figures.items():
        rows[fault].figures += [figure for one in known.values() for figure in one]
    return rows


def lines_of(rows: dict[str, Row]) -> dict[str, str]:
    """Return the page's lines, by fault."""
    lines = {}
    for fault, row in rows.items():
        tests = "<br>".join(f"`{test}`" for test in row.tests)
        lines[fault] = f"| {fault} | {row.holds} | {'<br>'.join(row.figures)} | {tests} |"
    return lines


def main(tests: list[str]) -> int:
    """Run tests and write the page; where only some are run, other rows stay as they are."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        wanted = tests or ["tests/reliability"]
        command = ["pytest", *wanted, "-m", "", "-q", f"--junit-xml={report}"]
        done = subprocess.run([*command, "-o", "junit_family=xunit1"], cwd=ROOT, check=False)
        if done.returncode:
            return done.returncode
        lines = lines_of(read(report))
    if tests:
        kept = TARGET.read_text().removeprefix(HEAD).splitlines()
        known = {line.removeprefix("| ").partition(" | ")[0]: line for line in kept}
        lines = known | lines
    TARGET.write_text(HEAD + "\n".join(lines.values()) + "\n")
    print(f"wrote {TARGET}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
