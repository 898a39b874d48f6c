"""What stands around a line that something else carried: syslog, container logs, JSON with the line in a field."""

from __future__ import annotations

from entsurge.calibration.sql import text

_INSTANT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)"
_TAG = r'[A-Za-z_/(.-][^\s\[\]:"{]*(?:\[\d+\])?: +'
_HOST = r'[^\s\["{]+'
_STRUCTURED = r'(?:-|(?:\[(?:[^\]\\"]|\\.|"(?:[^"\\]|\\.)*")*\])+)'

PREFIXES = {
    "Kubernetes (CRI)": rf"^{_INSTANT} (?:stdout|stderr) [FP] ",
    "kubectl logs": r"^\[pod/[^\]]+\] ",
    "docker compose": r"^[\w.-]+ +\| ?",
    "syslog (RFC 5424)": rf"^(?:\d+ )?<\d{{1,3}}>\d{{1,2}} \S+ \S+ \S+ \S+ \S+ {_STRUCTURED} ?\x{{FEFF}}?",
    "syslog (RFC 3164)": (
        r"^(?:<\d{1,3}>)?[^\s\d<]{3,6} +\d{1,2}(?: \d{4})? \d\d:\d\d:\d\d(?:\.\d+)? "
        rf"(?:(?:{_HOST} )?{_TAG}|{_HOST} )"
    ),
    "syslog": rf"^(?:<\d{{1,3}}>)?{_INSTANT} {_HOST} {_TAG}",
    "dated lines": rf"^{_INSTANT} ",
}
"""What may precede a line, by the name it is told by."""

_FIELDS = ("log", "message", "MESSAGE", "msg", "textPayload", "short_message", "line", "_raw", "event.original")
_PATHS = ", ".join(text(f'$."{name}"') for name in _FIELDS)
_CARRIES = text(rf'"(?:{"|".join(_FIELDS)})"\s*:\s*"')
_CARRIED = text(r'^\s*\{|"[A-Z]+ [^"]*HTTP/')  # JSON, or a request between quotes


UNCOLOURED = r"regexp_replace(line, '\x1b\[[0-9;]*m', '', 'g')"
"""A line without the colours that are meant for a terminal."""


def unwrap(rows: str) -> str:
    """A SELECT of `number, line, envelope`: the lines of a table without what is around them, and what that was."""
    named = " ".join(f"WHEN regexp_matches(line, {text(of)}) THEN {text(name)}" for name, of in PREFIXES.items())
    cut = " ".join(f"WHEN {text(name)} THEN regexp_replace(line, {text(of)}, '')" for name, of in PREFIXES.items())
    return f"""
        SELECT number, ltrim(CASE WHEN carried IS NOT NULL THEN rtrim(carried, chr(10) || chr(13))
                                  WHEN found IS NOT NULL THEN CASE found {cut} END ELSE line END) AS line,
               CASE WHEN found IS NULL THEN envelope WHEN envelope = '' THEN found
                    ELSE envelope || ', ' || found END AS envelope
        FROM (SELECT *, CASE WHEN carried IS NOT NULL THEN 'JSON of containers' WHEN line NOT LIKE '{{%'
                             THEN CASE {named} END END AS found
              FROM (SELECT *, CASE WHEN line LIKE '{{%' AND regexp_matches(line, {_CARRIES}) THEN
                              list_filter(json_extract_string(try_cast(line AS JSON), [{_PATHS}]),
                                          lambda x: regexp_matches(x, {_CARRIED}))[1] END AS carried FROM {rows}))
    """
