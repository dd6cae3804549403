"""Chromium, driven by choreographer over the DevTools protocol, for tests of pages."""

from __future__ import annotations

import asyncio
import base64
import json
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

PATH = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
_PATIENCE_S = 180.0  # on a busy machine


class Browser:
    """A browser without a window, until it is closed."""

    def __init__(self) -> None:
        choreographer = pytest.importorskip("choreographer")
        if PATH is None:
            pytest.skip("needs chromium, chromium-browser or google-chrome on PATH")
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._browser = self.run(self._open(choreographer))

    async def _open(self, choreographer: Any) -> Any:
        return await choreographer.Browser(path=PATH)

    def run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_PATIENCE_S)

    @contextmanager
    def page(self, url: str, width: int = 1280, height: int = 900) -> Iterator[Page]:
        tab = self.run(self._browser.create_tab(""))
        page = Page(self, tab)
        page.begin(width, height)
        page.send("Page.navigate", url=url)
        page.wait("document.readyState === 'complete' && !!window.Plotly")
        try:
            yield page
        finally:
            self.run(self._browser.close_tab(tab.target_id))

    def close(self) -> None:
        self.run(self._browser.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class Page:
    """A page that is open.

    Attributes:
        requests: the addresses that it has asked for.
        problems: errors of its scripts, and what its policy has refused.
    """

    def __init__(self, browser: Browser, tab: Any) -> None:
        self._browser = browser
        self._tab = tab
        self.requests: list[str] = []
        self.problems: list[str] = []

    def begin(self, width: int, height: int) -> None:
        self._tab.subscribe("Network.requestWillBeSent", self._requested)
        self._tab.subscribe("Runtime.exceptionThrown", self._thrown)
        self._tab.subscribe("Log.entryAdded", self._logged)
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.send(f"{domain}.enable")
        self.resize(width, height)

    async def _requested(self, event: Any) -> None:
        self.requests.append(event["params"]["request"]["url"])

    async def _thrown(self, event: Any) -> None:
        self.problems.append(json.dumps(event["params"]["exceptionDetails"]))

    async def _logged(self, event: Any) -> None:
        entry = event["params"]["entry"]
        if entry["level"] == "error":
            self.problems.append(entry["text"])

    def send(self, command: str, **params: Any) -> Any:
        answer = self._browser.run(self._tab.send_command(command, params))
        assert "error" not in answer, answer
        return answer["result"]

    def resize(self, width: int, height: int) -> None:
        self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )

    def value(self, expression: str) -> Any:
        found = self.send(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def wait(self, expression: str, patience_s: float = _PATIENCE_S) -> Any:
        """Return the value of an expression as soon as it is true."""
        end = time.monotonic() + patience_s
        while True:
            found = self.value(expression)
            if found:
                return found
            assert time.monotonic() < end, f"never true: {expression}"
            time.sleep(0.03)

    def show(self, selector: str) -> None:
        self.value(f"document.querySelector({json.dumps(selector)}).scrollIntoView()")

    def box(self, selector: str) -> dict[str, float]:
        return self.value(
            f"(b => ({{x: b.x, y: b.y, width: b.width, height: b.height}}))"
            f"(document.querySelector({json.dumps(selector)}).getBoundingClientRect())"
        )

    def mouse(self, kind: str, x: float, y: float, **more: Any) -> None:
        self.send("Input.dispatchMouseEvent", type=kind, x=x, y=y, **more)

    def press(self, key: str, code: int) -> None:
        for kind in ("keyDown", "keyUp"):
            self.send(
                "Input.dispatchKeyEvent",
                type=kind,
                key=key,
                code=key,
                windowsVirtualKeyCode=code,
                **({"text": "\r"} if key == "Enter" and kind == "keyDown" else {}),
            )

    def picture(self, path: Path, *, whole: bool = False) -> None:
        shot = self.send("Page.captureScreenshot", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(shot["data"]))

    def printed(self, path: Path) -> None:
        made = self.send("Page.printToPDF", printBackground=True, preferCSSPageSize=False)
        path.write_bytes(base64.b64decode(made["data"]))
