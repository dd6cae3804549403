"""Configuration of the documentation: sphinx-build -W -b html docs docs/_build/html."""

from docutils import nodes
from sphinx.application import Sphinx

from rnnbbo import __version__

project = "rnnbbo"
author = "the rnnbbo authors"
copyright = author
release = version = __version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.doctest",
    "sphinx-mathjax-offline",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "sphinx_click",
    "sphinx_design",
]
exclude_patterns = ["_build"]
myst_enable_extensions = ["colon_fence", "dollarmath"]
myst_heading_anchors = 3

# Options begin with two hyphens, not with a dash.
smartquotes = False

html_theme = "furo"
html_title = f"rnnbbo {release}"
html_static_path = ["_static"]
html_css_files = ["site.css"]

# Single backticks of the docstrings mean code.
default_role = "code"
maximum_signature_line_length = 80

autodoc_member_order = "bysource"
autodoc_mock_imports = ["ray", "mlflow"]  # large, and in the extra `all` neither
autodoc_typehints = "signature"
autodoc_default_options = {"members": True}
napoleon_google_docstring = True
napoleon_numpy_docstring = False
# Attributes are described in the docstrings of their classes.
napoleon_use_ivar = True

# Only what is marked as a test is run: other blocks show what takes long.
doctest_test_doctest_blocks = ""
doctest_global_setup = """
import os
import tempfile
import warnings

warnings.simplefilter("ignore")
os.chdir(tempfile.mkdtemp())
"""


def set_dashes(app: Sphinx, document: nodes.document) -> None:
    """Put a dash between a parameter and its description, which Sphinx parts by two hyphens."""
    for text in list(document.findall(nodes.Text)):
        if text.astext() == " -- ":
            text.parent.replace(text, nodes.Text(" \N{EN DASH} "))


def setup(app: Sphinx) -> None:
    """Let Sphinx call us once it has read a page."""
    app.connect("doctree-read", set_dashes)
