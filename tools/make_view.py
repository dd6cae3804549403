"""Build .view/rnnbbo, a folder of links in which the mapped packages lie where imports find them.

The folders `functions`, `cli` and `benchmarks` are packages of `rnnbbo` by a mapping in
pyproject.toml, which static tools do not follow: run from the root they skip those packages
and report success. Run them inside `.view` instead.
"""

import shutil
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def make_view(root: Path = ROOT) -> Path:
    """Build the view anew and return its folder.

    Args:
        root: the folder that holds pyproject.toml.
    """
    view = root / ".view"
    shutil.rmtree(view / "rnnbbo", ignore_errors=True)  # and keep the tools' caches
    setuptools = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["setuptools"]
    folders = setuptools["package-dir"]
    for package in setuptools["packages"]:
        # The longest mapped package that it lies in; one maps the root package at the least.
        top = max((f for f in folders if f"{package}.".startswith(f"{f}.")), key=len)
        source = root.joinpath(folders[top], *package.removeprefix(top).split("."))
        target = view.joinpath(*package.split("."))
        target.mkdir(parents=True)
        # Files are linked one by one, because the tools do not walk into linked folders.
        for file in [*source.glob("*.py"), *source.glob("py.typed")]:
            (target / file.name).symlink_to(file)
    return view


if __name__ == "__main__":
    print(make_view())
