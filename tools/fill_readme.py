"""Copy the first table of each measured result into README.md: python tools/fill_readme.py."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def first_table(text: str) -> str:
    """Everything up to the end of the first Markdown table."""
    lines = text.splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("|"))
    rows = [i for i, line in enumerate(lines) if i >= start and not line.startswith("|")]
    return "\n".join(lines[: rows[0] if rows else None]).strip()


def filled(readme: str) -> str:
    """Return the README with every block between `<!-- results: NAME -->` and its end made anew."""

    def block(match: re.Match[str]) -> str:
        measured = (ROOT / "benchmarks" / "results" / f"{match[1]}.md").read_text()
        return f"<!-- results: {match[1]} -->\n{first_table(measured)}\n<!-- end of results -->"

    pattern = r"<!-- results: (\w+) -->\n.*?<!-- end of results -->"
    return re.sub(pattern, block, readme, flags=re.DOTALL)


def fill() -> None:
    """Write the README anew."""
    path = ROOT / "README.md"
    path.write_text(filled(path.read_text()))


if __name__ == "__main__":
    fill()
