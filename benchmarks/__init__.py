"""Measuring and comparing optimizers: plans, runs, records, reports.

from rnnbbo import benchmarks

records = benchmarks.run("quick", "runs/quick", jobs=2)
page, summary = benchmarks.report(records)
columns = benchmarks.table(records)
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rnnbbo.benchmarks.coco import export as export_coco
    from rnnbbo.benchmarks.ioh import export_ioh
    from rnnbbo.benchmarks.own_result import record_result
    from rnnbbo.benchmarks.plan import Comparison, Plan
    from rnnbbo.benchmarks.record import table
    from rnnbbo.benchmarks.reports import report
    from rnnbbo.benchmarks.runner import PlanProgress, run

# Name -> module; each is imported when it is first used.
_MODULES = {
    "Comparison": "plan",
    "Plan": "plan",
    "PlanProgress": "runner",
    "export_coco": "coco",
    "export_ioh": "ioh",
    "record_result": "own_result",
    "report": "reports",
    "run": "runner",
    "table": "record",
}

__all__ = [
    "Comparison",
    "Plan",
    "PlanProgress",
    "export_coco",
    "export_ioh",
    "record_result",
    "report",
    "run",
    "table",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = import_module(f"{__name__}.{_MODULES[name]}")
    return getattr(module, "export" if name == "export_coco" else name)


def __dir__() -> list[str]:
    return sorted(__all__)
