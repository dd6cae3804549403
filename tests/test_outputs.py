import os
import subprocess
import sys
import tempfile

import pytest

from rnnbbo.errors import ConfigError
from rnnbbo.outputs import check_output, check_output_folder

LONG = "a" * 300


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("kept")
    (tmp_path / "folder").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "No such file"),
        ("folder", "Is a directory"),
        ("none/x.csv", "No such file"),
        ("file/x.csv", "Not a directory"),
        (LONG, "File name too long"),
        ("x" * 252, "File name too long"),  # so is the name of the temporary file alone
        ("folder/" * 1000, "File name too long"),
        ("x\0y", "null byte"),
        ("/proc/x", "No such file"),  # nobody may write there, not even root
    ],
)
def test_a_file_that_cannot_be_written_is_refused(folder, name, reason):
    with pytest.raises(ConfigError, match=f"(?s)^-o = .*cannot be written .*{reason}") as refused:
        check_output("-o", name, beside=".tmp")
    assert len(str(refused.value)) < 300


def test_what_can_be_written_is_left_as_it_was(folder):
    os.symlink("target", "dangling")
    os.mkfifo("pipe")
    before = sorted(os.listdir())
    for name in ("file", "new", "folder/new", "dangling", "pipe", os.devnull):
        check_output("-o", name)
    for name in ("", "folder", "new", "new/deep/down", "file/..", ".."):
        check_output_folder("--out", name)
    assert sorted(os.listdir()) == before
    assert os.listdir("folder") == []
    assert (folder / "file").read_text() == "kept"


@pytest.mark.parametrize(
    ("name", "file", "reason"),
    [
        ("file", "", "Not a directory"),
        ("file/x", "", "Not a directory"),
        (f"new/{LONG}", "", "File name too long"),
        ("new", LONG, "File name too long"),
        ("/proc/x", "", "No such file"),
    ],
)
def test_a_folder_that_cannot_be_made_is_refused(folder, name, file, reason):
    before = sorted(os.listdir())
    with pytest.raises(ConfigError, match=f"^--out = .*nothing can be written .*{reason}"):
        check_output_folder("--out", name, file)
    assert sorted(os.listdir()) == before


def test_permissions_count():
    """As another user, since root may write everywhere."""
    code = (
        "import os, sys\n"
        "from rnnbbo.outputs import check_output, check_output_folder\n"
        "from rnnbbo.errors import ConfigError\n"
        "if os.getuid() == 0:\n"
        "    os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        "for check, name in ((check_output, 'x'), (check_output_folder, 'y')):\n"
        "    for where in ('closed', 'readable', 'searchable'):\n"
        "        try:\n"
        "            check('-o', where + '/' + name)\n"
        "        except ConfigError as error:\n"
        "            assert 'Permission denied' in str(error), error\n"
        "            print(where)\n"
    )
    # The folder of the test is closed to others.
    with tempfile.TemporaryDirectory() as place:
        os.chmod(place, 0o755)
        for name, mode in (("closed", 0o000), ("readable", 0o444), ("searchable", 0o555)):
            os.mkdir(f"{place}/{name}")
            os.chmod(f"{place}/{name}", mode)
        command = [sys.executable, "-c", code]
        done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=place)
    assert done.stdout.split() == ["closed", "readable", "searchable"] * 2
