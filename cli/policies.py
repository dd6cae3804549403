"""`rnnbbo policies`: the policies that ship, and how their weights were made."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import click

_HELP = """List policies, and how their weights were made.

NAME is a shipped policy, the path of a .safetensors file, or module:attribute, which names a
policy of your own; without one, all shipped policies are listed. `auto` is none by itself: it
chooses one for the run. `core` is what computes: numpy, or a level of the compiled core.

\b
Examples:
  rnnbbo policies
  rnnbbo policies dnc --json
  rnnbbo policies runs/mine.safetensors
"""


@click.command(help=_HELP)
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def policies(names: tuple[str, ...], as_json: bool) -> None:
    """Read the weights files, and print what they say of themselves."""
    from rnnbbo import auto, core, shipped

    computes = core.name()

    found: dict[str, dict[str, Any]] = {}
    for name in names or (auto.NAME, *shipped.available()):
        if name == auto.NAME:
            stages = {f"from {s.begins + 1} on": f"{s.name}: {s.why}" for s in auto.make_stages()}
            found[name] = {"about": auto.ABOUT, "plan": stages}
            continue
        loaded = shipped.load(name)
        count = sum(int(array.size) for array in loaded.params.values())
        found[name] = {"about": loaded.policy.about, **loaded.metadata, "weights": count}
    if as_json:
        click.echo(json.dumps({"schema_version": 1, "core": computes, "policies": found}))
        return
    if not found:
        click.echo("no policy is shipped with this installation", err=True)
    for name, metadata in found.items():
        lines = [f"  {key}: {value}" for key, value in _flat(metadata) if key != "name"]
        title = f"{name} (default)" if name == shipped.DEFAULT else name
        click.echo("\n".join([title, *lines]))
    click.echo(f"core: {computes}")


def _flat(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield keys and values of nested tables, as `outer.inner` and plain text."""
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value if isinstance(value, str) else json.dumps(value)
