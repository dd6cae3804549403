import pytest

from rnnbbo.cli.parameters import read_parameters
from rnnbbo.errors import SpaceError
from rnnbbo.space import Categorical, Fixed, Integer, Ordinal, Real, Space


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


def test_every_further_form_of_param():
    space = read_parameters(
        [
            "solver=cat:implicit,explicit",
            "n=int:16:256:step=8:when=solver=implicit",
            "z=float:0:1:step=.05:when=n>100:when=solver=implicit,explicit",
            "lr=float:1e-5:1e-1:log:when=n=24",
            "size=ord:16,32,64",
            "level=ord:low,mid,high:when=size>=32",
            "k=fix:5",
            "name=fix:adam:w",
            "c=cat:a:b,c:when=solver=explicit",
        ],
        None,
        ["n + size <= 300"],
    )
    implicit = {"solver": "implicit"}
    assert space == Space(
        [
            Categorical(["implicit", "explicit"], "solver"),
            Integer(16, 256, name="n", step=8, when=implicit),
            Real(0, 1, name="z", step=0.05, when={"n": ">100", "solver": ["implicit", "explicit"]}),
            Real(1e-5, 1e-1, "log-uniform", "lr", when={"n": "24"}),
            Ordinal([16, 32, 64], "size"),
            Ordinal(["low", "mid", "high"], "level", when={"size": ">=32"}),
            Fixed(5, "k"),
            Fixed("adam:w", "name"),
            Categorical(["a:b", "c"], "c", when={"solver": "explicit"}),
        ],
        "n + size <= 300",
    )


def test_every_further_form_of_a_space_file(tmp_path):
    file = tmp_path / "space.toml"
    file.write_text(
        """
        where = ["n * tol <= 1", "tol > 0"]
        flag = { type = "cat", categories = [true, false] }
        n = { type = "int", low = 0, high = 20, step = 5, when = { flag = true } }
        tol = { type = "ord", values = [0.1, 0.2, 0.4] }
        k = { type = "fix", value = "x", when = { n = [5, 10] } }
        m = "int:1:9:when=flag=false"
        """
    )
    assert read_parameters(["z=float:0:1"], str(file), ["z <= .5"]) == Space(
        [
            Categorical([True, False], "flag"),
            Integer(0, 20, name="n", step=5, when={"flag": True}),
            Ordinal([0.1, 0.2, 0.4], "tol"),
            Fixed("x", "k", when={"n": [5, 10]}),
            Integer(1, 9, name="m", when={"flag": "false"}),
            Real(0, 1, name="z"),
        ],
        ["n * tol <= 1", "tol > 0", "z <= .5"],
    )
    file.write_text('where = "a + b <= 1"\na = "float:0:1"\nb = "float:0:1"')
    assert read_parameters([], str(file)).where == ["a + b <= 1"]
    file.write_text('where = "float:0:1"')
    assert read_parameters([], str(file)) == Space([Real(0, 1, name="where")])


@pytest.mark.parametrize(
    ("params", "words"),
    [
        (["n=int:1:9:step=x"], "and step 'x'; expected two integers"),
        (["n=int:1:9:step="], "NAME=float"),
        (["n=int:1:9:step=2:step=2"], "NAME=float"),
        (["n=int:1:9:step=20"], "step = 20"),
        (["n=float:1:9:log:step=2"], "an Ordinal"),
        (["a=ord:"], "values = []"),
        (["a=cat:x,y", "n=int:1:9:when=a"], "when = 'a'; expected OTHER=VALUE"),
        (["a=cat:x,y", "n=int:1:9:when=a="], "when = 'a='; expected OTHER=VALUE"),
        (["a=cat:x,y", "n=int:1:9:when=a=x:when=a=y"], "each OTHER once"),
        (["a=cat:x,y", "n=int:1:9:when=a=z"], "when a = 'z'; expected one of 'x', 'y'"),
        (["a=cat:x,y", "n=int:1:9:when=b=x"], "expected the name of another dimension"),
        (["k=fix:3"], "all of it fixed"),
    ],
)
def test_malformed_further_forms(params, words):
    with pytest.raises(SpaceError) as hit:
        read_parameters(params, None)
    assert words in str(hit.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('where = [3]\nlr = "float:0:1"', "where = [3]; expected expressions"),
        ('where = "lr <"\nlr = "float:0:1"', "where = 'lr <'"),
        ('lr = { type = "ord", values = [[1]] }', "values = [[1]]; expected a list of texts"),
        ('lr = { type = "fix", value = [1] }', "value = [1]; expected a text, number or boolean"),
        ('lr = { type = "fix", values = 1 }', "keys = values; expected value, when"),
        ('lr = { type = "int", low = 1, high = 9, when = 3 }', "when = 3; expected"),
        ('lr = { type = "int", low = 1, high = 9, step = "a" }', "step = 'a'"),
    ],
)
def test_malformed_further_space_files(tmp_path, text, words):
    file = tmp_path / "space.toml"
    file.write_text(text)
    with pytest.raises(SpaceError) as hit:
        read_parameters([], str(file))
    assert words in str(hit.value)
