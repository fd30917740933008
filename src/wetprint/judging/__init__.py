"""Judging: metrics, their contexts, the verdict in words, pictures and the report."""

from wetprint.judging.contexts import Evaluation, evaluate
from wetprint.judging.metrics import Scores
from wetprint.judging.report.content import Passage, ReportContent
from wetprint.judging.report.writing import write_report
from wetprint.judging.table import format_table
from wetprint.judging.verdict import Verdict, verdict

__all__ = [
    "Evaluation",
    "Passage",
    "ReportContent",
    "Scores",
    "Verdict",
    "evaluate",
    "format_table",
    "verdict",
    "write_report",
]
