"""Studies: histories of trials that survive a kill, and that processes share."""

from rnnbbo.study.earlier import is_study_file, read_prior, told_in
from rnnbbo.study.study import Study
from rnnbbo.study.study_history import StudyHistory

__all__ = ["Study", "StudyHistory", "is_study_file", "read_prior", "told_in"]
