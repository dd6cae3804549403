"""`rnnbbo study html` and `serve`: a study as a page, in a file or live."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

import click

from rnnbbo.cli.options import HintedCommand
from rnnbbo.errors import ConfigError
from rnnbbo.outputs import check_output, shortened

PORT = 8642

_FILE = click.argument("file", metavar="FILE")


@click.command(
    "html",
    cls=HintedCommand,
    short_help="Write a page that shows the study.",
    help="""Write one HTML file that shows the study, for a browser without a network.

The answer comes first: which point to take, how sure that is, what limits it, what to do next. Then
convergence, slices through the best point, parallel coordinates, importance, the front and
constraints where there are any, a time line of the workers, and the table of trials.

\b
Examples:
  rnnbbo study html run.db -o run.html
  rnnbbo study html run.db -o run.html --no-model

It can be written while others work on the study, and keeps none of them waiting. It needs plotly
(the extra view).
""",
)
@_FILE
@click.option(
    "--output", "-o", metavar="FILE", help="Write to this file.  [default: FILE, ending in .html]"
)
@click.option(
    "--no-model", is_flag=True, help="Leave out what takes long: slices, importance, noise."
)
def html(file: str, output: str | None, no_model: bool) -> None:
    """Write the file whole, or not at all."""
    from rnnbbo.cli.streams import say
    from rnnbbo.study.observer import StudyObserver
    from rnnbbo.webpage.html_file import html_document, require_plotly
    from rnnbbo.webpage.model_view import ModelView, model_view_apart
    from rnnbbo.webpage.page_content import page_content, status_text

    require_plotly()
    path = Path(file)
    target = Path(path.with_suffix(".html") if output is None else output)
    with contextlib.suppress(OSError):
        if os.path.samefile(target, path):
            raise ConfigError(
                f"--output = {shortened(str(target))}, which is the study itself; expected another"
            )
    check_output("--output", target, beside=".part")
    begun = time.monotonic()
    view = StudyObserver(path).look()
    model = ModelView(len(view.told), missing="The model was left out (--no-model).")
    if not no_model:
        say(f"{file}: {len(view.told)} trials; working out what a model makes of them")
        model = model_view_apart(path)
    now = time.time()
    at = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(now))
    document = {
        "content": page_content(view, model, now),
        "status": f"As of {at}: {status_text(view, now)}",
    }
    text = html_document(document, path.name)
    part = Path(f"{target}.part")
    part.write_text(text, "utf-8", errors="backslashreplace")
    part.replace(target)
    size = target.stat().st_size / 1e6
    click.echo(
        f"{target}: {len(view.told)} trials, {size:.1f} MB, {time.monotonic() - begun:.1f} s",
        err=True,
    )


@click.command(
    "serve",
    cls=HintedCommand,
    short_help="Show the study in a browser, live.",
    help="""Show the page of `rnnbbo study html` live, while the run goes on, until Ctrl-C.

It reads the study without a lock, and writes nothing: the run does not notice. The page is for this
machine alone, and for who has the address with its token. On another machine, forward the port:
ssh -L 8642:127.0.0.1:8642 HOST.

\b
Examples:
  rnnbbo study serve run.db
  rnnbbo study serve run.db --port 0
""",
)
@_FILE
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=PORT,
    show_default=True,
    help="The port; 0 for any that is free.",
)
@click.option(
    "--host",
    metavar="ADDRESS",
    default="127.0.0.1",
    show_default=True,
    help="Listen at this address: at another one, other machines can read the study.",
)
@click.option("--no-token", is_flag=True, help="Let whoever reaches the address read the page.")
def serve(file: str, port: int, host: str, no_token: bool) -> None:
    """Serve until an interrupt, which is how it ends."""
    from rnnbbo.cli.signals import RunSignals
    from rnnbbo.cli.streams import say
    from rnnbbo.webpage import page_server
    from rnnbbo.webpage.html_file import require_plotly
    from rnnbbo.webpage.live_page import LivePage

    require_plotly()
    page = LivePage(Path(file))
    try:
        server = page_server.PageServer(page, host, port, token=not no_token)
    except BaseException:
        page.close()
        raise
    if not page_server.is_loopback(host):
        say(f"Warning: --host = {host}: other machines can reach this page")
    click.echo(server.url)
    say(f"{file} is shown there; Ctrl-C ends it")
    with contextlib.suppress(KeyboardInterrupt), RunSignals():
        page_server.serve_page(server)
    say("ended")
