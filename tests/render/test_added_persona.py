"""A persona that was added: report, brief, JUnit and JSON speak of it from the run directory alone."""

import json
from pathlib import Path

import pytest
from tests.render.records import record

from entsurge.analysis import read_run
from entsurge.analysis.brief import brief
from entsurge.audience.persona import SHIPPED, Persona, Work
from entsurge.render import write_report
from entsurge.render.brief import render_brief_markdown

INSPECTOR = Persona("inspector", "inspecteurs", "inspectors", "staff", per_school=2, work=Work(("homework",)),
                    protected=True)  # fmt: skip
PEOPLE = {"student": 120, "inspector": 90}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that served nobody: 120 pupils, 90 inspectors, and its report in it."""
    path = record(
        tmp_path_factory.mktemp("added") / "run", name="essai", served=False, people=PEOPLE,
        protected=["student", "inspector"], personas=[each.as_json() for each in (*SHIPPED, INSPECTOR)],
    )  # fmt: skip
    write_report([path], path, formats=("html", "md", "json", "junit"))
    return path


@pytest.mark.parametrize(
    ("language", "heading", "sentence", "work"),
    [
        ("fr", "Inspecteurs", "les élèves et les inspecteurs", "Sur 100 inspecteurs, ont obtenu leur travail"),
        ("en", "Inspectors", "pupils and inspectors", "Of 100 inspectors who came, obtained their work"),
    ],
)
def test_the_report_calls_it_by_its_name(run: Path, language: str, heading: str, sentence: str, work: str) -> None:
    """In the matrix, in the objectives, in the verdict's sentence and in continuity, in both languages."""
    page = (run / f"report.{language}.html").read_text(encoding="utf-8")
    assert f'<th scope="row">{heading}</th>' in page
    assert sentence in page.replace("\u00a0", " ")
    assert f"<p>{work}</p>" in page
    assert ("vient pour son travail si la visite" if language == "fr" else "came for its work if the visit") in page
    short = (run / f"report.{language}.md").read_text(encoding="utf-8")
    assert sentence in short
    assert f"- {work}: 0" in short.replace("\u00a0", "")


def test_what_machines_read_knows_it(run: Path) -> None:
    """The JSON holds its entry, its cells after the shipped ones' and its work; JUnit a case for it."""
    data = json.loads((run / "report.json").read_text(encoding="utf-8"))["runs"][0]
    assert data["personas"][-1] == json.loads(json.dumps(INSPECTOR.as_json())) | {"scenario": ""}
    assert data["matrix"]["personas"] == ["student", "inspector"]
    assert data["continuity"]["others"] == [
        {"persona": "inspector", "publishes": False, "came": 90, "done": 0, "per_100": 0.0, "unmeasured": ""}
    ]
    assert 'name="inspector * surge: errors' in (run / "report.junit.xml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("language", "line"),
    [("fr", "Sur 100 inspecteurs, 0 ont obtenu leur travail."), ("en", "Of 100 inspectors who came, 0 obtained")],
)
def test_the_brief_speaks_of_it(run: Path, language: str, line: str) -> None:
    """Its work, and that it was lost, under its name."""
    text = render_brief_markdown(brief(read_run(run)), language)
    assert line in text
    assert ("Les inspecteurs" if language == "fr" else "Inspectors") in text
