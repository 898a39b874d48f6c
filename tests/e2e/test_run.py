"""A run as its operator has it: progress, run directory, verdict, report, exit codes."""

import json
import resource
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from tests.typography import in_words, plain
from tests.verdicts import agrees, reasons

from entsurge.analysis import frames, read_run

HOME_PAGES = 'entsandbox_requests_total{outcome="ok",persona="student",route="home"}'


@pytest.fixture(scope="module")
def whole(quick_profile: Path, free_sandbox, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A run against a free sandbox, nothing missed: its directory and what was printed."""
    folder = tmp_path_factory.mktemp("whole")
    command = [sys.executable, "-m", "entsurge", "run", str(quick_profile), "--target", free_sandbox[0], "--out", "one"]
    done = subprocess.run(
        [*command, "--exporter-port", "0"], capture_output=True, text=True, cwd=folder, timeout=120, check=False
    )
    assert agrees(folder / "one", done.returncode), done.stdout + done.stderr
    assert reasons(folder / "one") == []
    return folder / "one", done.stdout


def test_a_run_starts_every_visit_and_passes(entsurge, whole, tmp_path: Path) -> None:
    """Against a free sandbox: no objective missed, visits equal to the plan, every page served, a report."""
    path, said = whole
    run = read_run(path)
    assert run.notes == []
    assert f"{run.manifest['target']['name']} kept its objectives" in said
    assert len(frames.window_visits(run)) == run.manifest["figures"]["window"]["visits"] > 100
    assert run.finish["offered"] == run.finish["started"] == len(frames.visits(run))
    assert int(frames.window_visits(run)["ok"].sum()) == run.manifest["figures"]["window"]["page_views"]
    assert set(frames.window_visits(run)["end"]) == {"completed"}
    assert (path / "report.fr.html").is_file()
    assert (path / "report.en.html").is_file()
    verdict = json.loads((path / "verdict.json").read_text())
    assert verdict["verdict"] in said.split()
    assert " ".join(in_words(each) for each in verdict["sentences"]) in plain(said)
    gate = entsurge("gate", str(path), "--junit", "gate.xml")
    assert gate.returncode == verdict["exit_code"]
    assert "<testsuite" in (tmp_path / "gate.xml").read_text()


def test_pages_and_visits_agree_in_the_record(whole) -> None:
    """The histograms hold as many pages as the visits say they opened, sign-on apart."""
    run = read_run(whole[0])
    pages = frames.pages(run)[(frames.pages(run)["timing"] == "service") & (frames.pages(run)["service"] != "sign-on")]
    assert int(pages["count"].sum()) == int(
        frames.visits(run)["ok"].sum() + frames.visits(run)["shed"].sum() + frames.visits(run)["failed"].sum()
    )


def test_a_measure_defers_parents_and_says_so(entsurge, quick_profile: Path, free_sandbox, tmp_path: Path) -> None:
    """With pupils and teachers first: parents are shed, none fails, their objectives are deferred, none is missed."""
    done = entsurge(
        "run", str(quick_profile), "--target", free_sandbox[0], "--out", "m", "--exporter-port", "0",
        "--chaos", "pupils-and-teachers-first", env={"ENTSURGE_ADMIN_TOKEN": free_sandbox[1]},
    )  # fmt: skip
    assert agrees(tmp_path / "m", done.returncode), done.stdout + done.stderr
    assert reasons(tmp_path / "m") == []
    visits = frames.window_visits(read_run(tmp_path / "m"))
    assert set(visits.loc[visits["persona"] == "parent", "end"]) == {"shed"}
    assert set(visits.loc[visits["persona"] == "student", "end"]) == {"completed"}
    verdict = json.loads((tmp_path / "m" / "verdict.json").read_text())
    assert {each["state"] for each in verdict["objectives"] if each["persona"] == "parent"} == {"deferred"}
    assert free_sandbox[1] not in "".join(path.read_text("utf-8", "replace") for path in (tmp_path / "m").rglob("*.*"))


def test_a_wrong_token_ends_before_the_first_arrival(entsurge, quick_profile: Path, free_sandbox) -> None:
    """A measure that the target refuses: exit 2 and what to set."""
    done = entsurge(
        "run", str(quick_profile), "--target", free_sandbox[0], "--chaos", "static-home", "--exporter-port", "0",
        env={"ENTSURGE_ADMIN_TOKEN": "wrong"},
    )  # fmt: skip
    assert done.returncode == 2
    assert "ENTSURGE_ADMIN_TOKEN" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_scenario_that_raises_makes_the_run_invalid(entsurge, quick_profile, free_sandbox, tmp_path: Path) -> None:
    """By what only a visit has: its pages are lost, its traceback is kept, the verdict is INVALID, exit 4."""
    (tmp_path / "broken.py").write_text(
        "from entsurge import content\nfrom entsurge.scenario import journey\n\n"
        "class Broken(content.load_module(content.find('scenarios', 'student')).Student):\n"
        "    @journey('home')\n    def arrive(self):\n"
        "        raise ZeroDivisionError(f'on purpose {self.plan.name}')\n        yield\n"
    )
    done = entsurge(
        "run", str(quick_profile), "--target", free_sandbox[0], "--out", "b", "--exporter-port", "0",
        "--scenario", "student=broken.py",
    )  # fmt: skip
    assert done.returncode == 4, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    failures = (tmp_path / "b" / "failures.jsonl").read_text()
    assert "on purpose" in failures


def test_a_scenario_that_cannot_be_loaded_is_a_usage_error(entsurge, quick_profile, free_sandbox, tmp_path) -> None:
    """A syntax error names the file; exit 2; nothing is sent."""
    (tmp_path / "nonsense.py").write_text("class (:")
    done = entsurge("run", str(quick_profile), "--target", free_sandbox[0], "--scenario", "student=nonsense.py")
    assert done.returncode == 2
    assert "nonsense.py" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("http://127.0.0.1:9", "refuses connections"),
        ("https://127.0.0.1:9", "refuses connections"),
    ],
)
def test_a_target_that_is_down_is_exit_6(entsurge, quick_profile: Path, tmp_path: Path, target: str, reason) -> None:
    """Nothing listens: exit 6 with the reason, and no run is left behind."""
    done = entsurge("run", str(quick_profile), "--target", target, "--out", "down")
    assert done.returncode == 6, done.stdout + done.stderr
    assert reason in done.stderr
    assert not (tmp_path / "down").exists()


def limited(limit: str) -> list[str]:
    """A command runs under this limit: set by a shell, since a fork of this process would take its threads along."""
    return ["bash", "-c", f'{limit} && exec "$@"', "bash"]


@pytest.mark.parametrize(
    ("limit", "arguments", "said"),
    [
        (300, ["--source", "127.0.1.0/27"], ["file descriptors", "ulimit -Hn", "--processes"]),
        (20_000, [], ["ports", "--source"]),
        (20_000, ["--source", "nonsense"], ["--source nonsense"]),
        (20_000, ["--source", "192.0.2.0/28"], ["--source an address"]),
    ],
)
def test_what_the_machine_has_no_room_for_is_said_first(tmp_path: Path, limit: int, arguments, said) -> None:
    """Too few descriptors or ports for the plan: exit 2 with number and remedy, before anything is sent."""
    descriptors = min(limit, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
    command = [sys.executable, "-m", "entsurge", "run", "lockdown-2020", "--scale", "1", "--compression", "1"]
    done = subprocess.run(
        [*limited(f"ulimit -n {descriptors}"), *command, "--target", "http://127.0.0.1:9", "--out", "none", *arguments],
        capture_output=True, text=True, cwd=tmp_path, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 2, done.stdout + done.stderr
    assert all(words in done.stderr for words in said), done.stderr
    assert not (tmp_path / "none").exists()


def test_a_target_without_tls_is_exit_6(entsurge, quick_profile: Path, free_sandbox, tmp_path: Path) -> None:
    """Asked in TLS, answered in plain: exit 6, and the reason is TLS."""
    done = entsurge("run", str(quick_profile), "--target", free_sandbox[0].replace("http", "https"), "--out", "tls")
    assert done.returncode == 6, done.stdout + done.stderr
    assert "(tls)" in done.stderr
    assert not (tmp_path / "tls").exists()


@pytest.mark.parametrize("target", ["http://192.0.2.1", "ftp://127.0.0.1", "nonsense", "http://example.org"])
def test_only_loopback_is_loaded(entsurge, quick_profile: Path, target: str) -> None:
    """Anything outside loopback is refused before a single packet; exit 2."""
    done = entsurge("run", str(quick_profile), "--target", target)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_a_full_disk_is_exit_7(quick_profile: Path, free_sandbox, tmp_path: Path) -> None:
    """When files cannot grow, the run ends with 7 and a hint; what was written can be read."""
    command = [
        sys.executable,
        "-m",
        "entsurge",
        "run",
        str(quick_profile),
        "--target",
        free_sandbox[0],
        "--out",
        "full",
    ]
    done = subprocess.run(
        [*limited("ulimit -f 40"), *command, "--exporter-port", "0"], capture_output=True, text=True, cwd=tmp_path,
        timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 7, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert read_run(tmp_path / "full").manifest["name"]


def wait_for(condition, seconds: float = 60) -> None:
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "waited in vain"
        time.sleep(0.05)


def test_ctrl_c_writes_what_there_is(quick_profile: Path, free_sandbox, tmp_path: Path) -> None:
    """SIGINT in the middle: exit 130, a report all the same, no traceback."""
    command = [
        sys.executable,
        "-m",
        "entsurge",
        "run",
        str(quick_profile),
        "--target",
        free_sandbox[0],
        "--out",
        "half",
    ]
    gauges = tmp_path / "half" / "gauges.jsonl"
    with subprocess.Popen([*command, "--exporter-port", "0"], cwd=tmp_path, text=True, stdout=-1, stderr=-1) as run:
        wait_for(lambda: gauges.is_file() and len(gauges.read_text().splitlines()) >= 2)
        run.send_signal(signal.SIGINT)
        output, errors = run.communicate(timeout=90)
    assert run.returncode == 130, output + errors
    assert "Traceback" not in errors
    assert "could not keep up" not in output
    assert read_run(tmp_path / "half").finish["end"] == "interrupted"
    assert (tmp_path / "half" / "report.fr.html").is_file()


@pytest.mark.slow
def test_locust_s_own_page_shows_the_same_counts(quick_profile: Path, free_sandbox, tmp_path: Path) -> None:
    """Locust's page and CSV hold as many pages as our exporter; visitors are its users, and its STOP ends the run."""
    longer = tmp_path / "longer.toml"
    longer.write_text(quick_profile.read_text("utf-8").replace('to = "09:08"', 'to = "12:00"'), encoding="utf-8")
    command = [sys.executable, "-m", "entsurge", "run", str(longer), "--target", free_sandbox[0], "--out", "w"]
    command += ["--exporter-port", "19647", "--web-port", "18089", "--quiet"]

    exported = []

    def read(url: str) -> str:
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                return answer.read().decode()
        except OSError:
            return ""

    def same() -> bool:
        theirs = read("http://127.0.0.1:18089/stats/requests/csv")
        ours = read("http://127.0.0.1:19647/metrics")
        exported.append(ours)
        pages = [line for line in ours.splitlines() if line.startswith("entsurge_pages_total{")]
        total = sum(float(line.split()[-1]) for line in pages)
        rows = [line.split(",") for line in theirs.splitlines() if ",Aggregated," in line]
        homes = sum(float(line.split()[-1]) for line in pages if 'service="home"' in line)
        their_homes = sum(int(line.split(",")[2]) for line in theirs.splitlines() if ",home," in line)
        return total > 100 and len(rows) == 1 and int(rows[0][2]) == total and their_homes == homes

    with subprocess.Popen(command, cwd=tmp_path, stdout=-1, stderr=-1, text=True) as run:
        wait_for(same)
        wait_for(lambda: json.loads(read("http://127.0.0.1:18089/stats/requests"))["user_count"] > 1)
        told = json.loads(read("http://127.0.0.1:18089/stats/requests"))
        foreign = urllib.request.Request("http://127.0.0.1:18089/stop", b"", {"Origin": "http://elsewhere.example"})
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(foreign, timeout=5)
        urllib.request.urlopen(urllib.request.Request("http://127.0.0.1:18089/stop", b""), timeout=5).close()
        _, errors = run.communicate(timeout=120)
    assert run.returncode == 130, errors
    assert read_run(tmp_path / "w").finish["end"] == "interrupted"
    assert told["state"] == "running"
    assert all(told["current_response_time_percentiles"].values())
    assert "Traceback" not in errors
    offered, lag = "entsurge_visits_offered_total", "entsurge_start_lag"
    for name in (offered, lag, "entsurge_page_seconds_bucket", "entsurge_visitors"):
        assert any(name in text for text in exported), name


def test_a_bad_profile_is_exit_2_without_a_traceback(entsurge, tmp_path: Path) -> None:
    """Binary, folder, unknown key: one message naming file and key."""
    (tmp_path / "bad.toml").write_bytes(b"\x00\x01")
    for name in ("bad.toml", "./", "no-such-profile"):
        done = entsurge("plan", name)
        assert done.returncode == 2
        assert "Traceback" not in done.stderr
        assert name.rstrip("/") in done.stderr


def test_locust_runs_a_scenario_by_itself(free_sandbox, tmp_path: Path) -> None:
    """`locust -f scenarios/student.py` works, drawing visits from the ordinary week."""
    from entsurge import content

    command = [sys.executable, "-m", "locust", "-f", str(content.root("scenarios") / "student.py"), "--headless"]
    done = subprocess.run(
        [*command, "--host", free_sandbox[0], "-u", "3", "-r", "3", "-t", "6s", "--only-summary"],
        capture_output=True, text=True, timeout=90, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    summary = done.stdout + done.stderr
    assert "home open-home" in summary
    assert "sign-on sign-on" in summary


def test_the_sandbox_s_own_metrics_are_in_the_run_and_the_report(whole) -> None:
    """Without being asked for: its workers, queue, connections and sessions, once a second, beneath the timeline."""
    path, _ = whole
    rows = read_run(path).target
    names = ("workers_busy", "queue", "pool_busy", "sessions")
    assert {row["series"].partition("{")[0] for row in rows} == {f"entsandbox_{name}" for name in names}
    assert len({int(row["t"]) for row in rows}) >= 5
    assert max(row["value"] for row in rows if row["series"].startswith("entsandbox_sessions")) > 10
    assert "entsandbox_sessions" in (path / "report.fr.html").read_text(encoding="utf-8")


@pytest.mark.slow
def test_series_that_are_asked_for_are_scraped(entsurge, quick_profile, free_sandbox, tmp_path: Path) -> None:
    """--scrape with a name and labels; what is not there is said in the events, and the run goes on."""
    done = entsurge(
        "run", str(quick_profile), "--target", free_sandbox[0], "--out", "asked", "--exporter-port", "0",
        "--scrape", "/metrics", f"{HOME_PAGES},entsandbox_queue",
        "--scrape", f"{free_sandbox[0]}/metrics", "no_such_series",
    )  # fmt: skip
    assert done.returncode in (0, 4), done.stdout + done.stderr  # 4: a busy machine
    run = read_run(tmp_path / "asked")
    kinds = {row["series"]: row["kind"] for row in run.target}
    assert kinds == {HOME_PAGES: "counter", "entsandbox_queue": "gauge"}
    assert [event["state"] for event in run.events if event["kind"] == "scrape"] == ["failing"]


@pytest.mark.parametrize(
    ("url", "series", "said"),
    [
        ("http://127.0.0.1:9/metrics", "queue", "--scrape http://127.0.0.1:9/metrics"),
        ("/nowhere", "queue", "answered 404"),
        ("http://192.0.2.1/metrics", "queue", "allowed hosts"),
        ("/metrics", "not a series", "expected a series"),
    ],
)
def test_a_scrape_that_cannot_be_is_said_before_the_run(
    entsurge, quick_profile, free_sandbox, tmp_path, url, series, said
):
    """Nothing listens, no such page, a forbidden host, no series: exit 2, and no run is left behind."""
    done = entsurge("run", str(quick_profile), "--target", free_sandbox[0], "--out", "no", "--scrape", url, series)
    assert done.returncode == 2, done.stdout + done.stderr
    assert said in done.stderr
    assert not (tmp_path / "no").exists()


def test_a_folder_that_holds_a_run_is_refused(entsurge, quick_profile: Path, free_sandbox, whole) -> None:
    """Exit 2 before anything is sent or judged: no verdict of the run that is there."""
    done = entsurge("run", str(quick_profile), "--target", free_sandbox[0], "--out", str(whole[0]))
    assert done.returncode == 2, done.stdout + done.stderr
    assert "holds a run already" in done.stderr
    assert done.stdout == ""
    assert entsurge("demo", "--out", str(whole[0])).returncode == 2


@pytest.mark.parametrize("target", ["http://example.org", "http://192.0.2.1:80"])
def test_no_edge_stands_before_what_may_not_be_loaded(entsurge, target: str) -> None:
    """An edge on loopback is no way around who may be loaded: exit 2."""
    done = entsurge("chaos", "edge", "--target", target)
    assert done.returncode == 2
    assert "loopback" in done.stderr
