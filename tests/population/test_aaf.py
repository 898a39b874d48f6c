"""AAF files: written as the DTD has them, in ISO-8859-15, at constant memory; read back as the same people."""

import csv
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from tests import inspectors

from entsurge.errors import UsageError
from entsurge.population import PERSONAS, Population
from entsurge.population.aaf import changes, entries, reading, writing
from entsurge.population.aaf.entry import DTD_NAME, ENCODING, Entry
from entsurge.population.aaf.merged import Merged
from entsurge.population.directory import Census, from_aaf, from_csv

PEOPLE = Population(9, academies=3, schools=4, classes_per_school=3, pupils_per_class=20)


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A full export of four schools."""
    folder = tmp_path_factory.mktemp("aaf")
    writing.write(entries.everything(PEOPLE), folder, date="20260901")
    return folder


@pytest.fixture(scope="module")
def delta(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A school joins, a tenth leave, a fifth change class."""
    folder = tmp_path_factory.mktemp("delta")
    found = changes.changes(PEOPLE, new_schools=2, leave_percent=10, move_percent=20)
    writing.write(found, folder, date="20260908", incremental=True)
    return folder


def test_every_file_is_valid_by_the_dtd_beside_it(full: Path, delta: Path) -> None:
    """lxml validates each whole file with its own DTD; the declaration says ISO-8859-15 and the bytes are."""
    files = [*full.glob("*.xml"), *delta.glob("*.xml")]
    assert len(files) == 6 + 4
    for path in files:
        tree = etree.parse(str(path), etree.XMLParser(dtd_validation=True, load_dtd=True, no_network=True))
        assert tree.docinfo.encoding == ENCODING
        assert tree.docinfo.system_url == DTD_NAME
        path.read_bytes().decode("iso-8859-15").encode("iso-8859-15")
    accented = next(full.glob("*_EtabEducNat_0000.xml")).read_bytes()
    assert "Lycée des Érables".encode("iso-8859-15") in accented


def test_people_come_back_as_they_were(full: Path) -> None:
    """Names, schools, classes, subjects and families of everybody, by their join ids."""
    rows = {row["login"]: row for row in from_aaf(Merged([full]).entries)}
    assert len(rows) == sum(PEOPLE.count(persona) for persona in PERSONAS)
    for persona in PERSONAS:
        for index in range(PEOPLE.count(persona)):
            person, row = PEOPLE.person(persona, index), rows[entries.join_id(persona, index)]
            assert (row["persona"], row["family_name"], row["given_name"]) == (
                persona, person.family_name, person.given_name,
            )  # fmt: skip
            assert (row["uai"], row["academy"]) == (person.uai, person.academy)
            assert row["classes"].split() == list(person.classes)
            assert row["subject"] == (person.subject or "")
            assert row["children"].split() == [entries.join_id("student", child) for child in person.children]


def test_an_incremental_export_leads_to_people_who_agree(full: Path, delta: Path) -> None:
    """After it nobody's family points nowhere; who left is gone, who moved is in another class, a school is there."""
    merged, census = Merged([delta, full]), Census()
    rows = {row["login"]: row for row in census.passing(from_aaf(merged.entries))}
    assert merged.warnings == []
    assert census.faults() == []
    assert len(census.schools) == 6
    found = list(changes.changes(PEOPLE, new_schools=2, leave_percent=10, move_percent=20))
    gone = {entry.id for entry in found if entry.request == "delete"}
    moved = {entry.id: entry for entry in found if entry.request == "modify"}
    assert gone
    assert moved
    assert not gone & rows.keys()
    for identity, entry in moved.items():
        person = PEOPLE.person("student", int(identity) - entries.FIRST_ID["student"])
        assert rows[identity]["classes"] == entry.value("ENTEleveClasses").partition("$")[2] != person.classes[0]
        assert rows[identity]["family_name"] == person.family_name


def test_files_are_cut_and_numbered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No file holds more than so many entries; all of them come back."""
    monkeypatch.setattr(writing, "ENTRIES_PER_FILE", 50)
    writing.write(entries.everything(PEOPLE), tmp_path / "out", date="20260901")
    names = sorted(path.name for path in (tmp_path / "out").glob("*_Eleve_*.xml"))
    assert names == [f"SYN_ENTSURGE_Complet_20260901_Eleve_{number:04d}.xml" for number in range(5)]
    assert sum(1 for _ in Merged([tmp_path / "out"]).entries()) == sum(1 for _ in entries.everything(PEOPLE))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.text(st.characters(min_codepoint=32, max_codepoint=0xFFFD, exclude_categories=["Cs", "Cc"]), min_size=1),
        min_size=1,
    )
)
def test_any_text_survives(tmp_path_factory: pytest.TempPathFactory, values: list[str]) -> None:
    """Letters beyond ISO-8859-15, angle brackets and quotes come back as they were, spaces at the ends aside."""
    folder = tmp_path_factory.mktemp("any")
    writing.write([Entry("add", "Eleve", "7", (("sn", tuple(values)),))], folder, date="20260901")
    (found,) = Merged([folder]).entries()
    assert found.values("sn") == tuple(value.strip() for value in values)


ADD = "<addRequest><operationalAttributes><attr name='x'><value>Eleve</value></attr></operationalAttributes>"
DONE = (
    "<identifier><id>1</id></identifier><attributes><attr name='sn'><value>A</value></attr></attributes></addRequest>"
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "not XML|cannot be read"), ("nonsense", "not XML"), ("<a/>", "expected <ficAlimMENESR>"),
        (f"<ficAlimMENESR>{ADD}</addRequest></ficAlimMENESR>", "line 1: Element addRequest content does not follow"),
        ("<ficAlimMENESR><addQuest/></ficAlimMENESR>", "expected addRequest"),
        (f"<ficAlimMENESR>{ADD}{DONE}".replace("Eleve<", "PersRelEleve<") + "</ficAlimMENESR>", "in a file of Eleve"),
        (f"<ficAlimMENESR>{ADD}{DONE}<addRequest>", "not XML"),
        ('<!DOCTYPE a [<!ENTITY b "x"><!ENTITY c "&b;&b;">]>' + f"<ficAlimMENESR>{ADD}{DONE}".replace(">A<", ">&c;<")
         + "</ficAlimMENESR>", "declares entities \\(b, c\\); expected text"),
    ],
)  # fmt: skip
def test_what_the_dtd_does_not_allow_is_refused_by_line(tmp_path: Path, text: str, expected: str) -> None:
    """Empty, no XML, another root, missing parts, another kind, cut short, entities: one UsageError each."""
    path = tmp_path / "X_Eleve_0000.xml"
    path.write_text(text)
    with pytest.raises(UsageError, match=expected):
        list(reading.read(path))


def test_what_does_not_agree_is_counted(tmp_path: Path, full: Path) -> None:
    """A deletion of nobody, a student twice, a parent whose child is missing: warnings, no refusal."""
    found = [entry for entry in entries.everything(PEOPLE) if not (entry.kind == "Eleve" and entry.id == "10000000")]
    found.append(found[-1])
    writing.write(found, tmp_path / "a", date="20260901")
    writing.write([Entry("delete", "Eleve", "123")], tmp_path / "b", date="20260902", incremental=True)
    merged, census = Merged([tmp_path / "a", tmp_path / "b"]), Census()
    assert sum(1 for _ in census.passing(from_aaf(merged.entries)))
    assert any("stand there twice" in warning for warning in merged.warnings)
    assert "1 Eleve to be changed or deleted that are not there; the first is 123" in merged.warnings
    assert census.faults() == ["2 parents without a child"]


def entsurge(folder: Path, *arguments: str, **more) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "entsurge", "population", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, timeout=120, check=False, **more)


def test_the_command_writes_and_reads(tmp_path: Path) -> None:
    """CSV to a file and back; AAF, full and incremental, to CSV; the counts agree."""
    size = ["--schools", "3", "--classes", "2", "--pupils", "10"]
    assert entsurge(tmp_path, *size, "--out", "people.csv").returncode == 0
    back = entsurge(tmp_path, "--read", "people.csv")
    assert back.returncode == 0, back.stderr
    assert "3 schools, 3 academies" in back.stdout
    assert back.stderr == ""
    assert entsurge(tmp_path, *size, "--format", "aaf", "--out", "full").returncode == 0
    more = entsurge(
        tmp_path, *size, "--academies", "3", "--format", "aaf", "--incremental", "--new-schools", "1", "--out", "more"
    )
    assert more.returncode == 0, more.stderr
    read = entsurge(tmp_path, "--read", "full", "--read", "more", "--out", "again.csv")
    assert read.returncode == 0, read.stderr
    assert "4 schools" in read.stdout
    with (tmp_path / "again.csv").open(encoding="utf-8") as stream:
        assert {row["uai"] for row in csv.DictReader(stream)} >= {PEOPLE.school(index).uai for index in range(3)}


def test_an_added_persona_is_written_and_read_back(tmp_path: Path) -> None:
    """As CSV under its own name; as AAF among the employees, with join ids of its own, whom AAF knows as staff."""
    inspectors.write(tmp_path, inspectors.LOCKDOWN)
    theirs = ("--personas", "./with-inspectors.toml", "--schools", "3")
    assert entsurge(tmp_path, *theirs, "--out", "all.csv").returncode == 0
    rows = list(csv.DictReader((tmp_path / "all.csv").read_text(encoding="utf-8").splitlines()))
    assert sum(row["persona"] == "inspector" for row in rows) == 6
    read = entsurge(tmp_path, *theirs, "--read", "all.csv")
    assert read.returncode == 0, read.stderr
    assert "inspector" in read.stdout
    assert entsurge(tmp_path, "--read", "all.csv").returncode == 2
    assert entsurge(tmp_path, *theirs, "--format", "aaf", "--out", "aaf").returncode == 0
    again = entsurge(tmp_path, "--read", "aaf", "--out", "again.csv")
    assert again.returncode == 0, again.stderr
    assert "twice" not in again.stderr
    people = [
        row["persona"] for row in csv.DictReader((tmp_path / "again.csv").read_text(encoding="utf-8").splitlines())
    ]
    assert len(people) == len(rows)
    assert people.count("staff") == sum(row["persona"] in ("staff", "inspector") for row in rows)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--format", "aaf"], "--out FOLDER"), (["--incremental"], "only AAF"), (["--read", "noise.csv"], "columns"),
        (["--read", "bad.csv"], "line 2: persona"),
        (["--read", "short.csv"], "line 2: 2 cells, where the first line has 11"),
        (["--read", "noise"], "no AAF file"), (["--format", "aaf", "--out", "x", "--date", "today"], "YYYYMMDD"),
        (["--people", "99999999"], "over 9999"),
    ],
)  # fmt: skip
def test_mistakes_are_explained(tmp_path: Path, arguments: list[str], said: str) -> None:
    """Exit code 2, one message, no traceback."""
    header = ",".join(next(iter(csv.reader(["persona,login,password,given_name,family_name,uai,school,academy"]))))
    header += ",classes,subject,children\n"
    (tmp_path / "noise.csv").write_bytes(b"a;b\n1;2\n")
    (tmp_path / "bad.csv").write_text(header + "king,x,,,,,,,,,\n")
    (tmp_path / "short.csv").write_text(header + "student,x\n")
    (tmp_path / "noise").write_bytes(bytes(range(256)))
    done = entsurge(tmp_path, *arguments)
    assert done.returncode == 2, done.stdout + done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_memory_does_not_grow_with_the_people(tmp_path: Path) -> None:
    """40,000 people are written within 20 MiB of what 4,000 need."""
    most = []
    for number, least in enumerate((4_000, 40_000)):
        script = (
            "import resource, sys; from entsurge.cli import main\n"
            f"try: main(['population', '--people', '{least}', '--format', 'aaf', '--out', '{tmp_path}/{number}'])\n"
            "except SystemExit: pass\nprint(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)"
        )
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=120)
        most.append(int(done.stderr.split()[-1]) / 1024)
    assert most[1] < most[0] + 20
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss > 0


def test_csv_read_back_is_what_was_written(tmp_path: Path) -> None:
    """Every row of a written CSV comes back, and the census finds nothing amiss."""
    from entsurge.population import write_csv

    with (tmp_path / "p.csv").open("w", encoding="utf-8", newline="") as stream:
        write_csv(PEOPLE, stream)
    census = Census()
    rows = list(census.passing(from_csv(tmp_path / "p.csv")))
    assert len(rows) == sum(PEOPLE.count(persona) for persona in PERSONAS)
    assert rows[0]["login"] == PEOPLE.person("student", 0).login
    assert census.faults() == []
