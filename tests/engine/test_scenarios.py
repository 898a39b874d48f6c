"""A scenario's mistakes are found before the first arrival: each said with file, line, journey, the nearest name."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

CASES = Path(__file__).with_name("scenario_cases.py")
ALL = "home, messages, homework, lesson-book, files, marks, absences, news, chat, video-class"
FIRST = 8  # the line that a journey of `ours` begins in
NONE = "{file}: no subclass of Visitor with persona = 'student'; line 4: "


def ours(service: str, name: str, *lines: str) -> str:
    """The shipped student with one journey more."""
    return "\n".join([
        "from entsurge import content", "from entsurge.scenario import Visitor, journey", "",
        'Shipped = content.load_module(content.find("scenarios", "student")).Student', "", "",
        "class Student(Shipped):", f'    @journey("{service}")', f"    def {name}(self):",
        *(f"        {line}" for line in lines),
    ])  # fmt: skip


def bare(*lines: str) -> str:
    """A file of its own, from line 4 on."""
    return "\n".join(["from entsurge.scenario import Visitor, journey", "", "", *lines])


def wrong(line: int, journey: str, words: str) -> str:
    """What is said of a journey."""
    return f"{{file}}:{line}: student, journey {journey}: {words}"


MISTAKES: dict[str, tuple[str, list[str]]] = {
    "sound": (ours("homework", "on", 'yield "hand-in"'), []),
    "misspelt action": (
        ours("homework", "on", 'yield "read-homework"', 'yield "hand-inn"'),
        [wrong(FIRST + 3, "on (homework)", "no action 'hand-inn'; nearest: hand-in")],
    ),
    "misspelt in a branch that no draw takes": (
        ours("homework", "on", 'yield "hand-inn" if self.memory.of(dict) else "hand-in"'),
        [wrong(FIRST + 2, "on (homework)", "no action 'hand-inn'; nearest: hand-in")],
    ),
    "misspelt where the source shows no constant": (
        ours("homework", "on", 'yield from ["read-homework", "mark-dome"]'),
        [wrong(FIRST, "on (homework)", "no action 'mark-dome'; nearest: mark-done")],
    ),
    "nothing near": (
        ours("marks", "on", 'yield "xyzzy"'),
        [
            wrong(
                FIRST + 2, "on (marks)", "no action 'xyzzy'; known for marks: read-marks, read-evaluation, enter-marks"
            )
        ],
    ),
    "raises": (
        ours("home", "on", 'raise ZeroDivisionError("on purpose")', "yield"),
        [wrong(FIRST + 2, "on (home)", "raises ZeroDivisionError: on purpose")],
    ),
    "raises in some draws": (
        ours("home", "on", 'yield "open-home"', "if self.random.random() < 0.5:", "    self.nowhere()"),
        [wrong(FIRST + 4, "on (home)", "raises AttributeError: 'Student' object has no attribute 'nowhere'")],
    ),
    "never ends": (
        ours("home", "on", "while True:", '    yield "open-home"'),
        [wrong(FIRST, "on (home)", "never ends; a journey is one pass, and begins again by itself")],
    ),
    "sleeps": (
        ours("home", "on", "import time", "time.sleep(99)", 'yield "open-home"'),
        [wrong(FIRST, "on (home)", "takes longer than 2 s; the plan says how long to read")],
    ),
    "empty": (ours("home", "on", "yield from []"), [wrong(FIRST, "on (home)", "yields no action")]),
    "returns a text": (
        ours("home", "on", 'return "open-home"'),
        [wrong(FIRST, "on (home)", "returns 'open-home'; yield it")],
    ),
    "yields no text": (
        ours("home", "on", "yield"),
        [wrong(FIRST, "on (home)", "yields None, where the name of an action was expected")],
    ),
    "bears a name of the visitor's own": (
        ours("home", "visit", 'yield "open-home"'),
        [wrong(FIRST, "visit (home)", "the name is the visitor's own; give the journey another")],
    ),
    "an action of another product": (ours("chat", "on", 'yield "answer-in-forum"'), []),
    "depends on what only a visit has": (
        ours("home", "on", 'yield "hand-in" if self.memory.of(dict) else "open-home"', "yield self.plan.pages[0].x"),
        [],
    ),
    "no Visitor": (
        bare("class Student:", '    persona = "student"'),
        [f"{NONE}Student is no Visitor: class Student(Visitor)"],
    ),
    "misspelt persona": (
        bare("class Student(Visitor):", '    persona = "studnet"'),
        [f"{NONE}Student has persona = 'studnet'; nearest: student"],
    ),
    "no persona": (
        bare("class Student(Visitor):", "    pass"),
        [f"{NONE}Student has no persona: persona = 'student'"],
    ),
    "abstract": (
        bare("class Student(Visitor):", '    persona = "student"', "    abstract = True"),
        [f"{NONE}Student is abstract"],
    ),
    "two of them": (
        bare("class One(Visitor):", '    persona = "student"', "class Two(Visitor):", '    persona = "student"'),
        ["{file}: several scenarios with persona = 'student': One, Two; one file, one of them"],
    ),
    "journey without its service": (
        bare("class Student(Visitor):", '    persona = "student"', "    @journey", "    def on(self): yield"),
        [f'{{file}}:6: cannot be loaded: @journey needs its service: @journey("homework"), one of {ALL}'],
    ),
    "journey of no service": (
        bare("class Student(Visitor):", '    @journey("homewrok")', "    def on(self): yield"),
        ["{file}:5: cannot be loaded: @journey('homewrok'): no such service; nearest: homework"],
    ),
    "cannot be loaded": (
        bare("class Student(Vistor):", "    pass"),
        ["{file}:4: cannot be loaded: NameError: name 'Vistor' is not defined"],
    ),
    "cannot be read": (bare("class (:"), ["{file}:4: cannot be loaded: SyntaxError: invalid syntax ({file}, line 4)"]),
}


def said(cases: list[tuple[str, Path, str]]) -> list[list[str]]:
    """What is wrong with each file, checked in a process of its own."""
    told = json.dumps([(persona, str(path), driver) for persona, path, driver in cases])
    done = subprocess.run([sys.executable, str(CASES), told], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    found: list[list[str]] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def heard(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, list[str]]]:
    """For each mistake: the file's name, and what was said of it."""
    folder = tmp_path_factory.mktemp("scenarios")
    paths = {name: folder / f"ours{number}.py" for number, name in enumerate(MISTAKES)}
    for name, path in paths.items():
        path.write_text(MISTAKES[name][0], encoding="utf-8")
    found = said([("student", path, "portal") for path in paths.values()])
    return {name: (path.name, lines) for (name, path), lines in zip(paths.items(), found, strict=True)}


@pytest.mark.parametrize("name", MISTAKES)
def test_each_mistake_is_named(heard, name: str) -> None:
    """File, line, journey and the nearest known name; nothing of what is sound."""
    file, lines = heard[name]
    assert lines == [each.replace("{file}", file) for each in MISTAKES[name][1]]


def test_a_service_without_a_journey_is_named(tmp_path: Path) -> None:
    """Each service that the profile's persona visits; methods that lack their decorator, names that hide one."""
    path = tmp_path / "ours.py"
    path.write_text(
        bare(
            "class Student(Visitor):", '    persona = "student"', '    @journey("home")', "    def arrive(self):",
            '        yield "open-home"', "    def do_the_work_set(self):", '        yield "read-homework"',
            '    @journey("files")', "    def _fetch(self):", '        yield "list-files"',
        ),
        encoding="utf-8",
    )  # fmt: skip
    (lines,) = said([("student", path, "portal")])
    for line, service in zip(lines, ALL.split(", ")[1:], strict=True):
        assert line.startswith(
            f"ours.py: Student has no journey for {service}, which the profile's student visits; "
            + ("_fetch is none" if service == "files" else f'methods without @journey("{service}"): do_the_work_set')
        )


def test_what_is_shipped_is_sound_on_every_product(tmp_path: Path) -> None:
    """Shipped scenarios on each shipped driver, what a product lacks giving way."""
    own = tmp_path / "ours.py"
    own.write_text(ours("homework", "on", 'yield "hand-in"'), encoding="utf-8")
    drivers = ("portal", "skolengo", "skolengo-mobile", "entcore", "moodle")
    assert said([("student", own, driver) for driver in drivers]) == [[]] * len(drivers)


def test_run_refuses_it_before_anything_is_asked_of_the_target(tmp_path: Path) -> None:
    """Exit 2, though nothing listens there either (6): nobody has looked yet; no run directory."""
    (tmp_path / "ours.py").write_text(ours("homework", "on", 'yield "hand-inn"'), encoding="utf-8")
    command = [sys.executable, "-m", "entsurge", "run", "lockdown-2020", "--target", "http://127.0.0.1:9"]
    command += ["--scenario", "student=ours.py", "--out", "run"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2, done.stderr
    assert done.stderr.splitlines()[0] == (
        "entsurge: ours.py:10: student, journey on (homework): no action 'hand-inn'; nearest: hand-in"
    )
    assert not (tmp_path / "run").exists()


def test_doctor_looks_at_scenarios_too(tmp_path: Path) -> None:
    """A mistake is a finding, as is what the product lacks."""
    (tmp_path / "wrong.py").write_text(ours("homework", "on", 'yield "hand-inn"'), encoding="utf-8")
    (tmp_path / "sound.py").write_text(ours("homework", "on", 'yield "hand-in"'), encoding="utf-8")

    def rows(driver: str, file: str) -> list[dict[str, object]]:
        command = [sys.executable, "-m", "entsurge", "doctor", "--target", "http://127.0.0.1:9", "--driver", driver]
        command += ["--scenario", f"student={file}", "--json"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
        found = [json.loads(line) for line in done.stdout.splitlines()]
        return [each for each in found if each["check"] == "scenario student"]

    (wrong,), (sound,), (lacking,) = rows("portal", "wrong.py"), rows("portal", "sound.py"), rows("entcore", "sound.py")
    assert (wrong["ok"], "nearest: hand-in" in str(wrong["detail"])) == (False, True)
    assert (sound["ok"], sound["detail"]) == (True, "sound.py")
    assert lacking["ok"] is None
    assert "the driver lacks answer-message, download-file, hand-in, " in str(lacking["detail"])
