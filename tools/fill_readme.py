"""Write the measured tables into README.md: python tools/fill_readme.py.

A block from `<!-- results: NAME -->` to `<!-- end of results -->` gets the text and tables of
benchmarks/results/NAME.json.
"""

import re
from pathlib import Path

from rnnbbo.benchmarks.reports import markdown, stored

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"


def filled(readme: str) -> str:
    """Return the README with every block of results filled again.

    Raises:
        RecordError: there is no such result.
    """

    def block(match: re.Match[str]) -> str:
        measured = markdown.to_markdown(stored.read_tables(RESULTS / f"{match[1]}.json"), level=3)
        return f"<!-- results: {match[1]} -->\n{measured}<!-- end of results -->"

    pattern = r"<!-- results: (\w+) -->\n.*?<!-- end of results -->"
    return re.sub(pattern, block, readme, flags=re.DOTALL)


def fill() -> None:
    """Write the README again."""
    path = ROOT / "README.md"
    path.write_text(filled(path.read_text()))


if __name__ == "__main__":
    fill()
