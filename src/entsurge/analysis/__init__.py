"""From run directories to findings: objectives, degradation, continuity, verdict. Reads files alone."""

from entsurge.analysis.report import report
from entsurge.analysis.verdict import judge
from entsurge.record.reading.run import Run, read_run

__all__ = ["Run", "judge", "read_run", "report"]
