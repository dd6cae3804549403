"""The server of a live page: for this machine alone, reading only, and by a token."""

from __future__ import annotations

import errno
import hmac
import ipaddress
import json
import secrets
import socket
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from rnnbbo.errors import ConfigError
from rnnbbo.webpage.live_page import LivePage

LOOPBACK = "127.0.0.1"
_PATIENCE_S = 10.0  # with a request that comes slowly


class PageServer(ThreadingHTTPServer):
    """Serves one page, and what has changed of it, to whoever has the token.

    Args:
        page: the page.
        host: the address to listen at.
        port: the port; 0 for any that is free.
        token: whether a token is asked for.

    Attributes:
        url: where the page is, the token included.

    Raises:
        ConfigError: nothing can listen there.
    """

    daemon_threads = True

    def __init__(self, page: LivePage, host: str, port: int, *, token: bool = True) -> None:
        self.page = page
        self.token = secrets.token_urlsafe(16) if token else ""
        self.host = host
        if ":" in host:
            self.address_family = socket.AF_INET6
        try:
            super().__init__((host, port), _Handler)
        except OSError as error:
            raise _refused(host, port, error) from None
        shown = f"[{host}]" if ":" in host else host
        query = f"?token={self.token}" if token else ""
        self.url = f"http://{shown}:{self.server_address[1]}/{query}"

    def server_bind(self) -> None:
        """Listen, without asking a name server for this machine's name."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = self.host, self.server_address[1]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Pass over a browser that has gone."""

    def knows_host(self, given: str | None) -> bool:
        """Tell whether a request's Host header names this server.

        Another site's name may lead here, by a name server that answers so; its pages are to read
        nothing.
        """
        try:
            name = urlsplit(f"//{given or ''}").hostname or ""
        except ValueError:
            return False
        if is_loopback(self.host):
            return name == "localhost" or is_loopback(name)
        return name in ("localhost", self.host, socket.gethostname()) or _is_address(name)

    def knows_token(self, given: str) -> bool:
        """Tell whether a request may read the page."""
        return hmac.compare_digest(given.encode(), self.token.encode())


def is_loopback(host: str) -> bool:
    """Tell whether an address is this machine's own, which no other one reaches."""
    return host == "localhost" or (_is_address(host) and ipaddress.ip_address(host).is_loopback)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _refused(host: str, port: int, error: OSError) -> ConfigError:
    if error.errno == errno.EADDRINUSE:
        return ConfigError(
            f"--port = {port}, which is in use; expected a free one, or 0 for any that is free"
        )
    if error.errno == errno.EACCES:
        return ConfigError(f"--port = {port}, which is not allowed; expected one above 1023")
    return ConfigError(
        f"--host = {host!r}, where nothing can listen ({error.strerror or error}); expected an "
        f"address of this machine, such as {LOOPBACK}"
    )


class _Handler(BaseHTTPRequestHandler):
    server: PageServer
    server_version = "rnnbbo"
    sys_version = ""
    timeout = _PATIENCE_S

    def do_GET(self) -> None:
        where = urlsplit(self.path)
        query = parse_qs(where.query, max_num_fields=8)
        one = {name: values[-1] for name, values in query.items()}
        if not self.server.knows_host(self.headers.get("Host")):
            self._refuse(HTTPStatus.FORBIDDEN, "this address is not the server's own")
        elif not self.server.knows_token(one.get("token", "")):
            self._refuse(HTTPStatus.FORBIDDEN, "open the address that rnnbbo study serve printed")
        elif where.path == "/":
            self._answer("text/html; charset=utf-8", self.server.page.document())
        elif where.path == "/data":
            self._answer("application/json", self.server.page.news(one.get("have", "")))
        else:
            self._refuse(HTTPStatus.NOT_FOUND, "there is nothing but /")

    do_HEAD = do_GET

    def _refuse(self, status: HTTPStatus, why: str) -> None:
        self._send(status, "application/json", json.dumps({"error": why}))

    def _answer(self, kind: str, text: str) -> None:
        self._send(HTTPStatus.OK, kind, text)

    def _send(self, status: HTTPStatus, kind: str, text: str, **more: str) -> None:
        body = text.encode("utf-8", "backslashreplace")
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("X-Frame-Options", "DENY")
        self.send_header("Cross-Origin-Resource-Policy", "same-origin")
        for name, value in more.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer what is malformed, or would write: nothing here can be written."""
        self.close_connection = True
        if code == HTTPStatus.NOT_IMPLEMENTED:
            status, allowed = HTTPStatus.METHOD_NOT_ALLOWED, {"Allow": "GET, HEAD"}
            self._send(status, "application/json", '{"error": "reading only"}', **allowed)
        else:
            self._send(HTTPStatus(code), "application/json", json.dumps({"error": message or ""}))

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing of requests."""


def serve_page(server: PageServer) -> None:
    """Serve until an interrupt, and end what was begun."""
    try:
        server.serve_forever(poll_interval=0.2)
    finally:
        server.server_close()
        server.page.close()
