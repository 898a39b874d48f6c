"""The formats of access logs, a module each: what a line looks like, and the SQL that cuts it into fields.

The next one is a module with a `Format` (its test and its SELECT), named in FORMATS; its round trip goes to
tests/calibration/test_formats.py and its line to the table in docs/calibration.md. Two are apart: `common.USUAL`, the
fast way for what most logs are, and `w3c`, whose lines only their header explains. `envelopes` takes off what carried
a line.
"""

from __future__ import annotations

from entsurge.calibration.formats.alb import ALB
from entsurge.calibration.formats.common import COMMON
from entsurge.calibration.formats.envoy import ENVOY
from entsurge.calibration.formats.haproxy import HAPROXY
from entsurge.calibration.formats.json_lines import JSON_LINES
from entsurge.calibration.formats.w3c import NAME as W3C

FORMATS = (JSON_LINES, ENVOY, COMMON, HAPROXY, ALB)
KNOWN = ", ".join((*(each.name for each in FORMATS), W3C))
