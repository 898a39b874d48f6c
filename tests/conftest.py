"""What every test may ask for: markers for slow tests and for system commands."""

import importlib.util
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, settings

from entsurge.population import Population

_spec = importlib.util.spec_from_file_location("tests_postgres", Path(__file__).with_name("postgres.py"))
_postgres = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_postgres)
postgres, own_cluster = _postgres.postgres, _postgres.own_cluster

# 1: the slow tests too, as CI runs them; 2: also further cases of what these show, as before a release.
FULL = int(os.environ.get("ENTSURGE_FULL") or 0)
TIERS = {"slow": 1, "thorough": 2}
# How long an example takes says something of the machine, nothing of what is tested.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")
# Under nohup, or behind a shell's &, signals are ignored, and whatever a test starts would ignore them too.
for _number, _usual in ((signal.SIGHUP, signal.SIG_DFL), (signal.SIGINT, signal.default_int_handler)):
    if signal.getsignal(_number) == signal.SIG_IGN:
        signal.signal(_number, _usual)


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--update-golden`: keep what is made now as what is to be made from now on (tests/golden)."""
    parser.addoption("--update-golden", action="store_true", help="keep reports anew in tests/golden")


@pytest.fixture(scope="session", autouse=True)
def _state_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What is kept on disk is this session's own: no test undoes what a run outside left, or takes what it kept."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ENTSURGE_STATE", str(tmp_path_factory.mktemp("state")))
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Slow tests run only under ENTSURGE_FULL=1, thorough ones under ENTSURGE_FULL=2."""
    for item in items:
        for tier, least in TIERS.items():
            if least > FULL and item.get_closest_marker(tier):
                item.add_marker(pytest.mark.skip(reason=f"{tier}: run with ENTSURGE_FULL={least}"))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """A missing system command skips a test with the reason; under ENTSURGE_FULL=1 it fails it."""
    for marker in item.iter_markers("needs"):
        missing = [command for command in marker.args if shutil.which(command) is None]
        if missing and FULL:
            pytest.fail(f"needs {', '.join(missing)}, which ENTSURGE_FULL demands", pytrace=False)
        if missing:
            pytest.skip(f"needs {', '.join(missing)}")


@pytest.fixture(scope="session")
def demo_run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """`entsurge demo`, which mostly waits, and its output folder; still running, perhaps."""
    folder = tmp_path_factory.mktemp("demo")
    environment = os.environ | {"ENTSURGE_STATE": str(folder / "state")}
    command = [sys.executable, "-m", "entsurge", "demo", "--out", "demo"]
    with (folder / "said").open("w") as said:
        demo = subprocess.Popen(command, cwd=folder, env=environment, text=True, stdout=said, stderr=said)
        yield demo, folder
        if demo.poll() is None:
            demo.send_signal(signal.SIGINT)
        demo.wait(60)


@pytest.fixture(scope="session", autouse=True)
def _begun_early(request: pytest.FixtureRequest) -> None:
    """The demo takes four minutes and little of the machine: it begins with the session, and is judged in its turn."""
    first = os.environ.get("PYTEST_XDIST_WORKER", "gw0") == "gw0"
    if FULL and first and any("demo_run" in getattr(item, "fixturenames", ()) for item in request.session.items):
        request.getfixturevalue("demo_run")


@pytest.fixture(scope="session")
def stub() -> Iterator[Callable[[str], str]]:
    """Starts a product of tests/stubs by its name, once, in a process of its own: its address."""
    running: dict[str, tuple[subprocess.Popen[str], str]] = {}

    def start(name: str) -> str:
        if name not in running:
            script = Path(__file__).resolve().parent / "stubs" / f"{name}.py"
            child = subprocess.Popen(
                [sys.executable, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
            running[name] = (child, child.stdout.readline().strip())
        return running[name][1]

    yield start
    for child, _ in running.values():
        child.stdin.close()
        child.wait(10)
        child.stdout.close()


@dataclass(frozen=True)
class Face:
    """The embedded ENT as a product answers, for tests that share it: its people, and what they wrote."""

    url: str
    token: str
    people: Population
    database: Path

    def measure(self, name: str, *, on: bool = True) -> httpx.Response:
        """Turn a measure on or off; the answer."""
        bearer = {"authorization": f"Bearer {self.token}"}
        return httpx.put(f"{self.url}/admin/measures/{name}", json={"on": on}, headers=bearer)

    def things(self) -> int:
        """How many things people have written there."""
        tables = ("lesson", "homework", "hand_in", "communication", "file", "chat_message")
        with sqlite3.connect(self.database) as database:
            return sum(database.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables)  # noqa: S608


@pytest.fixture(scope="session")
def face(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Face]]:
    """Starts the embedded ENT with a product's face, once."""
    from entsandbox.settings import Settings
    from entsurge.commands.processes import sandbox

    people, running = Population(1, 2, 2), {}
    with ExitStack() as stack:

        def start(product: str) -> Face:
            if product not in running:
                file = tmp_path_factory.mktemp(product) / "ent.db"
                asked = Settings(
                    speak=product, database=f"sqlite:///{file}", academies=2, schools=2, default_seconds=0,
                    password_cost=1, reread_seconds=0.2,
                )  # fmt: skip
                running[product] = Face(*stack.enter_context(sandbox(asked.to_json())), people, file)
            return running[product]

        yield start
