"""Five hosts and a router between them, as network namespaces: what links do to a run, counted to the unit."""

import contextlib
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.e2e.test_crew import LONGER, events, gauges, wait_for

from entsurge.analysis import frames, read_run
from entsurge.audience import profile as profiles
from entsurge.plan.people import population
from entsurge.population import write_csv
from entsurge.record.schema import NEVER_STARTED

HOSTS = ("master", "one", "two", "three", "ent")
SECRET = "known to every host of ours"
RELAY = str(Path(__file__).with_name("late_relay.py"))
TARGET = """
url = "http://{address}:8080"
[accounts]
file = "people.csv"
[authorised]
by = "the tests"
from = 2020-01-01
until = 2999-01-01
"""


def ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True)


@dataclass(frozen=True)
class Network:
    """Hosts by name, each on a link of its own to a router; `folder` is where they all work."""

    prefix: str
    folder: Path

    def namespace(self, host: str) -> str:
        return f"{self.prefix}{host[:3]}"

    def address(self, host: str) -> str:
        return f"10.213.{HOSTS.index(host)}.2"

    def link(self, host: str, state: str) -> None:
        """Cut a host's link at the router (`down`), or heal it (`up`)."""
        ip("-n", self.namespace("router"), "link", "set", f"to-{host}", state)

    def loses(self, host: str, percent: int) -> None:
        """From now on the router loses this share of the packets to and from a host."""
        rules = (
            "table ip loss { chain forward { type filter hook forward priority 0; "
            f'iifname "to-{host}" numgen random mod 100 < {percent} drop; '
            f'oifname "to-{host}" numgen random mod 100 < {percent} drop; }}; }}'
        )
        subprocess.run(["ip", "netns", "exec", self.namespace("router"), "nft", rules], check=True)

    @contextlib.contextmanager
    def on(self, host: str, *command: str) -> Iterator[subprocess.Popen[str]]:
        """A command on a host, its output in a file by the host's name; ended with the context."""
        environment = os.environ | {"ENTSURGE_WORKERS_SECRET": SECRET, "ENTSURGE_STATE": str(self.folder / host)}
        with (self.folder / f"{host}.log").open("a") as log, subprocess.Popen(
            ["ip", "netns", "exec", self.namespace(host), *command],
            cwd=self.folder, env=environment, text=True, stdout=log, stderr=log, start_new_session=True,
        ) as process:  # fmt: skip
            try:
                yield process
            finally:
                if process.poll() is None:
                    process.terminate()
                    with contextlib.suppress(subprocess.TimeoutExpired):
                        process.wait(30)
                    process.kill()

    def said(self, host: str) -> str:
        return (self.folder / f"{host}.log").read_text()


@pytest.fixture
def network(tmp_path: Path) -> Iterator[Network]:
    """The hosts, linked; gone after the test, whatever became of it."""
    made = Network(f"et{os.getpid() % 10000}-", tmp_path)
    router = made.namespace("router")
    with contextlib.ExitStack() as stack:
        for host in ("router", *HOSTS):
            ip("netns", "add", made.namespace(host))
            stack.callback(subprocess.run, ["ip", "netns", "del", made.namespace(host)], check=False)
            ip("-n", made.namespace(host), "link", "set", "lo", "up")
        subprocess.run(["ip", "netns", "exec", router, "sysctl", "-qw", "net.ipv4.ip_forward=1"], check=True)
        for number, host in enumerate(HOSTS):
            name, near = made.namespace(host), f"10.213.{number}.1"
            ip("-n", name, "link", "add", "out", "type", "veth", "peer", "name", f"to-{host}", "netns", router)
            ip("-n", router, "addr", "add", f"{near}/30", "dev", f"to-{host}")
            ip("-n", name, "addr", "add", f"{made.address(host)}/30", "dev", "out")
            ip("-n", router, "link", "set", f"to-{host}", "up")
            ip("-n", name, "link", "set", "out", "up")
            ip("-n", name, "route", "add", "default", "via", near)
        yield made


@pytest.fixture
def ent(network: Network, quick_profile: Path) -> Iterator[Callable[[int], Sequence[str]]]:
    """An ENT on a host of its own, with the arguments of a run against it for so many workers."""
    longer = network.folder / "longer.toml"
    longer.write_text(quick_profile.read_text("utf-8").replace('to = "09:08"', LONGER), encoding="utf-8")
    with (network.folder / "people.csv").open("w", encoding="utf-8") as stream:
        write_csv(population(profiles.load(str(longer))), stream)
    (network.folder / "people.csv").chmod(0o600)
    (network.folder / "ent.toml").write_text(TARGET.format(address=network.address("ent")))
    serve = ("--host", network.address("ent"), "--port", "8080", "--profile", str(longer), "--page-seconds", "0.01")
    entsurge = (sys.executable, "-m", "entsurge")

    def run(workers: int) -> Sequence[str]:
        return (*entsurge, "run", str(longer), "--target", "ent.toml", "--out", "run", "--exporter-port", "0",
                "--workers", str(workers), "--bind", "0.0.0.0:5557")  # fmt: skip

    with network.on("ent", *entsurge, "sandbox", "--unlimited", *serve):
        wait_for(lambda: "serving" in network.said("ent"))
        yield run


def counted(path: Path, *, whole: bool = True) -> Counter[str]:
    """Every planned visit has one row, none has two, offered = started + lost to the unit; the ends of the visits.

    Not `whole`: a run that ended before its time has a row for each visit that was due until then.
    """
    run = read_run(path)
    rows, planned = frames.visits(run), json.loads((path / "manifest.json").read_text())["planned"]
    assert rows["name"].is_unique
    due = sum(each["visits"] for each in planned.values())
    assert len(frames.window_visits(run)) == due if whole else 0 < len(frames.window_visits(run)) < due
    ends = Counter(rows["end"])
    lost = sum(ends[end] for end in NEVER_STARTED)
    finish = run.finish
    assert (finish["offered"], finish["started"], finish["lost"]) == (len(rows), len(rows) - lost, lost)
    return ends


def worker(master: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "entsurge", "worker", "--master", master)


@pytest.mark.slow
@pytest.mark.needs("ip", "nft", "faketime")
def test_a_cut_a_detour_loss_and_a_wrong_clock_lose_and_double_nothing(network: Network, ent) -> None:
    """One's link is cut for two seconds; two is 0.2 s away and its wall clock 3 s ahead; three loses 3 % of packets."""
    master = f"{network.address('master')}:5557"
    network.loses("three", 3)
    ahead = ("faketime", "--exclude-monotonic", "-f", "+3s")
    with (
        network.on("master", *ent(3)) as run,
        network.on("one", *worker(master)) as one,
        network.on("two", sys.executable, RELAY, "5557", master, "0.2"),
        network.on("two", *ahead, *worker("127.0.0.1:5557")) as two,
        network.on("three", *worker(master)) as three,
    ):
        wait_for(lambda: len(gauges(network.folder / "run")) >= 3 or run.poll() is not None)
        network.link("one", "down")
        cut = len(gauges(network.folder / "run"))
        wait_for(lambda: len(gauges(network.folder / "run")) >= cut + 2 or run.poll() is not None)
        network.link("one", "up")
        for process in (run, one, two, three):
            process.wait(180)
    path = network.folder / "run"
    assert events(path, "lost") == [], network.said("master")
    assert [one.returncode, two.returncode, three.returncode] == [0, 0, 0], network.said("master")
    assert not set(counted(path)) & NEVER_STARTED
    found = read_run(path)
    pages = frames.pages(found)
    served = pages[(pages["timing"] == "service") & (pages["service"] != "sign-on") & (pages["outcome"] == "ok")]
    assert int(served["count"].sum()) == int(frames.visits(found)["ok"].sum())
    clocks = [float(row["detail"].split("clock ")[1].split(" ms")[0]) for row in events(path, "joined")]
    assert len(clocks) == 3
    assert all(
        abs(each) < 250 for each in clocks
    )  # one kernel's monotonic clock, seen through 0.2 s; not three seconds


@pytest.mark.slow
@pytest.mark.needs("ip", "nft")
def test_a_host_that_is_cut_off_is_replaced_and_a_master_that_is_ends_the_run(network: Network, ent) -> None:
    """One's link is cut for good: its share is another's. Then the master's: all end, nothing is counted twice."""
    master = f"{network.address('master')}:5557"
    path = network.folder / "run"
    with (
        network.on("master", *ent(2)) as run,
        network.on("one", *worker(master)) as one,
        network.on("two", *worker(master)) as two,
    ):
        wait_for(lambda: len(gauges(path)) >= 3 or run.poll() is not None)
        network.link("one", "down")
        wait_for(lambda: events(path, "took over") or run.poll() is not None)
        network.link("master", "down")
        for process in (run, one, two):
            process.wait(120)
    assert (run.returncode, one.returncode, two.returncode) == (4, 4, 4), network.said("master")
    assert "the master has said nothing for" in network.said("one") + network.said("two")
    assert len(events(path, "lost")) == 2
    assert read_run(path).finish["end"] == "no-workers"
    assert counted(path, whole=False)["worker-lost"] > 0
