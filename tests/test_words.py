"""One word, one meaning, over the public names of the package."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WORDS = ROOT / "tools" / "words.py"
MOST_ALLOWED = 9


def count(package: Path) -> subprocess.CompletedProcess[str]:
    """Run the count of words over a package."""
    return subprocess.run(
        [sys.executable, WORDS, "--all", "--package", package],
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_word_has_one_meaning_or_a_reason():
    done = count(ROOT / "rnnbbo")
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("allowed: ") <= MOST_ALLOWED


def test_a_word_of_two_meanings_is_found_with_its_places(tmp_path):
    (tmp_path / "rows.py").write_text("def read():\n    pass\n")
    (tmp_path / "study").mkdir()
    (tmp_path / "study" / "pages.py").write_text(
        "class Rows:\n    pass\n\n\ndef read():\n    pass\n\n\ndef _private():\n    pass\n"
    )
    done = count(tmp_path)
    assert done.returncode == 1
    assert "read: function rows.read; function study.pages.read" in done.stdout
    assert "rows: module rows; class study.pages.Rows" in done.stdout


def test_a_module_and_what_it_holds_under_its_name_are_one(tmp_path):
    (tmp_path / "climb.py").write_text("class Climb:\n    def step(self):\n        pass\n")
    (tmp_path / "study").mkdir()
    (tmp_path / "study" / "study.py").write_text(
        "class Study:\n    def step(self):\n        pass\n"
    )
    done = count(tmp_path)
    assert "climb" not in done.stdout
    assert "study:" not in done.stdout
