"""A page as one HTML document that asks nothing of the network."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from functools import cache
from importlib import resources
from importlib.util import find_spec
from typing import Any

from rnnbbo.errors import MissingExtraError

_PLACE = re.compile(r"\{\{(\w+)\}\}")


def require_plotly() -> None:
    """Make sure that what draws the charts is here.

    Raises:
        MissingExtraError: it is not.
    """
    if find_spec("plotly") is None:
        raise MissingExtraError(
            "a page needs plotly: pip install -c constraints.txt '.[view]', or pip install plotly"
        )


def html_document(document: dict[str, Any], title: str) -> str:
    """Return the page.

    Nothing but its own scripts runs in it, and it reaches nothing but who served it, if `live`:
    a policy in its head says so to the browser. Plotly's parallel coordinates compile code.

    Args:
        document: `content`, as `page_content` returns it, or None; `status`, in words; and of a
            live page `live` and `version`.
        title: its title.

    Raises:
        MissingExtraError: plotly is not installed.
    """
    plotly, script = _plotly(), _template("page.js")
    scripts = " ".join(f"'sha256-{_digest(one)}'" for one in (plotly, script))
    reached = "'self'" if document.get("live") else "'none'"
    policy = (
        f"default-src 'none'; script-src {scripts} 'unsafe-eval'; style-src 'unsafe-inline'; "
        f"img-src data: blob:; connect-src {reached}; form-action 'none'; base-uri 'none'"
    )
    filled = {
        "policy": policy,
        "title": html.escape(title),
        "style": _template("page.css"),
        "content": json_in_html(document),
        "plotly": plotly,
        "script": script,
    }
    return _PLACE.sub(lambda found: filled[found[1]], _template("page.html"))


def json_in_html(value: Any) -> str:
    """Return a value as JSON that ends no element, and begins none."""
    text = json.dumps(value, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


@cache
def _template(name: str) -> str:
    return (resources.files(__package__) / "templates" / name).read_text(encoding="utf-8")


@cache
def _plotly() -> str:
    require_plotly()
    from plotly.offline import get_plotlyjs

    text: str = get_plotlyjs()
    return text


@cache
def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
