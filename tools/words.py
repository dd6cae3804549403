"""List the words with several meanings in the public names of rnnbbo.

    python tools/words.py          # what is not allowed, with its places; exit status 1 if any
    python tools/words.py --all    # the allowed words too, each with its reason

A word is a public name, one that begins with no underscore: of a module or package, or of a class,
a function, a type or a constant (UPPER_CASE) at a module's top. It has several meanings where it is
defined in more than one place: `read` in three modules, two modules called rows.py, or a class or
function that differs from a module elsewhere in capitals alone (process.py and `Process`).

One meaning is counted once:
- a module, and what it holds under its own name (climb.py and `climb`, optuna_study.py and
  `OptunaStudy`), or a package and its module of that name (study/study.py);
- what is imported from elsewhere: it is defined there;
- a type that is defined in the same way twice (`Array = NDArray[np.float64]`);
- methods and attributes: the same name in several classes is a protocol (`ask`, `step`);
- what `core` holds: it is the same, compiled, and has its name;
- the commands of the command line, which are named as the user's verb, and their modules; and
  `main`, which Python's programs are called.
"""

import argparse
import ast
import sys
from collections import defaultdict
from collections.abc import Iterator
from glob import glob
from pathlib import Path
from typing import NamedTuple

PACKAGE = Path(__file__).resolve().parent.parent / "rnnbbo"

# Words that keep several meanings, and why.
ALLOWED: dict[str, str] = {
    "command": "every module of a measure defines it, and the registry calls it",
    "entries": "every module of a suite defines it, and the registry calls it",
    "gp": "Gaussian processes in both: samples to train and test on, and what policies stand on",
    "Optimizer": "integrations.skopt's stands in for skopt.Optimizer: the import alone changes",
    "section": "every module of a report's section defines it, and the report calls it",
    "unsearched": "every suite whose minima are searched defines it, and the search calls it",
}


class Definition(NamedTuple):
    """A place where a word is defined.

    Attributes:
        word: the name.
        kind: "module", "class", "function", "type" or "constant".
        module: the module's dotted name within rnnbbo; of a module, its own.
        value: of a type, what it stands for.
    """

    word: str
    kind: str
    module: str
    value: str = ""

    @property
    def group(self) -> str:
        """What the words have in common that may be taken for each other."""
        return self.word if self.kind == "constant" else self.word.lower().replace("_", "")

    @property
    def compiled(self) -> bool:
        """Whether it is of the compiled core."""
        return self.module.startswith("core.")

    def __str__(self) -> str:
        return f"{self.kind} {self.module}" + ("" if self.kind == "module" else f".{self.word}")


def is_command(node: ast.stmt) -> bool:
    """Tell whether a function is a command of click, or a group of them."""
    return isinstance(node, ast.FunctionDef) and any(
        ast.unparse(one).partition("(")[0].endswith((".command", ".group"))
        for one in node.decorator_list
    )


def defined(node: ast.stmt, module: str) -> Iterator[Definition]:
    """Yield what a statement at a module's top defines."""
    if isinstance(node, ast.ClassDef):
        yield Definition(node.name, "class", module)
    elif isinstance(node, ast.FunctionDef):
        if not is_command(node) and node.name != "main":
            yield Definition(node.name, "function", module)
    elif isinstance(node, (ast.Assign, ast.AnnAssign)):
        value = ast.unparse(node.value) if node.value else ""
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        for one in (inner for target in targets for inner in ast.walk(target)):
            if isinstance(one, ast.Name) and one.id.isupper():
                yield Definition(one.id, "constant", module)
            elif isinstance(one, ast.Name) and one.id[0].isupper():
                yield Definition(one.id, "type", module, value)


def definitions(package: Path) -> Iterator[Definition]:
    """Yield every definition of a public name in a package's folder."""
    # glob follows the links to functions/, cli/ and benchmarks/, which rglob does not.
    for path in sorted(glob(f"{package}/**/*.py", recursive=True)):
        parts = Path(path).relative_to(package).with_suffix("").parts
        parts = parts[:-1] if parts[-1] == "__init__" else parts
        module, body = ".".join(parts), ast.parse(Path(path).read_text()).body
        commands = {node.name for node in body if is_command(node)}  # type: ignore[attr-defined]
        if parts and not (parts[0] == "cli" and parts[-1] in {*commands, "main"}):
            yield Definition(parts[-1], "module", module)
        for node in body:
            yield from (one for one in defined(node, module) if not one.word.startswith("_"))


def same(one: Definition, other: Definition) -> bool:
    """Tell whether two definitions of a group are of one meaning, or of words told apart."""
    if one.compiled != other.compiled:
        return True
    if "module" not in (one.kind, other.kind):
        return one.word != other.word or one.value == other.value != ""
    return any(
        module.kind == "module" and f"{held.module}.".startswith(f"{module.module}.")
        for module, held in ((one, other), (other, one))
    )


def ambiguous(package: Path) -> dict[str, list[Definition]]:
    """Return words with several meanings, each with the places where it is defined."""
    groups: defaultdict[str, list[Definition]] = defaultdict(list)
    for one in definitions(package):
        groups[one.group].append(one)
    found = {}
    for places in groups.values():
        of_several = [
            one
            for i, one in enumerate(places)
            if any(not same(one, other) for other in places[:i] + places[i + 1 :])
        ]
        if of_several:
            found[of_several[0].word] = of_several
    return dict(sorted(found.items(), key=lambda item: item[0].lower()))


def main() -> int:
    """Read the options and print the words; return the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--all", action="store_true", help="the allowed words too")
    parser.add_argument("--package", type=Path, default=PACKAGE, help="another folder to look at")
    options = parser.parse_args()
    found = ambiguous(options.package)
    if options.all:
        for word in sorted(found.keys() & ALLOWED.keys()):
            print(f"allowed: {word}, since {ALLOWED[word]}")
    wrong = {word: places for word, places in found.items() if word not in ALLOWED}
    for word, places in wrong.items():
        print(f"{word}: {'; '.join(map(str, places))}")
    settled = ALLOWED.keys() - found.keys()
    for word in sorted(settled):
        print(f"{word}: allowed, and has one meaning now: take it from ALLOWED")
    print(f"{len(found)} words with several meanings, {len(found) - len(wrong)} of them allowed")
    return 1 if wrong or settled else 0


if __name__ == "__main__":
    sys.exit(main())
