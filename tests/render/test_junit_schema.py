"""JUnit files held against the strictest reading that is common: the XML schema of Ant's JUnit tasks."""

import re
from pathlib import Path

from lxml import etree

SUITE = {"name", "timestamp", "hostname", "tests", "failures", "errors", "time", "package", "id"}
OPTIONAL = {"skipped"}  # of later editions
STAMP = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}")


def faults(text: bytes) -> list[str]:
    """What Ant's schema has against a file; none for a valid one."""
    root = etree.fromstring(text)
    found = [] if root.tag == "testsuites" else [f"root {root.tag}"]
    found += [f"testsuites: {name}" for name in root.attrib]
    for number, suite in enumerate(root):
        found += _suite(number, suite)
    return found


def _suite(number: int, suite: etree._Element) -> list[str]:
    found = [f"testsuite: {name}" for name in SUITE ^ set(suite.attrib) if name not in OPTIONAL]
    found += [] if suite.get("id") == str(number) else [f"id {suite.get('id')}"]
    found += [] if STAMP.fullmatch(suite.get("timestamp", "")) else [f"timestamp {suite.get('timestamp')}"]
    found += [f"empty {name}" for name in ("name", "hostname") if not suite.get(name)]
    order = [child.tag for child in suite]
    cases = [child for child in suite if child.tag == "testcase"]
    if order != ["properties", *["testcase"] * len(cases), "system-out", "system-err"]:
        found.append(f"order {order[:2]} … {order[-2:]}")
    for case in cases:
        found += [f"testcase: {name}" for name in {"name", "classname", "time"} ^ set(case.attrib)]
        found += [] if len(case) <= 1 else ["testcase: more than one result"]
        for result in case:
            known = {"error", "failure", "skipped"}
            found += [] if result.tag in known else [f"result {result.tag}"]
            found += [] if result.get("type") or result.tag == "skipped" else [f"{result.tag}: no type"]
    for name in ("tests", "failures", "errors", "time"):
        found += [] if re.fullmatch(r"[0-9]+(\.[0-9]+)?", suite.get(name, "")) else [f"{name}: {suite.get(name)}"]
    return found


def test_a_report_s_junit_is_valid_for_ant(report: Path) -> None:
    """Every kind of case that a report has: met, missed, not enough data, deferred; hostile names."""
    assert faults((report / "report.junit.xml").read_bytes()) == []
