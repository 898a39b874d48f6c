"""Personas: one entry each; a fifth from outside the package, and what it lacks refused by name."""

import ast
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest
from tests import inspectors

from entsurge import cast, content
from entsurge.audience import profile as profiles
from entsurge.audience.persona import PERSONAS, SHIPPED, Persona, Work, deferred, of_manifest
from entsurge.chaos.game_day import load_all
from entsurge.cli import main
from entsurge.errors import UsageError
from entsurge.plan.arrivals import Arrivals
from entsurge.plan.people import groups, population
from entsurge.plan.summary import planned, window_load

SOURCE = Path(content.__file__).resolve().parent


@pytest.fixture
def refusal(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """What a command line that must end with 2 says of its reason."""

    def call(*arguments: str) -> str:
        code = 0
        try:
            code = main(list(arguments)) or 0
        except SystemExit as end:
            code = int(end.code or 0)
        said = capsys.readouterr().err
        assert code == 2, said
        return said

    return call


def test_a_fifth_persona_is_planned_and_populated(tmp_path: Path) -> None:
    """One table in a personas file: visits in the plan, people in every school, each found by a login of its own."""
    loaded = profiles.load(str(inspectors.write(tmp_path, inspectors.LOCKDOWN)))
    assert list(loaded.personas) == [*PERSONAS, "inspector"]
    assert loaded.personas["inspector"] == Persona(
        "inspector", "inspecteurs", "inspectors", "staff", per_school=2, work=Work(("absences", "lesson-book")),
        protected=True, mark="inspector", scenario=str(tmp_path / "inspector.py"),
    )  # fmt: skip
    assert loaded.protected == ["student", "teacher", "inspector"]
    assert sum(loaded.mixes.visit_share(each) for each in loaded.personas) == 1
    counted = planned(Arrivals(loaded, groups(loaded)))["personas"]["inspector"]
    load = window_load(loaded)
    expected = load["personas"]["inspector"]["visits_per_second"] * load["run_seconds"]
    assert abs(counted["visits"] - expected) <= 1
    assert counted["visits"] > 5
    assert set(counted["services"]) <= {"home", "lesson-book", "absences"}
    people = population(loaded)
    assert people.count("inspector") == 2 * people.schools
    everyone = [people.person("inspector", index) for index in range(people.count("inspector"))]
    assert len({each.login for each in everyone}) == len(everyone)
    assert all(people.find(each.login) == each and each.rights == "staff" for each in everyone)


def test_the_four_are_drawn_as_they_were(tmp_path: Path) -> None:
    """The shipped personas keep their people: a population with a fifth has the same pupils and teachers."""
    ours = population(profiles.load(str(inspectors.write(tmp_path, inspectors.LOCKDOWN))))
    shipped = population(profiles.load("lockdown-2020"))
    for persona in PERSONAS:
        assert ours.count(persona) == shipped.count(persona)
        assert ours.person(persona, 3) == shipped.person(persona, 3)


@pytest.mark.parametrize(
    ("left_out", "said"),
    [
        ('names = { fr = "inspecteurs", en = "inspectors" }', "inspector.names: missing"),
        ('fr = "inspecteurs", ', "its article in each language; lacking: fr"),
        ("per_school = 2", "inspector: expected per_school"),
        ('work = { services = ["absences", "lesson-book"] }', "inspector.work: missing"),
        ("pages = { home = 20, lesson-book = 40, absences = 40 }", "inspector.pages: missing"),
        ("visit_share = 6", "inspector.visit_share: missing"),
        ('curve = "staff"', "inspector: curve: missing"),
        ('scenario = "inspector.py"', "inspector: no scenario"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("command", ["plan", "run"])
def test_what_a_persona_lacks_is_refused_by_name(tmp_path: Path, refusal, command, left_out, said) -> None:
    """Names, number, work, pages, share, curve and scenario: exit 2 with the persona's name, by plan as by run."""
    ours = inspectors.write(tmp_path, inspectors.LOCKDOWN, inspector=inspectors.INSPECTOR.replace(left_out, ""))
    target = ("--target", "http://127.0.0.1:9", "--out", str(tmp_path / "r")) if command == "run" else ()
    assert said in refusal(command, str(ours), *target)
    assert not (tmp_path / "r").exists()


@pytest.mark.parametrize("command", ["plan", "run"])
def test_a_scenario_that_is_not_there_or_is_of_another_is_refused(tmp_path: Path, refusal, command) -> None:
    """A missing file, a class that says another persona, a file with a mistake, a stranger's scenario."""
    target = ("--target", "http://127.0.0.1:9") if command == "run" else ()
    ours = inspectors.write(tmp_path, inspectors.LOCKDOWN, scenario=None)
    assert f"inspector: no scenario: {tmp_path}/inspector.py: no such file" in refusal(command, str(ours), *target)
    copied = inspectors.SCENARIO.replace('persona = "inspector"', 'persona = "staff"')
    ours = inspectors.write(tmp_path, inspectors.LOCKDOWN, scenario=copied)
    assert "no subclass of Visitor with persona = 'inspector'; those there say 'staff'" in refusal(
        command, str(ours), *target
    )
    ours = inspectors.write(tmp_path, inspectors.LOCKDOWN, scenario="class Inspector(:")
    assert "inspector.py: cannot be loaded: SyntaxError" in refusal(command, str(ours), *target)
    ours = inspectors.write(tmp_path, inspectors.LOCKDOWN)
    assert "--scenario inspecteur: no persona 'inspecteur'; the personas are student," in refusal(
        command, str(ours), *target, "--scenario", "inspecteur=./inspector.py"
    )


def test_a_scenario_that_nobody_names_is_mentioned(tmp_path: Path, capsys, monkeypatch) -> None:
    """A new scenarios/inspector.py is no longer silently ignored: plan says that it is not run."""
    for name in PERSONAS:
        text = (content.root("scenarios") / f"{name}.py").read_text(encoding="utf-8")
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
    (tmp_path / "inspector.py").write_text(inspectors.SCENARIO, encoding="utf-8")
    (tmp_path / "helpers.py").write_text("ANSWER = 42\n", encoding="utf-8")
    root = content.root
    monkeypatch.setattr(content, "root", lambda kind: tmp_path if kind == "scenarios" else root(kind))
    with pytest.raises(SystemExit) as end:
        main(["plan", "lockdown-2020", "--json"])
    assert not end.value.code
    said = capsys.readouterr().err
    assert f"{tmp_path}/inspector.py: no persona of lockdown-2020 names it: it is not run" in said
    assert "helpers.py" not in said


def test_whoever_speaks_of_a_stranger_is_refused(tmp_path: Path, refusal) -> None:
    """An objective or an occasion of a persona that the profile has not; a table that is none; a reserved name."""
    ours = tmp_path / "ours.toml"
    ours.write_text(inspectors.LOCKDOWN.replace('persona = "staff"', 'persona = "inspector"', 1), encoding="utf-8")
    assert "objective staff-latency: no persona 'inspector'; the personas are student" in refusal("plan", str(ours))
    (tmp_path / "visit.toml").write_text(
        'title = { fr = "visite" }\nsource = "essai"\nat = "09:00"\nminutes = 10\npercent = { inspector = 5 }\n'
    )
    event = '[[event]]\noccasion = "visit.toml"\nday = "monday"\n'
    ours.write_text(inspectors.LOCKDOWN + event, encoding="utf-8")
    assert "occasion visit.toml: no persona 'inspector'" in refusal("plan", str(ours))
    path = inspectors.write(tmp_path, inspectors.LOCKDOWN, inspector="\n[other]\nvisit_share = 1\n")
    assert "other: no name for a persona" in refusal("plan", str(path))
    personas = tmp_path / "with-inspectors.toml"
    personas.write_text("inspector = 3\n" + personas.read_text(encoding="utf-8"), encoding="utf-8")
    assert "inspector: unknown key" in refusal("plan", str(path))


def test_an_experiment_of_a_stranger_is_refused(tmp_path: Path) -> None:
    """An experiment that defers a persona which the profile has not; one that has it takes it."""
    text = (content.root("chaos") / "pupils-and-teachers-first.json").read_text(encoding="utf-8")
    path = tmp_path / "first.json"
    path.write_text(text.replace('"staff"', '"inspector"'), encoding="utf-8")
    with pytest.raises(UsageError, match=r"first\.json: no persona 'inspector'"):
        cast.check_personas(profiles.load("lockdown-2020"), load_all([str(path)]))
    cast.check_personas(profiles.load(str(inspectors.write(tmp_path, inspectors.LOCKDOWN))), load_all([str(path)]))


def test_an_added_persona_goes_with_those_whose_rights_it_has() -> None:
    """Deferred with the staff unless it is protected; named once; the shipped ones do not follow each other."""
    guest = Persona("guest", "invités", "guests", "staff", per_school=1)
    kept = Persona("inspector", "inspecteurs", "inspectors", "staff", per_school=1, protected=True)
    assert deferred((*SHIPPED, guest, kept), ["parent", "staff"]) == ["parent", "staff", "guest"]
    assert deferred((*SHIPPED, guest), ["staff", "guest"]) == ["staff", "guest"]
    assert deferred((*SHIPPED, guest), ["parent"]) == ["parent"]


def test_an_entry_comes_back_from_a_manifest() -> None:
    """What a manifest holds is the entry again, its file apart; of a run that names none, the shipped ones."""
    one = Persona("inspector", "inspecteurs", "inspectors", "staff", per_school=2, work=Work(("absences",), True))
    assert of_manifest({"personas": [one.as_json()]}) == {"inspector": one}
    assert list(of_manifest({})) == list(of_manifest({"personas": [3, {"key": 4}, None]})) == list(PERSONAS)
    with pytest.raises(UsageError):
        Persona.of({"key": "Inspector!", "fr": "a", "en": "b", "rights": "staff"})


def test_a_curve_of_its_own_or_the_shapes(tmp_path: Path) -> None:
    """A curve in the persona's table, or a table of its name in the shape, which goes first."""
    days, hours = "[1, 0, 0, 0, 0, 0, 0]", "[1" + ", 0" * 17 + "]"
    table = f"{{ days = {days}, hours = {hours} }}"
    ours = inspectors.write(
        tmp_path, inspectors.LOCKDOWN, inspector=inspectors.INSPECTOR.replace('"staff"\npages', f"{table}\npages")
    )
    assert profiles.load(str(ours)).curve("inspector").share(0, 6) == Fraction(99, 100)
    shape = (content.root("profiles") / "shapes" / "lockdown.toml").read_text(encoding="utf-8")
    (tmp_path / "shape.toml").write_text(
        f"{shape}\n[inspector]\ndays = [0, 1, 0, 0, 0, 0, 0]\nhours = {hours}\n", encoding="utf-8"
    )
    ours.write_text(ours.read_text(encoding="utf-8").replace('shape = "lockdown"', 'shape = "shape.toml"'))
    loaded = profiles.load(str(ours))
    assert loaded.curve("inspector").share(1, 6) == Fraction(99, 100)
    assert loaded.curve("inspector", profiles.load_shape("ordinary")).share(0, 6) == Fraction(99, 100)


def test_no_other_list_of_personas() -> None:
    """Nobody else lists the shipped personas: a tuple, list or set of three of them, or a Literal, is another home."""
    found = []
    for path in SOURCE.rglob("*.py"):
        if path == SOURCE / "audience" / "persona.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Tuple | ast.List | ast.Set):
                named = {each.value for each in node.elts if isinstance(each, ast.Constant)} & set(PERSONAS)
                found += [f"{path.relative_to(SOURCE)}:{node.lineno}"] if len(named) > 2 else []
    assert found == []
