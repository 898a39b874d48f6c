"""Audience exports: the DNMA's weeks by school, and connections by hour, day and profile."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.conftest import FULL

from entsurge.audience import profile as profiles
from entsurge.calibration import exports
from entsurge.calibration.writing import write
from entsurge.errors import UsageError

DNMA = """debutsemaine;uai;academie;visites_eleve;visites_parent;visites_enseignant;\
visites_admin_vie_scol_tech;duree_eleve
2026-01-05;9990001X;Lyon;100;50;20;5;00:08:00
2026-01-12;9990001X;Lyon;1 000;500;200;50;00:10:00
2026-01-12;9990002Y;Grenoble;3000;1500;600;150;00:06:00
2026-01-12;9990003Z;Grenoble;n/a;0;0;0;
"""


def refused(path: Path, text: str | bytes, read, match: str, **more) -> None:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(UsageError, match=match):
        read(path, **more)


def test_the_busiest_week_of_a_dnma_export(tmp_path: Path) -> None:
    """Sums over schools, durations weighed by visits, shares of the personas; pages from the baseline, and said."""
    (tmp_path / "dnma.csv").write_text(DNMA, encoding="utf-8-sig")
    found = exports.dnma(tmp_path / "dnma.csv")
    assert found.visits_per_week == pytest.approx(7000)
    assert found.minutes_per_visit == pytest.approx(7.0)
    assert found.unexplained == ["1 value of visites_eleve without a number, the first in line 5"]
    write(found, tmp_path / "ours.toml")
    again = profiles.load(str(tmp_path / "ours.toml"))
    assert float(again.mixes.visit_share("parent")) == pytest.approx(2000 / 7000)
    assert float(again.week.pages_per_visit) == pytest.approx(4.68, abs=0.01)
    assert "taken from the baseline: pages per visit" in (tmp_path / "ours.toml").read_text("utf-8")


def test_a_week_and_an_academy_can_be_chosen(tmp_path: Path) -> None:
    """`--where academie=lyon` (case and accents aside) and `--week`."""
    (tmp_path / "dnma.csv").write_text(DNMA)
    found = exports.dnma(tmp_path / "dnma.csv", where={"academie": "lyon"}, week="2026-01-05")
    assert found.visits_per_week == pytest.approx(175)
    with pytest.raises(UsageError, match="weeks from 2026-01-05 to 2026-01-12"):
        exports.dnma(tmp_path / "dnma.csv", week="2020-03-16")
    with pytest.raises(UsageError, match="no such column"):
        exports.dnma(tmp_path / "dnma.csv", where={"pays": "fr"})


def test_durations_of_a_whole_week_are_divided_by_visits(tmp_path: Path) -> None:
    """1,000 visits and 166:40:00 are ten minutes each."""
    (tmp_path / "d.csv").write_text("debutsemaine,visites_eleve,duree_eleve\n2026-01-05,1000,166:40:00\n")
    found = exports.dnma(tmp_path / "d.csv")
    assert found.minutes_per_visit == pytest.approx(10)
    assert "totals of the week" in " ".join(found.notes)


HOURS = """Jour;Heure;Profil;Connexions
lundi;08h;Élève;300
lundi;09h-10h;Enseignant;60
Mardi;08:00;élève;100
mardi;25;Parent;9
dimanche;20;Visiteur;40
"""


def test_connections_by_hour_day_and_profile(tmp_path: Path) -> None:
    """French words, hours in several forms, Windows-1252; what cannot be read is said."""
    (tmp_path / "hours.csv").write_bytes(HOURS.encode("cp1252"))
    assert exports.kind_of(tmp_path / "hours.csv") == "hours"
    found = exports.hours(tmp_path / "hours.csv")
    assert found.visits["student"][8] == 300
    assert found.visits["student"][24 + 8] == 100
    assert found.visits["teacher"][9] == 60
    assert found.busiest == ("monday", 8, 300)
    assert found.unexplained == [
        "1 row without a day, an hour or a number, the first in line 5",
        "profiles that are none of the four: Visiteur",
    ]  # fmt: skip
    write(found, tmp_path / "ours.toml")
    again = profiles.load(str(tmp_path / "ours.toml"))
    assert again.week.visits == 500
    assert float(again.shape.curve("student").share(0, 8)) == pytest.approx(0.75 * 0.99)


def test_dates_are_means_per_weekday(tmp_path: Path) -> None:
    """Two Mondays of 100 and 300 connections are a mean Monday of 200."""
    (tmp_path / "h.csv").write_text("date,heure,connexions\n2026-01-05,8,100\n12/01/2026,8,300\n")
    assert exports.hours(tmp_path / "h.csv").visits["*"][8] == 200


@pytest.mark.parametrize(
    ("text", "match"),
    [
        (b"\x00\x01\x02", "binary"), ("", "no table that can be read: empty"), ("a,b\n1,2\n", "columns missing"),
        ("jour,heure,connexions\nhier,8,x\n", "no row with a day"),
        ('jour,heure,connexions\n"lundi', "line 2: a quote that is not closed"),
    ],
)  # fmt: skip
def test_what_is_no_table_of_hours_is_refused(tmp_path: Path, text, match: str) -> None:
    """Binary, empty, other columns, no usable row, an unclosed quote: one message each."""
    refused(tmp_path / "x.csv", text, exports.hours, match)


def test_what_is_no_dnma_export_is_refused(tmp_path: Path) -> None:
    """Columns that are missing are named together with those that are there."""
    refused(tmp_path / "x.csv", "a;b\n1;2\n", exports.dnma, "debutsemaine, visites_eleve …: missing; columns: a, b")


def test_kinds_are_told_from_the_first_line(tmp_path: Path) -> None:
    """A DNMA export, and anything else as an access log."""
    (tmp_path / "a").write_text(DNMA, encoding="utf-8-sig")
    (tmp_path / "b").write_bytes(b"\x1f\x8b\x00")
    (tmp_path / "c").write_bytes(b"")
    assert [exports.kind_of(tmp_path / name) for name in "abc"] == ["dnma", "access-log", "access-log"]
    with pytest.raises(UsageError, match="d: no table that can be read: No such file"):
        exports.kind_of(tmp_path / "d")


@pytest.mark.parametrize(
    "written",
    [
        DNMA.encode("utf-16"), DNMA.encode("cp1252"), ("sep=;\r\n" + DNMA.replace("\n", "\r\n")).encode("utf-8-sig"),
        DNMA.replace(";", "\t").encode(), DNMA.replace("\n", "\r").encode(), ("\n\n" + DNMA + ";;;;;;;\n\n").encode(),
        DNMA.replace("visites_eleve", "Visités élève").encode("utf-8"), DNMA.replace(";\n", ";;;\n").encode(),
        DNMA.replace("2026-01-12", "12/01/2026 00:00").replace("1 000", '"1\u202f000"').encode(),
        DNMA.replace("1 000", "1.000").replace("3000", "3 000,0").encode(), DNMA.encode("utf-16-le"),
        DNMA.replace("visites_eleve", '"Visites\nélève"').replace(";Lyon", ';"Ly\non \x92"').encode("utf-8"),
        DNMA.replace("0;0;;", "0;0").encode(), DNMA.encode("utf-32"), DNMA.replace("uai;", ";").encode(),
    ],
)  # fmt: skip
def test_what_spreadsheets_make_of_an_export(tmp_path: Path, written: bytes) -> None:
    """Encodings, separators, line ends, a line that names the separator, empty cells and rows: the same figures.

    So do line breaks and control characters in words, and a column without a name.
    """
    (tmp_path / "dnma.csv").write_bytes(written)
    assert exports.kind_of(tmp_path / "dnma.csv") == "dnma"
    found = exports.dnma(tmp_path / "dnma.csv")
    assert found.visits_per_week == pytest.approx(7000)
    assert "week of 2026-01-12" in found.source


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("debutsemaine;visites_eleve\n2026-01-12;1;2\n", "3 cells, where the first line has 2; quote a value"),
        ("debutsemaine;visites_eleve;\n2026-01-12;1;2\n", "line 2: 3 cells, where the first line has 2"),
        ("debutsemaine;visites_eleve;Visites élève\n2026-01-12;1;2\n", "line 1: columns visites_eleve, Visites élève"),
        ("debutsemaine;visites_eleve\nlundi;1\n", "line 2: debutsemaine: no date"),
        ("debutsemaine;visites_eleve\n2026-02-30;1\n", "line 2: debutsemaine: no date"),
        ('debutsemaine;visites_eleve\n\n"2026-01-12;1\n', "line 3: a quote that is not closed"),
        ("debutsemaine;visites_eleve\n2026-01-12;inf\n", "no visits in the week"),
        ("", "no table that can be read: empty"), ("\n\n", "no table that can be read: empty"),
        ('debutsemaine;visites_eleve\n2026-01-12;"1\n2026-01-12;2"\n', "line 2: a line break within a value"),
        ("debutsemaine;visites_eleve\n2026-01-12;1\x00\n", r"line 2: visites eleve: U\+0000 at character 2"),
    ],
)  # fmt: skip
def test_what_a_dnma_export_cannot_say_is_refused_with_its_line(tmp_path: Path, text: str, match: str) -> None:
    """A cell too many, a column twice, no date, an open quote, infinity, nothing, a quote that took in a row, a NUL."""
    refused(tmp_path / "x.csv", text, exports.dnma, match)


def test_numbers_that_are_none_are_counted(tmp_path: Path) -> None:
    """Infinity, 1e308, 5,000 digits and less than nothing are no numbers of visits; the others of the week count."""
    odd = ["inf", "1e308", "9" * 5_000, "-5", "NaN", "0x10", "10000000000"]
    rows = "".join(f"2026-01-12;{number};00:05:00\n" for number in ["12", *odd])
    (tmp_path / "d.csv").write_text(
        "debutsemaine;visites_eleve;duree_eleve\n" + rows + "2026-01-12;3;" + "9" * 5_000 + ":00:00\n"
    )
    found = exports.dnma(tmp_path / "d.csv")
    assert found.visits_per_week == pytest.approx(15)
    assert found.minutes_per_visit == pytest.approx(5)
    assert found.unexplained == ["7 values of visites_eleve without a number, the first in line 3"]


def test_other_figures_of_the_same_school_and_week_are_added_and_said(tmp_path: Path) -> None:
    """Two rows of a school that differ in what they count."""
    (tmp_path / "d.csv").write_text("debutsemaine;uai;visites_eleve\n2026-01-12;9990001X;12\n2026-01-12;9990001X;5\n")
    found = exports.dnma(tmp_path / "d.csv")
    assert found.visits_per_week == pytest.approx(17)
    assert "1 row for a school and week again, with other figures, the first in line 3: added up" in found.unexplained


def test_rows_of_hours_that_stand_twice_count_once(tmp_path: Path) -> None:
    """The same row exported twice; rows of other schools and single connections are added up."""
    rows = ["8;300;a", "8;300;a", "8;300;b", "9;1;a", "9;1;a"]
    (tmp_path / "h.csv").write_text("date;heure;connexions;uai\n" + "".join(f"2026-01-12;{row}\n" for row in rows))
    found = exports.hours(tmp_path / "h.csv")
    assert found.visits["*"][8:10] == [600, 2]
    assert found.unexplained == ["1 row given twice, the first in line 3: counted once"]


CELLS = (
    *("debutsemaine", "visites_eleve", "uai", "jour", "heure", "connexions", "profil", "duree_eleve", "sep="),
    *(";", ",", "\t", "\n", '"', "\r", "\x00", "é"),
    *("8", "2026-01-12", "lundi", "1 000", "inf", "9" * 400, "00:05:00", "-1"),
)
ODD = st.text(';,\n0123456789-:hé"', max_size=60)


@settings(max_examples=500 if FULL else 60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(
        st.binary(max_size=100),
        st.lists(st.sampled_from(CELLS), max_size=40).map(lambda of: "".join(of).encode()),
        ODD.map(lambda of: f"debutsemaine;visites_eleve;duree_eleve\n{of}".encode()),
        ODD.map(lambda of: f"jour;heure;connexions\n{of}".encode("utf-16")),
    )
)
def test_nothing_that_an_export_holds_is_a_traceback(tmp_path: Path, raw: bytes) -> None:
    """Whatever the bytes, each reader reads them or refuses them, and what it read can be written."""
    (tmp_path / "any.csv").write_bytes(raw)
    exports.kind_of(tmp_path / "any.csv")
    for reader in (exports.dnma, exports.hours):
        try:
            write(reader(tmp_path / "any.csv"), tmp_path / "ours.toml")
        except UsageError as error:
            assert str(tmp_path) in str(error)  # noqa: PT017  either way is right
