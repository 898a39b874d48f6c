"""Readers of files that people bring: profiles, targets, drivers, experiments, logs, exports, recordings, accounts."""

from __future__ import annotations

import contextlib
import io
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from entsurge.errors import EntsurgeError
from fuzzing.reader import Reader, at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fuzzing.reader import Read

OURS = (EntsurgeError,)
TOML = (b"[", b"[[", b"a.", b'"""', b"a = [", b"{ a = ", b"[a]\n", b"#", b"1_", b"'", b"\\u0041")
JSON = (b"[", b'{"a":', b'"', b"1", b"\\u0041", b"[[],", b"-", b"1e")
LINES = (b'"', b",", b";", b"\\", b" ", b"[", b"\n", b'","', b"a=", b"\t", b"127.0.0.1, ")
XML = (b"<", b"<a>", b"<!--", b"&lt;", b"<attr name='a'>", b"<!ENTITY a 'b'>", b"a='b' ", b"<![CDATA[", b"<?")
RECORD = (
    b'192.0.2.1 - anna [12/Jan/2026:09:00:00 +0100] "GET /etab/3/accueil HTTP/1.1" 200 5 "-" "Firefox"\n'
    b'192.0.2.7 - - [12/Jan/2026:09:00:04 +0100] "GET /etab/3/messagerie?a=b HTTP/1.1" 200 512 "-" "Firefox"\n'
    b'192.0.2.1 - anna [12/Jan/2026:09:01:00 +0100] "POST /cas/login HTTP/1.1" 302 0 "-" "Firefox"\n'
)
STRUCTURED = (
    b'{"time":"2026-01-12T09:00:00+01:00","remote_addr":"192.0.2.1","method":"GET","uri":"/etab/3/accueil",'
    b'"status":200,"user_agent":"Firefox"}\n'
)


def file_read(name: str, read: Callable[[Path], object]) -> Callable[[Path], Read]:
    """A reader of a file of this name."""

    def make(folder: Path) -> Read:
        path = folder / name
        path.touch(0o600)

        def one(data: bytes) -> object:
            path.write_bytes(data)
            return read(path)

        return one

    return make


def profile(path: Path) -> object:
    """With all that it names."""
    from entsurge.audience import profile as profiles

    return profiles.load(str(path))


def shape(path: Path) -> object:
    """All parts of a profile that have a file of their own: each takes what is its own and refuses the rest."""
    from entsurge.audience.moment import Occasion
    from entsurge.audience.shape import Mixes, Shape
    from entsurge.calibration.rules import load
    from entsurge.config_file import check, read_toml

    raw = read_toml(path)
    readers = [partial(check, model, raw, path) for model in (Shape, Mixes, Occasion)]
    refused = []
    for read in (*readers, partial(load, str(path))):
        try:
            read()
        except EntsurgeError as error:
            refused.append(error)
    if len(refused) > len(readers):
        raise refused[0]
    return refused


def levels(path: Path) -> object:
    """A contract's, and what it owes in a profile's window."""
    from entsurge.audience import profile as profiles

    return profiles.load("ordinary-week", overrides={"objectives": str(path), "faults": True})


def target(path: Path) -> object:
    """With accounts beside it."""
    from entsurge.targets import file

    beside = path.with_name("accounts.csv")
    if not beside.exists():
        beside.touch(0o600)
        beside.write_text("persona,login,password,school\nstudent,anna,secret,9990001X\n", encoding="utf-8")
    return file.load(path)


def driver(path: Path) -> object:
    """With its sign-on."""
    from entsurge.drivers.registry import Setting, make

    return make(str(path), Setting("http://127.0.0.1"))


def experiment(path: Path) -> object:
    """One of Chaos Toolkit."""
    from entsurge.chaos.experiment import load

    return load(str(path))


def game_day(path: Path) -> object:
    """With the experiments that it names."""
    from entsurge.chaos.game_day import load_all

    return load_all([str(path)])


def recording(path: Path) -> object:
    """As `import-har` goes: read, drafted, written, proven."""
    from entsurge.recorded import har
    from entsurge.recorded.draft import draft
    from entsurge.recorded.proof import prove
    from entsurge.recorded.toml import written

    made = draft(har.read(path))
    return prove(written(made.file, made.notes), path.name)


def directory(path: Path) -> object:
    """As `population --read` goes over AAF."""
    from entsurge.population.aaf.merged import Merged
    from entsurge.population.directory import from_aaf

    merged = Merged([path])
    return sum(1 for _ in from_aaf(merged.entries, merged.left_out)), merged.warnings


def accounts(path: Path) -> object:
    """Those of a target."""
    from entsurge.targets.accounts import read

    return read(path)


def people(path: Path) -> object:
    """As `population --read` goes over a spreadsheet."""
    from entsurge.population.directory import from_csv

    return sum(1 for _ in from_csv(path))


def calibrated(path: Path) -> object:
    """As the command goes, with all that it prints."""
    from entsurge.commands.calibrate import command

    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        command.main([str(path), "--quiet"], standalone_mode=False)
    return None


def logs() -> Iterator[bytes]:
    """Three lines, one of JSON, and the cases."""
    yield from (RECORD, STRUCTURED)
    yield from at("tests/calibration/cases/log/*")()


def exports() -> Iterator[bytes]:
    """Those of the tests, in their words."""
    yield (
        b"debutsemaine;uai;academie;visites_eleve;visites_parent;visites_enseignant;visites_admin_vie_scol_tech;duree_eleve\n"
        b"2026-01-05;9990001X;Lyon;100;50;20;5;00:08:00\n2026-01-12;9990002Y;Grenoble;1 000;n/a;600;;00:06:00\n"
    )
    yield "Jour;Heure;Profil;Connexions\nlundi;08h;Élève;300\nMardi;08:00;élève;100\nlundi;09h-10h;Parent;9\n".encode()
    yield from at("tests/calibration/cases/export/*", "tests/calibration/cases/exports/*")()


def directories() -> Iterator[bytes]:
    """A file of three pupils as the command writes it, and the cases."""
    import tempfile
    from itertools import islice

    from entsurge.population import Population
    from entsurge.population.aaf import entries, writing

    with tempfile.TemporaryDirectory(prefix="entsurge-fuzz-") as folder:
        writing.write(islice(entries.students(Population(1, schools=1), range(1)), 3), Path(folder), date="20260901")
        (written,) = Path(folder).glob("*.xml")
        yield from (written.read_bytes(),) * 10  # most cases are refused as they are
    yield from at("tests/population/cases/aaf/*/*.xml")()


def population() -> Iterator[bytes]:
    """A file as the command writes it, few people."""
    from entsurge.population import Population
    from entsurge.population.accounts import write_csv

    stream = io.StringIO()
    write_csv(Population(1, schools=1), stream, ("staff",))
    yield "".join(stream.getvalue().splitlines(keepends=True)[:12]).encode()


FILES = (
    Reader("access logs", 500, "lines", logs, file_read("access.log", calibrated), OURS, LINES),
    Reader("exports", 500, "lines", exports, file_read("export.csv", calibrated), OURS, LINES),
    Reader(
        "recordings (HAR)",
        4000,
        "json",
        at("tests/recorded/cases/har/*.har"),
        file_read("v.har", recording),
        OURS,
        JSON,
    ),
    Reader(
        "directory (AAF)",
        5000,
        "markup",
        directories,
        file_read("T_Complet_20260901_Eleve_0000.xml", directory),
        OURS,
        XML,
    ),
    Reader(
        "accounts", 4000, "lines", at("tests/targets/cases/acc_*"), file_read("accounts.csv", accounts), OURS, LINES
    ),
    Reader("population", 2500, "lines", population, file_read("people.csv", people), OURS, LINES),
    Reader(
        "profiles",
        2000,
        "toml",
        at("profiles/*.toml", "tests/audience/cases/*.toml"),
        file_read("p.toml", profile),
        OURS,
        TOML,
    ),
    Reader("shapes and parts", 2000, "toml", at("profiles/*/*.toml"), file_read("part.toml", shape), OURS, TOML),
    Reader(
        "service levels",
        2000,
        "toml",
        at("profiles/service-levels/*.toml", "tests/fuzz/seeds/contract.toml"),
        file_read("contract.toml", levels),
        OURS,
        TOML,
    ),
    Reader(
        "targets",
        3000,
        "toml",
        at(
            "docs/examples/*target.toml",
            "docs/examples/*/*target.toml",
            "tests/fuzz/seeds/target.toml",
            "tests/targets/cases/*.toml",
        ),
        file_read("target.toml", target),
        OURS,
        TOML,
    ),
    Reader(
        "drivers",
        1500,
        "toml",
        at(
            "docs/examples/roundup.toml",
            "docs/examples/*/*.toml",
            "src/entsurge/drivers/*.toml",
            "tests/client/cases/*.toml",
        ),
        file_read("driver.toml", driver),
        OURS,
        TOML,
    ),
    Reader("experiments", 4000, "json", at("chaos/*.json"), file_read("experiment.json", experiment), OURS, JSON),
    Reader("game days", 1500, "toml", at("chaos/*.toml"), file_read("day.toml", game_day), OURS, TOML),
)
