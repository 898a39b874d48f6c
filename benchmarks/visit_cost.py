"""What a whole visit costs a generator's processor: the whole of entsurge beside Locust's users and k6, in one run.

A visit: the sign-on form filled in, eight pages of a portal, each with nine assets (revalidated by their ETag) and five
calls, six requests at once, cookies, connections of its own. The target is nginx on the other core, over http, https
with HTTP/1.1 and https with HTTP/2, at two rates. What was asked for is counted in the server's log, what it cost is
read from the operating system, children included, both over the same seconds of a run that is under way: set-up and
reports count for nobody. Peers that are not installed, or do not speak a protocol, are left out by name.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

sys.path.insert(0, str(Path(__file__).parent))

import dressing
import options
import psutil
import quiet
import servers

from entsurge import content

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator

    from servers import LogRow, Served

HTTP = {"http": "1.1", "https-http1": "1.1", "https-http2": "2"}
VISITS_PER_SECOND = {"low": 3.0, "high": 12.0}
GAP_SECONDS = 0.75
VISIT_SECONDS = 8 * GAP_SECONDS + 0.3
COMPRESSION = 100
K6 = os.environ.get("ENTSURGE_K6") or shutil.which("k6") or ""
VISITS = Path(__file__).parent / "visits"
MORE = dressing.PORTAL + " location /static/ {{ add_header Cache-Control no-cache; }} "


class Cost(NamedTuple):
    """What one client did in the measured seconds, and what that cost; `connections` were opened in them."""

    seconds: float
    processor_seconds: float
    visits: int
    requests: int
    connections: int

    @property
    def request_us(self) -> float:
        """Processor time a request, in µs."""
        return self.processor_seconds / self.requests * 1e6 if self.requests else float("nan")


@dataclass(frozen=True)
class Way:
    """How the target is reached: by which protocol, at which rate of visits."""

    protocol: str
    visits_per_second: float
    served: Served

    @property
    def url(self) -> str:
        """Where the target is."""
        return self.served.url if self.protocol == "http" else self.served.secure_url


# -- those who visit -------------------------------------------------------------------------------------------------


def entsurge(way: Way, folder: Path) -> tuple[list[str], dict[str, str]]:
    """The whole product: command line, plan, scenarios, driver, recording, exporter."""
    accounts = ["persona;login;password;school"]
    accounts += [f"{who};{who}{n};x;landing" for who in ("student", "teacher", "parent", "staff") for n in range(3000)]
    (folder / "accounts.csv").write_text("\n".join(accounts) + "\n")
    (folder / "accounts.csv").chmod(0o600)
    (folder / "target.toml").write_text(
        f'name = "visit"\nurl = "{way.url}"\ndriver = "portal"\nhttp = "{HTTP[way.protocol]}"\n'
        f'certificates = "{way.served.authority}"\n'
        '[authorised]\nby = "x"\nreference = "x"\nfrom = 2020-01-01\nuntil = 2099-01-01\n'
        '[accounts]\nfile = "accounts.csv"\n'
    )
    shipped = (content.root("profiles") / "lockdown-2020.toml").read_text(encoding="utf-8")
    scale = way.visits_per_second / 11.81 / COMPRESSION
    shipped = shipped.replace('scale = "1/86"\ncompression = 45', f'scale = "{scale:.8f}"\ncompression = {COMPRESSION}')
    shipped = shipped.replace('to = "09:30"', 'to = "10:00"')
    shipped = shipped.replace("[replay]\n", "[replay]\nwarm_up_minutes = 20\ndrain_seconds = 5\n")
    (folder / "visit.toml").write_text(shipped, encoding="utf-8")
    command = [sys.executable, "-m", "entsurge", "run", str(folder / "visit.toml"), "--exporter-port", "0"]
    return [*command, "--target", str(folder / "target.toml"), "--out", str(folder / "run")], {}


def locust_user(way: Way, folder: Path, *, kind: str) -> tuple[list[str], dict[str, str]]:
    """Plain Locust, headless, as many users as make the rate."""
    del folder
    users = str(max(1, round(way.visits_per_second * VISIT_SECONDS)))
    command = [sys.executable, "-m", "locust", "-f", str(VISITS / "locust_visit.py"), "--headless", "--only-summary"]
    command += ["-u", users, "-r", users, "--run-time", "120s", "--host", way.url]
    authority = "" if way.protocol == "http" else str(way.served.authority)
    return command, {"VISITOR": kind, "AUTHORITY": authority}


def k6(way: Way, folder: Path) -> tuple[list[str], dict[str, str]]:
    """k6 on one processor, visits arriving at the rate, connections of its own for each."""
    del folder
    command = [K6, "run", "--quiet", "--no-usage-report", "--address", "127.0.0.1:0", str(VISITS / "k6_visit.js")]
    more = {"GOMAXPROCS": "1", "SSL_CERT_FILE": str(way.served.authority)}
    more |= {"VISITS_PER_100_S": str(round(way.visits_per_second * 100))}
    more |= {"VISITORS": str(round(way.visits_per_second * VISIT_SECONDS * 1.5) + 5)}
    return command, more | ({} if HTTP[way.protocol] == "2" else {"GODEBUG": "http2client=0"})


CLIENTS: dict[str, Callable[[Way, Path], tuple[list[str], dict[str, str]]]] = {
    "entsurge": entsurge,
    "FastHttpUser": lambda way, folder: locust_user(way, folder, kind="FastHttpUser"),
    "HttpUser": lambda way, folder: locust_user(way, folder, kind="HttpUser"),
    "k6": k6,
}


def surroundings(way: Way) -> dict[str, str]:
    """What the peers' scripts are told of the visit."""
    services = [path for path in dressing.paths() if path not in ("accueil", "notifications", "chat", "visio")]
    absolute = "{}{}".format
    return {
        "LOGIN": absolute(way.url, "/cas/login"),
        "PAGES": ",".join(absolute(way.url, f"/etab/landing/{service}") for service in services),
        "PARTS": ",".join(absolute(way.url, f"/static/part-{n}.js") for n in range(dressing.ASSETS)),
        "CALLS": ",".join(absolute(way.url, f"/api/part-{n}") for n in range(dressing.CALLS)),
        "GAP_SECONDS": str(GAP_SECONDS),
    }


# -- measuring -------------------------------------------------------------------------------------------------------


def measured(name: str, way: Way, settling_seconds: float, seconds: float) -> Cost:
    """Let one client visit; what the seconds cost that come after it has settled. Raises RuntimeError."""
    with tempfile.TemporaryDirectory() as made, visiting(name, way, Path(made)) as process:
        rows = _rows_since(way)
        _settled(process, way, rows, settling_seconds)
        begin, before = time.time(), processor_seconds(process)
        time.sleep(seconds)
        end, after = time.time(), processor_seconds(process)
        time.sleep(0.05)
        found = rows()
        inside = [row for row in found if begin < float(row.ended) <= end]
        wrong = [row for row in inside if row.status not in ("200", "302", "304")]
        if not inside or wrong or process.poll() is not None:
            raise RuntimeError(f"{name} over {way.protocol}: {len(inside)} answers, wrong ones such as {wrong[:3]}")
    earlier = {row.connection for row in found if float(row.ended) <= begin}
    opened = {row.connection for row in inside} - earlier
    visits = sum(row.method == "POST" and row.target.startswith("/cas/login") for row in inside)
    return Cost(end - begin, after - before, visits, len(inside), len(opened))


@contextlib.contextmanager
def visiting(name: str, way: Way, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A client that visits, on the first core; ended with all its children when the context is left."""
    command, more = CLIENTS[name](way, folder)
    core = str(min(os.sched_getaffinity(0)))
    with (folder / "said").open("wb") as said:
        process = subprocess.Popen(
            ["taskset", "-c", core, *command], env={**os.environ, **surroundings(way), **more},
            stdout=said, stderr=said, cwd=folder, start_new_session=True,
        )  # fmt: skip
        try:
            yield process
        except BaseException:
            print((folder / "said").read_text()[-2000:], file=sys.stderr)
            raise
        finally:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    family = [process.pid, *(child.pid for child in psutil.Process(process.pid).children(recursive=True))]
    for each in family:
        with contextlib.suppress(ProcessLookupError):
            os.kill(each, signal.SIGKILL)
    process.wait()


def processor_seconds(process: subprocess.Popen[bytes]) -> float:
    """User and system time of a process, of its children, and of those that they have waited for."""
    parent = psutil.Process(process.pid)
    times = [each.cpu_times() for each in (parent, *parent.children(recursive=True))]
    return sum(of.user + of.system + of.children_user + of.children_system for of in times)


def _rows_since(way: Way) -> Callable[[], list[LogRow]]:
    """Reads what the server has logged from now on."""
    log = way.served.access_log
    if log is None:
        raise RuntimeError("the server keeps no log")
    begin = log.stat().st_size

    def rows() -> list[LogRow]:
        with log.open() as file:
            file.seek(begin)
            return [servers.LogRow(*line.rstrip("\n").split(" ", 7)) for line in file if line.endswith("\n")]

    return rows


def _settled(process: subprocess.Popen[bytes], way: Way, rows: Callable[[], list[LogRow]], seconds: float) -> None:
    """Wait until the first visit has begun, and so many seconds more."""
    limit = time.monotonic() + 60
    while not any(row.method == "POST" for row in rows()):
        if time.monotonic() > limit or process.poll() is not None:
            raise RuntimeError(f"nobody visits over {way.protocol}")
        time.sleep(0.1)
    time.sleep(seconds)


@contextlib.contextmanager
def target(**more: Any) -> Iterator[Served]:
    """The portal, over all protocols."""
    with servers.nginx(dress=dressing.dress, more=MORE, http2=True, log=True, **more) as served:
        yield served


def names(protocol: str, given: argparse.Namespace) -> list[str]:
    """Who visits by this protocol: Locust's users speak no HTTP/2, and not everybody is installed."""
    there = [name for name in given.only or CLIENTS if name != "k6" or K6]
    return [name for name in there if protocol != "https-http2" or not name.endswith("User")]


def row(protocol: str, rate: str, name: str, costs: list[Cost], mark: str) -> str:
    """A line of the table."""
    each = [cost.request_us for cost in costs]
    asked, visits, opened = (sum(getattr(cost, of) for cost in costs) for of in ("requests", "visits", "connections"))
    cells = [
        f"{statistics.median(each):.0f}{mark}", f"{min(each):.0f}", f"{max(each):.0f}",
        f"{asked / sum(cost.seconds for cost in costs):.0f}",
        f"{asked / max(1, visits):.1f}", f"{opened / max(1, visits):.1f}",
    ]  # fmt: skip
    return f"| {protocol} | {VISITS_PER_SECOND[rate]:g} | {name} | {' | '.join(cells)} |"


def arguments() -> argparse.Namespace:
    """The options as given."""
    parser = options.parser(__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--settling", type=float, default=7.0, help="seconds of visits before those measured")
    parser.add_argument("--repeats", type=int, default=1, help="how often a round is measured again if need be")
    parser.add_argument("--only", nargs="*", choices=CLIENTS)
    parser.add_argument("--protocols", nargs="*", default=list(HTTP), choices=HTTP)
    parser.add_argument("--rates", nargs="*", default=list(VISITS_PER_SECOND), choices=VISITS_PER_SECOND)
    short = {"rounds": 1, "seconds": 1.0, "settling": 0.5, "repeats": 0, "protocols": ["https-http1"], "rates": ["low"]}
    return options.read(parser, short=short)


def main() -> None:
    """Run the benchmark and write its table."""
    given = arguments()
    print(f"left out, not installed: {[] if K6 else ['k6']}", file=sys.stderr)
    lines = ["# Processor a request of whole visits, µs", ""]
    lines += ["| protocol | visits/s | client | median | min | max | requests/s | a visit | connections a visit |"]
    lines += ["|---|--:|---|--:|--:|--:|--:|--:|--:|"]
    watch, everything = quiet.Watch(repeats=given.repeats), []
    with target() as served:
        for protocol in given.protocols:
            for rate in given.rates:
                way = Way(protocol, VISITS_PER_SECOND[rate], served)
                steps = {
                    name: partial(measured, name, way, given.settling, given.seconds) for name in names(protocol, given)
                }
                found = [watch.round(steps) for _ in range(given.rounds)]
                everything += found
                for name in steps:
                    costs = [each.found[name] for each in found]
                    lines.append(row(protocol, rate, name, costs, quiet.mark(found)))
                    print(lines[-1], file=sys.stderr)
    options.keep(given, "visit_cost.md", "\n".join([*lines, "", quiet.footnote(everything)]))


if __name__ == "__main__":
    main()
