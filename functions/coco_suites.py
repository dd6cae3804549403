"""Problems of COCO's suites, from the package `coco-experiment` (the extra `bench`)."""

from collections.abc import Sequence
from typing import Any

from rnnbbo.errors import ConfigError, MissingExtraError

_DIMS = (2, 3, 5, 10, 20, 40)


def coco_problem(suite: str, function: int, dim: int, instance: int) -> tuple[Any, Any]:
    """Return COCO's object, and its suite, which has to live as long.

    Raises:
        MissingExtraError: coco-experiment is not installed.
    """
    try:
        from cocoex import Suite
    except ImportError as error:
        raise MissingExtraError(
            "the BBOB functions need coco-experiment, which is not installed: "
            "pip install -c constraints.txt '.[bench]'"
        ) from error
    which = f"dimensions:{dim} function_indices:{function} instance_indices:{instance}"
    made = Suite(suite, "", which)
    return made.get_problem(0), made


def require_known(
    function: int, dim: int, instance: int, functions: Sequence[int], instances: Sequence[int]
) -> None:
    """Make sure that a function is one of those that a suite has, and that may be taken.

    Raises:
        ConfigError: it is not.
    """
    for key, value, expected in (
        ("function", function, functions),
        ("dim", dim, _DIMS),
        ("instance", instance, instances),
    ):
        if value not in expected:
            raise ConfigError(f"{key} = {value!r}; expected one of {list(expected)}")
