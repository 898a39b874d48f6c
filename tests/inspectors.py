"""A fifth persona as an operator adds it from outside the package: a personas file, a scenario, a profile."""

from pathlib import Path

from entsurge import content

INSPECTOR = """
[inspector]
names = { fr = "inspecteurs", en = "inspectors" }
visit_share = 6
protected = true
per_school = 2
rights = "staff"
work = { services = ["absences", "lesson-book"] }
scenario = "inspector.py"
curve = "staff"
pages = { home = 20, lesson-book = 40, absences = 40 }
"""
SCENARIO = """
from entsurge.scenario import Visitor, journey


class Inspector(Visitor):
    persona = "inspector"

    @journey("home")
    def arrive(self):
        yield "open-home"

    @journey("lesson-book")
    def read_lessons(self):
        yield "read-lessons"

    @journey("absences")
    def read_absences(self):
        yield "read-absences"
"""
_SHIPPED = (content.root("profiles") / "lockdown-2020.toml").read_text(encoding="utf-8")
LOCKDOWN = _SHIPPED[: _SHIPPED.index("visits_percent")] + _SHIPPED[_SHIPPED.index("[window]") :]
"""The shipped profile without what ties it to a week before."""
OBJECTIVE = """
[[objective]]
id = "inspector-errors"
persona = "inspector"
phase = "surge"
must = "errors < 50%"
required = true
"""


def write(folder: Path, profile: str, *, inspector: str = INSPECTOR, scenario: str | None = SCENARIO) -> Path:
    """The profile with inspectors, beside their personas file and their scenario (none if None): where it is."""
    personas = (content.root("profiles") / "personas" / "high-schools.toml").read_text(encoding="utf-8")
    (folder / "with-inspectors.toml").write_text(personas + inspector, encoding="utf-8")
    if scenario is not None:
        (folder / "inspector.py").write_text(scenario, encoding="utf-8")
    text = profile.replace('personas = "high-schools"', 'personas = "with-inspectors.toml"')
    path = folder / "ours.toml"
    path.write_text(text.replace('baseline = "ordinary-week"\n', "") + OBJECTIVE, encoding="utf-8")
    return path
