"""From run directories to findings: objectives, degradation, continuity, verdict. Reads files alone."""

from entsurge.analysis.report_data import report_data
from entsurge.analysis.verdict import Verdict, judge
from entsurge.record.reading.run import Run, read_run

__all__ = ["Run", "Verdict", "judge", "read_run", "report_data"]
