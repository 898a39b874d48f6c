"""Rules and dashboard: well formed, tested, and using no series that does not exist."""

import json
import re
import socket
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import yaml

from entsurge.metrics.exporter import Exporter
from entsurge.record.recorder import Fold
from entsurge.record.schema import Key

DEPLOY = Path(__file__).parents[2] / "deploy"
RULES = DEPLOY / "prometheus" / "entsurge.rules.yml"
DASHBOARD = DEPLOY / "grafana" / "entsurge.json"
MANIFEST = {
    "profile": "p", "scale": "1", "compression": 1.0, "phases": [{"name": "warm-up"}, {"name": "surge"}],
    "objectives": [
        {"persona": "*", "service": "*", "phase": "surge", "must": "p95 < 100ms"},
        {"persona": "student", "service": "homework", "phase": "surge", "must": "p95 < 100ms"},
    ],
}  # fmt: skip
SERIES = re.compile(r"\bentsurge[_:][a-z0-9_:]+")


def dashboard() -> list[str]:
    """Every expression of the dashboard, its variables filled in."""
    panels = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
    found = [target["expr"] for panel in panels for target in panel["targets"]]
    return [expr.replace("$instance", ".*").replace("$__rate_interval", "5s") for expr in found]


def rules() -> list[dict[str, object]]:
    groups = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def feed(exporter: Exporter, second: int) -> None:
    """One second of a storm: slow pages of pupils, refused ones of parents."""
    ok, shed = (
        Key("page", persona, "Lyon", "homework", "read", "surge", outcome)
        for persona, outcome in (("student", "ok"), ("parent", "shed"))
    )
    wait = Key("transport", "", "", "homework", "wait 1.1", "surge", "ok")
    times = {ok: np.full(20, 900_000), shed: np.full(5, 1_000), wait: np.full(90, 100_000)}
    exporter.fold(Fold(second, {each: len(of) for each, of in times.items()}, times, times))
    visits = {name: {"student": 10 * second} for name in ("offered", "started")} | {"lost": {"student": 0}}
    exporter.gauge(visits, {"student": 7}, 0.01, phase="surge", busy=0.3)


def known() -> set[str]:
    """The names that exist: exported ones, and those that the rules record."""
    exporter = Exporter(MANIFEST)
    feed(exporter, 1)
    exported = {sample.name for family in exporter.collect() for sample in family.samples}
    return exported | {str(rule["record"]) for rule in rules() if "record" in rule}


def test_rules_and_dashboard_use_existing_series_only() -> None:
    """Every name in every expression is exported or recorded."""
    used = {name for expr in (*dashboard(), *(str(rule["expr"]) for rule in rules())) for name in SERIES.findall(expr)}
    assert used
    assert used - known() == set()


def test_every_alert_says_how_grave_and_what() -> None:
    """Severity and a summary."""
    alerts = [rule for rule in rules() if "alert" in rule]
    assert len(alerts) >= 6
    assert all(
        rule["labels"]["severity"] in ("critical", "warning") and rule["annotations"]["summary"] for rule in alerts
    )


def test_the_dashboard_is_one_that_grafana_lays_out() -> None:
    """Ids differ, panels lie side by side within 24 columns, each with a title and what it shows."""
    panels = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels) >= 10
    cells: set[tuple[int, int]] = set()
    for panel in panels:
        at = panel["gridPos"]
        mine = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert at["x"] + at["w"] <= 24
        assert not mine & cells
        assert panel["title"]
        assert panel["description"]
        cells |= mine


@pytest.mark.needs("promtool")
@pytest.mark.parametrize(
    "command", [["check", "rules", "entsurge.rules.yml"], ["test", "rules", "entsurge.rules.test.yml"],
                ["check", "config", "prometheus.yml"]],
)  # fmt: skip
def test_promtool_agrees(command: list[str]) -> None:
    """Rules are well formed, do what their tests say, and the configuration is one."""
    done = subprocess.run(
        ["promtool", *command], cwd=RULES.parent, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.mark.slow
@pytest.mark.needs("prometheus")
def test_a_real_prometheus_answers_every_panel(tmp_path: Path) -> None:
    """Scraping a real exporter under the shipped rules, every expression has an answer, and the slow ENT its alert."""
    exporter, port = Exporter(MANIFEST), free_port()
    own = yaml.safe_load((RULES.parent / "prometheus.yml").read_text(encoding="utf-8"))
    own["rule_files"] = [str(RULES)]
    own["scrape_configs"][0]["static_configs"][0]["targets"] = [f"127.0.0.1:{exporter.serve(0)}"]
    (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(own))
    command = [
        "prometheus", f"--config.file={tmp_path / 'prometheus.yml'}", f"--storage.tsdb.path={tmp_path / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]  # fmt: skip

    def asked(expr: str) -> list[object]:
        url = f"http://127.0.0.1:{port}/api/v1/query?{urllib.parse.urlencode({'query': expr})}"
        with urllib.request.urlopen(url, timeout=5) as answer:
            return json.loads(answer.read())["data"]["result"]

    with subprocess.Popen(command, stdout=-3, stderr=-3) as process:
        try:
            wanted = [*dashboard(), 'ALERTS{alertname="EntsurgeObjectiveMissed",alertstate="firing",persona="student"}']
            missing = _unanswered(exporter, wanted, asked)
        finally:
            process.kill()
    assert missing == []


def _unanswered(exporter: Exporter, wanted: list[str], asked: Callable[[str], list[object]]) -> list[str]:
    """What has had no answer within a minute of a storm."""
    deadline, second, missing = time.monotonic() + 60, 0, list(wanted)
    while missing and time.monotonic() < deadline:
        second += 1
        feed(exporter, second)
        try:
            missing = [expr for expr in missing if not asked(expr)]
        except OSError:
            continue
        finally:
            time.sleep(0.5)  # the pace of the storm
    return missing
