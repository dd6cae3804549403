"""The server of a live page: who may read, and that nobody may write."""

import http.client
import json
import socket
import threading

import pytest

from rnnbbo import Study
from rnnbbo.errors import ConfigError, StudyError
from rnnbbo.webpage import html_file, live_page
from rnnbbo.webpage.live_page import LivePage
from rnnbbo.webpage.model_view import ModelView
from rnnbbo.webpage.page_server import PageServer, serve_page


@pytest.fixture
def server(tmp_path, monkeypatch):
    monkeypatch.setattr(html_file, "_plotly", lambda: "/* what draws */")
    monkeypatch.setattr(live_page, "model_view_apart", lambda path, stopped: ModelView(1))
    with Study(tmp_path / "s.db", [(0.0, 1.0)], rng=0, policy="lstm") as study:
        study.add([0.5], 2.0)
    server = PageServer(LivePage(tmp_path / "s.db"), "127.0.0.1", 0)
    thread = threading.Thread(target=serve_page, args=(server,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()


def ask(server, path, method="GET", **headers):
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=20)
    connection.request(method, path, headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer, body


def test_who_has_the_token_reads_the_page_and_what_has_changed(server, tmp_path):
    answer, body = ask(server, f"/?token={server.token}")
    assert answer.status == 200
    assert b"Take the point of trial 0" in body
    assert answer.headers["Cache-Control"] == "no-store"
    assert b"connect-src &#x27;self&#x27;" in body or b"connect-src 'self'" in body
    answer, body = ask(server, f"/data?token={server.token}&have=")
    news = json.loads(body)
    assert news["content"]["answer"]["headline"].startswith("Take the point of trial 0")
    answer, body = ask(server, f"/data?token={server.token}&have={news['version']}")
    again = json.loads(body)
    assert again["content"] is None or again["version"] != news["version"]
    assert again["status"].startswith("1 trial told")


@pytest.mark.parametrize(
    "path", ["/", "/?token=", "/?token=x", "/data?have=0", "/data?token=%C3%A9"]
)
def test_without_the_token_nothing_is_read(server, path):
    answer, body = ask(server, path)
    assert answer.status == 403
    assert b"trial" not in body


def test_another_name_of_this_machine_reads_nothing(server):
    path = f"/?token={server.token}"
    for name in ("example.org", f"example.org:{server.server_port}", "127.0.0.1.example.org", ""):
        answer, body = ask(server, path, Host=name)
        assert answer.status == 403, name
        assert b"trial" not in body
    for name in ("localhost", f"localhost:{server.server_port}", "127.0.0.1:1", "[::1]:80"):
        assert ask(server, path, Host=name)[0].status == 200, name


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_nothing_is_written(server, method):
    answer, _ = ask(server, f"/?token={server.token}", method)
    assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD")


def test_a_head_has_no_body_and_there_is_no_other_path(server):
    answer, body = ask(server, f"/?token={server.token}", "HEAD")
    assert (answer.status, body) == (200, b"")
    assert ask(server, f"/s.db?token={server.token}")[0].status == 404


def test_a_port_that_is_in_use_is_named(tmp_path, server):
    with pytest.raises(ConfigError, match=rf"--port = {server.server_port}, which is in use"):
        PageServer(server.page, "127.0.0.1", server.server_port)
    with pytest.raises(ConfigError, match=r"--host = 'no-such.invalid', where nothing can listen"):
        PageServer(server.page, "no-such.invalid", 0)


def test_it_listens_on_this_machine_alone(server):
    assert server.socket.getsockname()[0] == "127.0.0.1"
    assert server.socket.family == socket.AF_INET


def test_a_study_that_is_gone_is_said_to_be(server, tmp_path, monkeypatch):
    monkeypatch.setattr(live_page, "_PAUSE_S", 0.0)
    monkeypatch.setattr(live_page, "_SHARE", 0.0)
    ask(server, f"/data?token={server.token}&have=")
    (tmp_path / "s.db").unlink()
    monkeypatch.setattr(server.page, "_next_look", 0.0)
    news = json.loads(ask(server, f"/data?token={server.token}&have=1")[1])
    assert "there is no study" in news["error"]
    assert news["status"].startswith("1 trial told")


def test_what_is_no_study_is_refused_before_there_is_a_server(tmp_path):
    with pytest.raises(StudyError, match="there is no study"):
        LivePage(tmp_path / "s.db")
