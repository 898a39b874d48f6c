"""The rules of who may import whom, read from the sources themselves."""

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "entsurge"
EMBEDDED_ENT = ROOT / "src" / "entsandbox"


@cache
def parsed(path: Path) -> ast.Module:
    """A file's tree: every rule looks at every file."""
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def imports(path: Path, *, typing: bool = False) -> set[str]:
    """Every module that a file imports anywhere; those of type checking alone only with `typing`."""
    tree = parsed(path)
    skipped = {
        id(inner)
        for node in ast.walk(tree)
        if not typing
        and isinstance(node, ast.If)
        and isinstance(node.test, ast.Name)
        and node.test.id == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    found = set()
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def offenders(
    forbidden: tuple[str, ...], *, rooms: tuple[str, ...] = (), but: tuple[str, ...] = (), typing: bool = False
) -> list[str]:
    """Files of these rooms (all rooms for none, but for `but`) that import something forbidden."""
    found = []
    for path in SOURCE.rglob("*.py"):
        room = path.relative_to(SOURCE).parts[0].removesuffix(".py")
        if (rooms and room not in rooms) or room in but:
            continue
        for name in imports(path, typing=typing):
            if any(name == each or name.startswith(f"{each}.") for each in forbidden):
                found.append(f"{path.relative_to(ROOT)}: {name}")
    return found


def test_audience_and_plan_are_pure() -> None:
    """Neither Locust, gevent, pandas nor a clock comes into what must be the same on every machine."""
    assert offenders(("locust", "gevent", "pandas", "time", "random", "datetime"), rooms=("audience", "plan")) == []


def test_only_engine_and_visit_know_locust() -> None:
    """Importing locust patches the process: it comes first or not at all."""
    assert offenders(("locust",), but=("engine", "visit", "scenario")) == []


def test_only_engine_visit_and_client_know_gevent() -> None:
    """Whoever waits in gevent's loop is of the generator's own process."""
    assert offenders(("gevent",), but=("engine", "visit", "client")) == []


def test_the_client_knows_nothing_of_visits_ents_or_locust() -> None:
    """One HTTP conversation as a browser has it: of ours, only errors and secrets."""
    ours = {f"entsurge.{path.name.removesuffix('.py')}" for path in SOURCE.iterdir()}
    others = ours - {"entsurge.client", "entsurge.errors", "entsurge.secret", "entsurge.__init__"}
    assert offenders((*others, "locust"), rooms=("client",), typing=True) == []


def test_no_two_of_the_generators_rooms_import_each_other() -> None:
    """visit, drivers and sign-on form no circle, not even for types."""
    assert offenders(("entsurge.drivers", "entsurge.signon", "entsurge.engine"), rooms=("visit",), typing=True) == []
    assert offenders(("entsurge.drivers", "entsurge.engine"), rooms=("signon",), typing=True) == []
    assert offenders(("entsurge.engine",), rooms=("drivers", "signon"), typing=True) == []


def test_only_analysis_and_calibration_know_pandas() -> None:
    """pandas and the generator never share a process."""
    assert offenders(("pandas",), but=("analysis", "calibration")) == []


def test_no_library_brings_pandas_into_the_generators_process(tmp_path: Path) -> None:
    """pyarrow would load it with the first batch that a run writes, and stop every visit for as long as that takes."""
    script = (
        "from entsurge.engine import __main__\n"
        "import sys\nfrom pathlib import Path\n"
        "from entsurge.record.recorder import Recorder\nfrom entsurge.record.schema import Key\n"
        "from entsurge.record.writer import RunDirectory\n"
        "directory = RunDirectory(Path(sys.argv[1]))\nrecorder = Recorder(directory)\n"
        "recorder.request(Key('request', 'student', 'Lyon', 'home', 'open-home', 'surge', 'ok'), 100)\n"
        "recorder.fold(1)\ndirectory.close()\nprint(sys.modules.get('pandas'))"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "run")]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == ["None"]
    assert (tmp_path / "run" / "series.arrows").stat().st_size > 500


def test_the_generator_knows_no_second_event_loop() -> None:
    """asyncio stays out of the process that gevent has to itself."""
    assert offenders(("asyncio",), rooms=("engine", "visit", "client", "drivers")) == []


def test_only_calibration_knows_duckdb() -> None:
    """Access logs are read in one room; it knows neither the engine nor how anything is shown."""
    assert offenders(("duckdb",), but=("calibration",)) == []
    others = ("entsurge.engine", "entsurge.visit", "entsurge.render", "entsurge.analysis", "entsurge.record")
    assert offenders(others, rooms=("calibration",)) == []


def test_analysis_does_not_know_how_it_is_shown() -> None:
    """render and gate import analysis, never the reverse."""
    assert offenders(("entsurge.render", "entsurge.gate"), rooms=("analysis", "record", "engine", "visit")) == []


def test_what_is_shown_is_findings_alone() -> None:
    """Whoever words findings does not load what found them."""
    assert offenders(("entsurge.analysis",), rooms=("render",)) == []


def test_products_and_sign_ons_do_not_know_who_drives_them() -> None:
    """Drivers, sign-on methods, targets and recordings are used by the engine, never the reverse."""
    rooms = ("drivers", "signon", "targets", "recorded", "selectors", "signs", "phrases", "secret")
    assert offenders(("entsurge.engine", "entsurge.analysis", "entsurge.commands", "asyncio"), rooms=rooms) == []


def names_of(building: Path, *, typing: bool = True) -> list[tuple[str, str]]:
    """Each file of a building and what it imports."""
    files = sorted(building.rglob("*.py"))
    return [(str(path.relative_to(ROOT)), name) for path in files for name in imports(path, typing=typing)]


def test_the_embedded_ent_knows_nothing_of_the_harness() -> None:
    """A building of its own: of ours it imports the population and errors alone, not even types."""
    ours = [found for found in names_of(EMBEDDED_ENT) if found[1].partition(".")[0] == "entsurge"]
    known = ("entsurge.population", "entsurge.errors")
    assert [found for found in ours if not any(f"{found[1]}.".startswith(f"{each}.") for each in known)] == []
    assert ours


def test_only_two_commands_know_the_embedded_ent() -> None:
    """`demo` and `sandbox`, which say what they lack where it is not installed."""
    found = [path for path, name in names_of(SOURCE) if name.partition(".")[0] == "entsandbox"]
    assert set(found) == {f"src/entsurge/commands/{name}.py" for name in ("demo", "sandbox")}


FACES = ("portal", "mobile", "entcore", "moodle")


def test_state_and_load_know_no_face() -> None:
    """What is kept and what a page costs are the same whichever product's face is worn."""
    inner = [found for room in ("state", "load") for found in names_of(EMBEDDED_ENT / room)]
    assert [found for found in inner if found[1].startswith(tuple(f"entsandbox.{face}" for face in FACES))] == []


@pytest.mark.parametrize("face", ["entcore", "moodle"])
def test_no_face_knows_another(face: str) -> None:
    """A product's face is its own; the app's alone rests on the portal, whose CAS and pages it opens."""
    others = tuple(f"entsandbox.{other}" for other in FACES if other != face)
    assert [found for found in names_of(EMBEDDED_ENT / face) if found[1].startswith(others)] == []


WITHOUT_THE_EXTRA = """
import sys
from importlib.abc import MetaPathFinder
class NotInstalled(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {blocked}:
            raise ModuleNotFoundError(name=name)
sys.meta_path.insert(0, NotInstalled())
import importlib.util
found = importlib.util.find_spec
importlib.util.find_spec = lambda name, package=None: None if name in {blocked} else found(name, package)
from entsurge import cli
try:
    cli.main({arguments!r})
finally:
    print(sorted({blocked} & set(sys.modules)), file=sys.stderr)
"""


def without_the_extra(*arguments: str) -> subprocess.CompletedProcess[str]:
    """A command where nothing can be imported that only the embedded ENT needs."""
    blocked = {"joserfc", "psycopg", "sqlalchemy", "starlette", "uvicorn"}
    script = WITHOUT_THE_EXTRA.format(blocked=blocked, arguments=list(arguments))
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize("command", ["demo", "sandbox"])
def test_the_embedded_ent_is_missed_by_its_extra(command: str) -> None:
    """Exit 2, the extra named, no traceback; asked for its help too."""
    done = without_the_extra(command, "--help")
    assert done.returncode == 2, done.stderr
    assert f"entsurge {command} needs the extra `sandbox`" in done.stderr
    assert "pip install 'entsurge[sandbox]'" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "command", [("gate", "--help"), ("run", "--help"), ("plan", "lockdown-2020"), ("chaos", "list")]
)
def test_a_gate_needs_neither_a_web_framework_nor_a_database(command: tuple[str, ...]) -> None:
    """What a pipeline calls does without what the embedded ENT is made of."""
    done = without_the_extra(*command)
    assert done.returncode == 0, done.stderr


def test_perturbations_stand_apart_from_engine_and_report() -> None:
    """The controller and its children are processes of their own: they know neither the engine nor the analysis."""
    rooms = tuple(f"entsurge.{name}" for name in ("engine", "visit", "drivers", "signon", "analysis", "render"))
    assert offenders((*rooms, "entsandbox"), rooms=("chaos",)) == []


ELSEWHERE = {
    ("engine/worker.py", "create_connection"): "a master, asked whether it listens; nothing is sent",
    ("visit/visitor_api.py", "urllib3"): "urllib3.filepost writes multipart bodies; nothing is sent",
}


def other_ways_to_ask() -> list[tuple[str, str]]:
    """Where anything but our own clients could speak to a target: libraries of HTTP, sockets that connect, TLS."""
    libraries = ("urllib.request", "urllib3", "http.client", "requests", "httpx", "aiohttp", "geventhttpclient")
    calls = {"create_connection", "wrap_socket", "wrap_bio", "urlopen", "connect_ex"}
    found = []
    for path in sorted(SOURCE.rglob("*.py")):
        name = str(path.relative_to(SOURCE))
        for each in imports(path, typing=True):
            found += [(name, library) for library in libraries if f"{each}.".startswith(f"{library}.")]
        if name.startswith("client/"):
            continue
        tree = ast.walk(parsed(path))
        called = [node.func for node in tree if isinstance(node, ast.Call)]
        names = [each.attr if isinstance(each, ast.Attribute) else getattr(each, "id", "") for each in called]
        found += [(name, each) for each in names if each in calls | {"Client", "BlockingClient", "AllowList", "Tls"}]
    return found


def test_there_is_one_way_to_make_a_client() -> None:
    """Whoever speaks to a target has its client from an Access: no library, socket or client of their own."""
    assert set(other_ways_to_ask()) == set(ELSEWHERE)


@pytest.mark.parametrize("command", [["--help"], ["plan", "--help"], ["gate", "--help"], ["chaos", "--help"]])
def test_help_loads_neither_pandas_nor_locust(command: list[str]) -> None:
    """`--help` answers at once because the heavy libraries are not loaded for it."""
    script = (
        "import sys; from entsurge.cli import main\n"
        f"try: main({command!r})\nexcept SystemExit: pass\n"
        "print(sorted({'pandas', 'locust', 'gevent', 'altair', 'holidays'} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert done.stderr.strip().endswith("[]")
    assert "Usage" in done.stdout


def test_the_live_page_reads_a_run_and_knows_nobody_who_makes_one() -> None:
    """It serves from the run directory alone, in a process of its own: neither generator, analysis nor their loops."""
    makers = ("engine", "visit", "client", "drivers", "signon", "analysis", "gate", "commands")
    others = (*(f"entsurge.{name}" for name in makers), "locust", "gevent", "pandas", "entsandbox")
    assert offenders(others, rooms=("live",), typing=True) == []


def test_nobody_but_the_command_knows_the_live_page() -> None:
    """The engine does not notice viewers; the command knows what the page's process is told, and starts it."""
    assert offenders(("entsurge.live", "starlette", "uvicorn"), but=("live", "commands"), typing=True) == []
    assert {each.rpartition(": ")[2] for each in offenders(("entsurge.live",), rooms=("commands",))} <= {
        "entsurge.live.spec", "entsurge.live.spec.TOKEN", "entsurge.live.spec.LiveSpec",
    }  # fmt: skip


def test_a_simulation_asks_nobody() -> None:
    """A deployment on paper knows neither network, generator nor embedded ENT; it writes as a run does, by record."""
    others = tuple(
        f"entsurge.{name}"
        for name in ("engine", "visit", "client", "drivers", "signon", "analysis", "render", "commands", "live")
    )
    libraries = ("locust", "gevent", "pandas", "asyncio", "socket", "http", "urllib", "time", "entsandbox")
    assert offenders((*others, *libraries), rooms=("simulation",)) == []


def test_findings_are_data_alone() -> None:
    """Whoever words or stores findings needs neither pandas nor what found them; and they know nobody who does."""
    ours = {f"entsurge.{path.name.removesuffix('.py')}" for path in SOURCE.iterdir()}
    known = {"entsurge.findings", "entsurge.audience", "entsurge.record", "entsurge.errors", "entsurge.__init__"}
    assert offenders((*(ours - known), "pandas", "numpy", "pyarrow"), rooms=("findings",), typing=True) == []
