"""Master and workers as they are in production: separate processes, real messages, real deaths."""

import contextlib
import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.verdicts import agrees

from entsurge.analysis import frames, read_run
from entsurge.audience import profile as profiles
from entsurge.plan.arrivals import Arrivals
from entsurge.plan.people import groups
from entsurge.record.schema import NEVER_STARTED

LONGER = 'to = "09:40"'


@pytest.fixture(scope="module")
def longer_profile(quick_profile: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The quick profile for twenty seconds, so that there is time to die in the middle."""
    path = tmp_path_factory.mktemp("longer") / "longer.toml"
    longer = quick_profile.read_text().replace('to = "09:08"', LONGER)
    path.write_text(longer.replace('scale = "1/40"', 'scale = "1/100"'), encoding="utf-8")
    return path


def wait_for(condition: Callable[[], object], seconds: float = 60) -> None:
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "waited in vain"
        time.sleep(0.05)


@contextlib.contextmanager
def running(folder: Path, *arguments: str, secret: str = "") -> Iterator[subprocess.Popen[str]]:
    """`entsurge` in the background, ended with everything that it has started."""
    command = [sys.executable, "-m", "entsurge", *arguments]
    environment = os.environ | {"ENTSURGE_WORKERS_SECRET": secret}
    with subprocess.Popen(
        command, cwd=folder, env=environment, text=True, stdout=-1, stderr=-1, start_new_session=True
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)


def gauges(path: Path) -> list[dict]:
    file = path / "gauges.jsonl"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.is_file() else []


def events(path: Path, state: str) -> list[dict]:
    file = path / "events.jsonl"
    rows = [json.loads(line) for line in file.read_text().splitlines()] if file.is_file() else []
    return [row for row in rows if row["kind"] == "worker" and row["state"] == state]


def pid_of(event: dict) -> int:
    return int(event["detail"].split()[1].rstrip(","))


def planned(profile: Path) -> list[str]:
    loaded = profiles.load(str(profile))
    return [visit.name for visit in Arrivals(loaded, groups(loaded))]


def balanced(path: Path, profile: Path) -> Counter[str]:
    """Every planned visit has exactly one row, and offered = started + lost to the unit; the ends of the visits."""
    run = read_run(path)
    assert sorted(frames.visits(run)["name"]) == sorted(planned(profile))
    ends = Counter(frames.visits(run)["end"])
    lost = sum(ends[end] for end in NEVER_STARTED)
    assert run.finish["offered"] == len(frames.visits(run))
    assert run.finish["lost"] == lost
    assert run.finish["started"] == len(frames.visits(run)) - lost
    return ends


def test_two_processes_do_what_one_does(entsurge, quick_profile: Path, free_sandbox, tmp_path: Path) -> None:
    """`--processes 2`: nothing missed, every planned visit once, as many pages in the histograms, accounts apart."""
    done = entsurge(
        "run", str(quick_profile), "--target", free_sandbox[0], "--out", "two", "--exporter-port", "0",
        "--processes", "2",
    )  # fmt: skip
    assert agrees(tmp_path / "two", done.returncode), done.stdout + done.stderr
    ends = balanced(tmp_path / "two", quick_profile)
    assert not set(ends) & NEVER_STARTED
    run = read_run(tmp_path / "two")
    pages = frames.pages(run)[(frames.pages(run)["timing"] == "service") & (frames.pages(run)["service"] != "sign-on")]
    assert int(pages["count"].sum()) == int(frames.visits(run)["ok"].sum())
    assert len(run.finish["processes"]) == 2
    assert len(events(tmp_path / "two", "joined")) == 2


@pytest.mark.slow
def test_a_killed_worker_is_replaced_and_what_was_lost_is_counted(
    longer_profile: Path, free_sandbox, tmp_path: Path
) -> None:
    """SIGKILL in mid-run: noticed within 5 s, the survivor offers everything within 10 s, the books balance."""
    arguments = ("run", str(longer_profile), "--target", free_sandbox[0], "--out", "killed", "--exporter-port", "0")
    path = tmp_path / "killed"
    with running(tmp_path, *arguments, "--processes", "2") as process:
        wait_for(lambda: len(gauges(path)) >= 5)
        victim = pid_of(events(path, "joined")[0])
        killed = gauges(path)[-1]["t"]
        os.kill(victim, signal.SIGKILL)
        output, errors = process.communicate(timeout=120)
    assert "Traceback" not in output + errors
    noticed = events(path, "lost")
    assert len(noticed) == 1
    assert noticed[0]["t"] <= killed + 1 + 5
    ends = balanced(path, longer_profile)
    assert ends["worker-lost"] > 0
    run = read_run(path)
    due = frames.visits(run)["due_us"] / 1e6
    late = frames.visits(run)[due > killed + 10]
    assert len(late) > 20
    assert not set(late["end"]) & NEVER_STARTED
    started = frames.window_visits(run)["end"].isin(NEVER_STARTED)
    share = 1 - started.mean()
    assert agrees(path, process.returncode), output + errors
    if share < 0.98:
        assert process.returncode == 4
        assert "worker lost" in output


def test_a_worker_says_that_it_waits(tmp_path: Path) -> None:
    """Nobody there: it says for whom it waits; Ctrl-C ends it with 130, a line and no traceback."""
    with running(tmp_path, "worker", "--master", "127.0.0.1:9") as worker:
        said = worker.stderr.readline()
        worker.send_signal(signal.SIGINT)
        _, errors = worker.communicate(timeout=30)
    assert "waiting for a master at 127.0.0.1:9" in said
    assert worker.returncode == 130
    assert errors == "entsurge: worker ends: told to stop before a master answered\n"


@pytest.mark.slow
def test_a_late_worker_is_given_shards(longer_profile: Path, free_sandbox, tmp_path: Path) -> None:
    """A worker that joins in mid-run takes over half; nothing is offered twice or lost; strangers stay outside."""
    address, secret = "127.0.0.1:15571", "known to three of five"
    arguments = ("run", str(longer_profile), "--target", free_sandbox[0], "--out", "late", "--exporter-port", "0")
    path = tmp_path / "late"
    with running(tmp_path, "worker", "--master", address, secret=secret) as first:
        with running(tmp_path, *arguments, "--workers", "1", "--bind", address, secret=secret) as master:
            wait_for(lambda: len(gauges(path)) >= 3)
            with (
                running(tmp_path, "worker", "--master", address, secret=secret) as second,
                running(tmp_path, "worker", "--master", address, secret="known to nobody else") as other,
                running(tmp_path, "worker", "--master", address) as without,
            ):
                _, told = without.communicate(timeout=30)
                assert (without.returncode, "it wants a secret" in told) == (2, True), told
                assert "somebody hangs up: another secret" in other.stderr.readline()
                other.send_signal(signal.SIGINT)
                other.communicate(timeout=30)
                output, errors = master.communicate(timeout=120)
                second.communicate(timeout=30)
        first.communicate(timeout=30)
    assert agrees(path, master.returncode), output + errors
    assert (first.returncode, second.returncode) == (0, 0)
    assert not set(balanced(path, longer_profile)) & NEVER_STARTED
    assert any("128 shards" in row["detail"] for row in events(path, "took over"))
    assert len(read_run(path).finish["processes"]) == 2
    assert [row["id"] for row in events(path, "refused")] == ["strangers"]
    assert "a stranger was refused" in errors + output


@pytest.mark.slow
def test_workers_stop_by_themselves_when_the_master_is_killed(
    longer_profile: Path, free_sandbox, tmp_path: Path
) -> None:
    """SIGKILL of the master: every worker has gone within 10 s, and the report reads what there is."""
    arguments = ("run", str(longer_profile), "--target", free_sandbox[0], "--out", "headless", "--exporter-port", "0")
    path = tmp_path / "headless"
    address = "127.0.0.1:15572"
    with running(tmp_path, "worker", "--master", address) as elsewhere:
        with running(tmp_path, *arguments, "--workers", "1", "--processes", "2", "--bind", address) as process:
            wait_for(lambda: len(gauges(path)) >= 5)
            workers = [pid_of(row) for row in events(path, "joined")]
            master = int((path / "engine.pid").read_text())
            os.kill(master, signal.SIGKILL)
            wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers), 10)
            process.communicate(timeout=60)
        elsewhere.communicate(timeout=10)
    run = read_run(path)
    assert run.finish is None
    assert len(frames.visits(run)) > 0
    report = subprocess.run(
        [sys.executable, "-m", "entsurge", "report", str(path)], cwd=tmp_path, capture_output=True, text=True,
        timeout=120, check=False,
    )  # fmt: skip
    assert report.returncode == 0, report.stderr
    assert (path / "report.fr.html").is_file()


@pytest.mark.thorough
def test_a_worker_with_other_scenarios_is_refused(quick_profile: Path, free_sandbox, tmp_path: Path) -> None:
    """Another digest of a scenario: refused by name, exit 2; the master goes on without it."""
    shipped = Path(__file__).parents[2] / "scenarios" / "student.py"
    for folder, more in (("here", ""), ("there", "\n# another\n")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "ours.py").write_text(shipped.read_text() + more)
    address = "127.0.0.1:15573"
    arguments = ("run", str(quick_profile), "--target", free_sandbox[0], "--out", "r", "--exporter-port", "0",
                 "--scenario", "student=ours.py", "--workers", "1", "--bind", address)  # fmt: skip
    with running(tmp_path / "here", *arguments) as master:
        with running(tmp_path / "there", "worker", "--master", address) as other:
            _, errors = other.communicate(timeout=60)
        assert other.returncode == 2, errors
        assert "scenario student" in errors
        with running(tmp_path / "here", "worker", "--master", address) as good:
            output, errors = master.communicate(timeout=120)
            good.communicate(timeout=30)
    assert agrees(tmp_path / "here" / "r", master.returncode), output + errors
    balanced(tmp_path / "here" / "r", quick_profile)
    assert "refused" in errors


@pytest.fixture(scope="module")
def crowded_profile(longer_profile: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The longer profile in one school: each of its 180 pupils comes nearly three times, long enough apart."""
    path = tmp_path_factory.mktemp("crowded") / "crowded.toml"
    one = longer_profile.read_text().replace("[replay]", "[population]\nschools = 1\n\n[replay]")
    path.write_text(one, encoding="utf-8")
    return path


def barred_in_vain(path: Path, profile: Path) -> list[str]:
    """Visits that were not started although nobody used their account, half a second before or at that instant."""
    loaded = profiles.load(str(profile))
    account = {visit.name: (visit.persona, visit.group, visit.account) for visit in Arrivals(loaded, groups(loaded))}
    rows = frames.visits(read_run(path)).to_dict("records")
    lived = [row for row in rows if row["end"] not in NEVER_STARTED]
    return [
        row["name"]
        for row in rows
        if row["end"] == "not-started"
        and not any(
            account[other["name"]] == account[row["name"]]
            and other["start_us"] <= row["start_us"] <= other["end_us"] + 500_000
            for other in lived
        )
    ]


@pytest.mark.thorough
def test_a_late_worker_bars_no_account_for_good(crowded_profile: Path, free_sandbox, tmp_path: Path) -> None:
    """People who come again after a late worker has taken their shard over are let in."""
    address = "127.0.0.1:15574"
    arguments = ("run", str(crowded_profile), "--target", free_sandbox[0], "--out", "late", "--exporter-port", "0")
    path = tmp_path / "late"
    with (
        running(tmp_path, "worker", "--master", address) as first,
        running(tmp_path, *arguments, "--workers", "1", "--bind", address) as master,
    ):
        wait_for(lambda: len(gauges(path)) >= 3)
        with running(tmp_path, "worker", "--master", address) as second:
            output, errors = master.communicate(timeout=120)
            second.communicate(timeout=30)
        first.communicate(timeout=30)
    assert events(path, "took over"), output + errors
    balanced(path, crowded_profile)
    assert barred_in_vain(path, crowded_profile) == []


@pytest.mark.thorough
def test_a_stopped_master_does_not_accuse_its_workers(longer_profile: Path, free_sandbox, tmp_path: Path) -> None:
    """SIGSTOP of the master for six seconds: nobody is lost, every visit is offered, the run completes."""
    arguments = ("run", str(longer_profile), "--target", free_sandbox[0], "--out", "stopped", "--exporter-port", "0")
    path = tmp_path / "stopped"
    with running(tmp_path, *arguments, "--processes", "2") as process:
        wait_for(lambda: len(gauges(path)) >= 4)
        master = int((path / "engine.pid").read_text())
        os.kill(master, signal.SIGSTOP)
        try:
            time.sleep(6)
        finally:
            os.kill(master, signal.SIGCONT)
        output, errors = process.communicate(timeout=120)
    assert events(path, "lost") == [], output + errors
    finish = read_run(path).finish
    assert finish["end"] == "completed"
    assert not set(balanced(path, longer_profile)) & NEVER_STARTED
    assert finish["little"]["residual"] < 0.001
    assert agrees(path, process.returncode), output + errors


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.thorough)])
def test_a_worker_that_is_told_to_stop_loses_nothing(
    longer_profile: Path, free_sandbox, tmp_path: Path, number: int
) -> None:
    """SIGTERM or Ctrl-C on a worker: its shards go to the other at once, its visits end, it says why it goes."""
    address = "127.0.0.1:15575"
    arguments = ("run", str(longer_profile), "--target", free_sandbox[0], "--out", "left", "--exporter-port", "0")
    path = tmp_path / "left"
    with (
        running(tmp_path, "worker", "--master", address) as first,
        running(tmp_path, "worker", "--master", address) as second,
        running(tmp_path, *arguments, "--workers", "2", "--bind", address) as master,
    ):
        wait_for(lambda: len(gauges(path)) >= 5)
        first.send_signal(number)
        _, said = first.communicate(timeout=30)
        assert first.returncode == 128 + number
        assert "worker ends: told to stop" in said
        output, errors = master.communicate(timeout=120)
        _, said = second.communicate(timeout=30)
    assert "worker ends: the run is over" in said
    assert second.returncode == 0
    assert events(path, "lost") == []
    assert len(events(path, "left")) == 1
    assert not set(balanced(path, longer_profile)) & NEVER_STARTED
    run, left = read_run(path), events(path, "leaving")[0]["t"]
    visits = frames.visits(run)
    cut = visits[(visits["end"] == "interrupted") & (visits["lost"] > 0)]
    assert (cut["end_us"] / 1e6 > left + 17).all()  # a slow target may outlast the time that visits have to end
    assert run.finish["little"]["residual"] < 0.001
    assert agrees(path, master.returncode), output + errors


@pytest.mark.thorough
def test_a_worker_without_descriptors_is_refused_in_a_sentence(
    quick_profile: Path, free_sandbox, tmp_path: Path
) -> None:
    """Too few file descriptors for the plan on a worker's machine: exit 2, the number and the remedy, no traceback."""
    address = "127.0.0.1:15576"
    arguments = ("run", str(quick_profile), "--target", free_sandbox[0], "--out", "r", "--exporter-port", "0",
                 "--workers", "1", "--bind", address)  # fmt: skip
    with running(tmp_path, *arguments) as master:
        poor = subprocess.run(
            [sys.executable, "-m", "entsurge", "worker", "--master", address], cwd=tmp_path, text=True, timeout=90,
            capture_output=True, check=False, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (80, 80)),
        )  # fmt: skip
        assert poor.returncode == 2, poor.stderr
        assert "file descriptors" in poor.stderr
        assert "ulimit -Hn" in poor.stderr
        assert "Traceback" not in poor.stderr
        with running(tmp_path, "worker", "--master", address) as good:
            master.communicate(timeout=120)
            good.communicate(timeout=30)
    balanced(tmp_path / "r", quick_profile)
