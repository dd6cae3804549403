"""A page as one document."""

import json
import re

import pytest

from rnnbbo.errors import MissingExtraError
from rnnbbo.webpage import html_file
from rnnbbo.webpage.html_file import html_document, json_in_html


def test_json_in_a_page_ends_no_element_and_stays_the_same():
    value = {"</script><!--": ["<b>&amp;</b>", "\u2028", 1.5, None]}
    text = json_in_html(value)
    assert not set("<>&") & set(text)
    assert json.loads(text) == value


def test_only_its_own_scripts_run_and_nothing_is_reached(monkeypatch):
    monkeypatch.setattr(html_file, "_plotly", lambda: "/* what draws */")
    document = {"content": None, "status": "{{script}} <b>"}
    page = html_document(document, "<u>run</u>.db")
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', page)
    assert "default-src 'none'" in policy
    assert "connect-src 'none'" in policy
    assert policy.count("sha256-") == 2
    assert "<title>&lt;u&gt;run&lt;/u&gt;.db</title>" in page
    assert "{{script}}" in page  # of the document, not filled in
    assert "connect-src 'self'" in html_document({**document, "live": True}, "run.db")


def test_without_plotly_the_extra_is_named(monkeypatch):
    monkeypatch.setattr(html_file, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"needs plotly: pip install .*\.\[view\]"):
        html_file.require_plotly()
