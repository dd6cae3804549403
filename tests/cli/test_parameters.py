import pytest

from rnnbbo.cli.parameters import read_parameters
from rnnbbo.errors import SpaceError
from rnnbbo.space import Categorical, Integer, Real, Space


def test_every_form_of_param():
    space = read_parameters(
        ["lr=float:1e-5:1e-1:log", "w=float:-1:1", "n=int:1:64", "k=int:1:9:log", "a=cat:x,y z,"],
        None,
    )
    assert space == Space(
        [
            Real(1e-5, 1e-1, "log-uniform", "lr"),
            Real(-1.0, 1.0, name="w"),
            Integer(1, 64, name="n"),
            Integer(1, 9, "log-uniform", "k"),
            Categorical(["x", "y z", ""], "a"),
        ]
    )


def test_categories_are_taken_as_they_are():
    nasty = ["; rm", "$(x)", "a\nb", "{}", "{x}", "cat:1", "=", " ", "\\", '"', "ü"]
    assert read_parameters(["a=cat:" + ",".join(nasty)], None).dimensions[0].categories == tuple(
        nasty
    )


def test_space_file_in_its_order_then_params(tmp_path):
    file = tmp_path / "space.toml"
    file.write_text(
        """
        lr = "float:1e-5:1e-1:log"
        act = "cat:relu,tanh"
        batch = { type = "cat", categories = [16, 32.5, true, "all, of it"] }
        [depth]
        type = "int"
        low = 1
        high = 8
        [decay]
        type = "float"
        low = 1e-6
        high = 1
        log = true
        """
    )
    assert read_parameters(["z=float:0:1"], str(file)) == Space(
        [
            Real(1e-5, 1e-1, "log-uniform", "lr"),
            Categorical(["relu", "tanh"], "act"),
            Categorical([16, 32.5, True, "all, of it"], "batch"),
            Integer(1, 8, name="depth"),
            Real(1e-6, 1.0, "log-uniform", "decay"),
            Real(0.0, 1.0, name="z"),
        ]
    )


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ([], "--param"),
        (["lr"], "NAME=float"),
        (["=float:0:1"], "parameter name"),
        (["a b=float:0:1"], "'a b'"),
        (["1a=float:0:1"], "'1a'"),
        (["lr=real:0:1"], "NAME=float"),
        (["lr=float:0"], "NAME=float"),
        (["lr=float:0:1:ln"], "NAME=float"),
        (["lr=float:0:1:log:2"], "NAME=float"),
        (["lr=float:a:1"], "two numbers"),
        (["lr=int:0.5:3"], "two integers"),
        (["lr=float:1:0"], "'lr': low = 1.0"),
        (["lr=float:1:1"], "all of it fixed"),
        (["lr=float:nan:1"], "finite"),
        (["lr=float:0:inf"], "finite"),
        (["lr=float:0:1:log"], "low > 0"),
        (["a=cat:"], "at least one"),
        (["a=cat:x"], "all of it fixed"),
        (["a=cat:x,x"], "'x' twice; expected distinct"),
        (["a=float:0:1", "a=int:0:1"], "'a'"),
    ],
)
def test_malformed_params(params, words):
    with pytest.raises(SpaceError) as hit:
        read_parameters(params, None)
    assert words in str(hit.value)
    assert "\n" not in str(hit.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("lr = ", "not TOML"),
        ("\xff", "not TOML"),
        ("", "empty"),
        ("lr = 3", "type"),
        ("lr = { low = 0, high = 1 }", "type"),
        ('lr = { type = "real", low = 0, high = 1 }', "type"),
        ('lr = { type = "float", low = 0 }', "low, high, log"),
        ('lr = { type = "float", low = 0, high = 1, prior = "log" }', "prior"),
        ('lr = { type = "float", low = "0", high = 1 }', "finite number"),
        ('lr = { type = "float", low = 0, high = 1, log = 1 }', "true or false"),
        ('lr = { type = "int", low = 0.5, high = 1 }', "integer"),
        ('lr = { type = "cat", categories = "ab" }', "categories"),
        ('lr = { type = "cat", categories = [1, [2]] }', "categories"),
        ('lr = { type = "cat", categories = [1, nan] }', "categories"),
        ('lr = "float:0"', "NAME=float"),
        ('"a b" = "float:0:1"', "'a b'"),
        ("lr = { type = [], low = 0, high = 1 }", "type"),
        ("lr = { type = { a = 1 } }", "type"),
        ("lr = " + "[" * 1200 + "]" * 1200, "not TOML (its brackets nest too deep)"),
        ("lr = " + ".".join("a" * 1500) + " = 1", "not TOML"),
        ("lr." + ".".join("a" * 1500) + " = 1", "type"),
        ("lr = " + "9" * 5000, "not TOML"),
        ("lr = { type = 'int', low = 1, high = 1" + "0" * 400 + " }", "2**40 values"),
        ("lr = { type = 'float', low = 1, high = 1" + "0" * 400 + " }", "finite number"),
        ('"a\\u001b[31m" = "float:0:1"', r"'a\x1b[31m'"),
        ('lr = { type = "cat", "\\u001b" = 1 }', r"\x1b"),
    ],
)
def test_malformed_space_files(tmp_path, text, words):
    file = tmp_path / "space.toml"
    file.write_bytes(text.encode("latin-1"))
    with pytest.raises(SpaceError) as hit:
        read_parameters([], str(file))
    assert words in str(hit.value)


def test_missing_space_file(tmp_path):
    with pytest.raises(SpaceError, match="No such file"):
        read_parameters([], str(tmp_path / "none.toml"))
