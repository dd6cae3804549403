"""Studies: histories of trials that survive a kill, and that processes share."""

from rnnbbo.study.history import StudyHistory
from rnnbbo.study.study import Study

__all__ = ["Study", "StudyHistory"]
