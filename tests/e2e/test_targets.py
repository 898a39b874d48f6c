"""Target files as their operator uses them: the run, the check before it, the clean-up after it, what stops it."""

import json
import urllib.request
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from entsurge import content
from entsurge.audience import profile as profiles
from entsurge.chaos.doctor import abilities
from entsurge.plan.people import population
from entsurge.population import write_csv

AS_TOLD = ("--target", "cible.toml", "--out", "run", "--quiet", "--exporter-port", "0")
PERSONAS = ("student", "teacher", "parent", "staff")
ELSEWHERE = "\n".join(
    f'{service} = "home"' for service in
    ("messages", "homework", "lesson-book", "files", "marks", "absences", "news", "chat", "video-class")
)  # fmt: skip
LOCAL = 'url = "http://127.0.0.1:1"\n'
WALLED = """
[signs]
signed_on = [{{ css = "#membre" }}]
[[page]]
service = "home"
request = [{{ url = "/{page}" }}]
"""


@pytest.fixture
def tiny(quick_profile, tmp_path) -> Path:
    """Some forty visits in four seconds."""
    path = tmp_path / "tiny.toml"
    text = quick_profile.read_text("utf-8").replace('scale = "1/40"', 'scale = "1/160"')
    path.write_text(text.replace("drain_seconds = 8", "drain_seconds = 4"), encoding="utf-8")
    return path


def people(path: Path, count: int = 40) -> None:
    """So many accounts of each persona at one school, whose password is `juste`."""
    rows = [f"{persona},{persona}-{n},juste,ecole-1" for persona in PERSONAS for n in range(count)]
    path.write_text("\n".join(["persona,login,password,school", *rows]), encoding="utf-8")
    path.chmod(0o600)


def asked(url: str, path: str) -> dict:
    with urllib.request.urlopen(url + path) as answer:
        return json.loads(answer.read())


@pytest.mark.slow
def test_a_run_by_a_target_file(entsurge, free_sandbox, quick_profile, tmp_path) -> None:
    """Accounts from CSV, one service that may be written to, the authorisation in the manifest, no password."""
    with (tmp_path / "people.csv").open("w", encoding="utf-8") as stream:
        write_csv(population(profiles.load("lockdown-2020")), stream)
    (tmp_path / "people.csv").chmod(0o600)
    (tmp_path / "cible.toml").write_text(
        f'name = "préproduction"\nurl = "{free_sandbox[0]}"\ndriver = "skolengo"\n[accounts]\nfile = "people.csv"\n'
        '[writes]\nmessages = "test-accounts"\n[authorised]\nby = "DSI"\nfrom = 2020-01-01\nuntil = 2999-01-01\n',
        encoding="utf-8",
    )
    done = entsurge(
        "run", str(quick_profile), "--target", "cible.toml", "--out", "run", "--quiet", "--exporter-port", "0"
    )
    assert done.returncode in (0, 3, 4), done.stderr
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text("utf-8"))
    target = manifest["target"]
    assert (target["name"], target["authorised_by"], target["writes"]) == ("préproduction", "DSI", ["messages"])
    assert target["accounts"]["student"] == 1440
    assert {"kind": "target", "sha256": target["sha256"]}.items() <= next(
        each for each in manifest["content"] if each["kind"] == "target"
    ).items()
    keys = json.loads((tmp_path / "run" / "keys.json").read_text("utf-8"))
    hops = {key["page"] for key in keys if key["kind"] == "hop"}
    assert {"form", "credentials", "credentials 1"} <= hops
    written = tmp_path / "run" / "created.jsonl"
    lines = written.read_text("utf-8").splitlines() if written.exists() else []
    assert {json.loads(line)["service"] for line in lines} <= {"messages"}
    secret = population(profiles.load("lockdown-2020")).person("student", 0).password
    assert not any(secret.encode() in path.read_bytes() for path in (tmp_path / "run").iterdir() if path.is_file())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (LOCAL + '[authorised]\nby = "moi"\nfrom = 2020-01-01\nuntil = {yesterday}\n', "has expired"),
        (LOCAL + '[accounts]\nfile = "people.csv"\n', "the plan needs"),
        pytest.param(
            LOCAL + "[limits]\nvisits_per_second = 0.5\nvisitors = 3\n", "limits.visitors = 3: the plan",
            marks=pytest.mark.slow,
        ),
        pytest.param(LOCAL + 'driver = "moodle"\n', "no pages of absences, video-class", marks=pytest.mark.slow),
        ('url = "https://ent.example.fr"\n', "who authorised the test"),
    ],
)  # fmt: skip
def test_refused_before_anything_is_sent(entsurge, tiny, tmp_path, text, said) -> None:
    """Usage errors all: exit code 2, a message with the remedy, no run directory."""
    people(tmp_path / "people.csv", count=1)
    yesterday = date.today() - timedelta(days=1)  # noqa: DTZ011  as the command sees it
    (tmp_path / "cible.toml").write_text(text.replace("{yesterday}", str(yesterday)), encoding="utf-8")
    done = entsurge("run", str(tiny), *AS_TOLD)
    assert done.returncode == 2
    assert said in done.stderr
    assert not (tmp_path / "run").exists()


def test_a_host_elsewhere_needs_a_file(entsurge, tiny) -> None:
    """A URL alone is loopback's or nobody's."""
    done = entsurge("run", str(tiny), "--scenario", "student=ours.py", *AS_TOLD)
    assert done.returncode == 2
    assert "target file" in done.stderr


def walled(tmp_path: Path, url: str, page: str, more: str = "") -> None:
    """A target whose every page is of one kind."""
    people(tmp_path / "people.csv")
    (tmp_path / "d.toml").write_text(WALLED.format(page=page), encoding="utf-8")
    (tmp_path / "cible.toml").write_text(
        f'url = "{url}"\ndriver = "d.toml"\n[accounts]\nfile = "people.csv"\n[stand_in]\n{ELSEWHERE}\n{more}', "utf-8"
    )


@pytest.mark.slow
def test_an_edge_that_refuses_makes_the_run_invalid(entsurge, stub, tiny, tmp_path) -> None:
    """Exit code 4, the edge by its name; and when it asks for silence, there is silence."""
    url = stub("walled")
    walled(tmp_path, url, "cloudflare")
    before = asked(url, "/stub/asked")["asked"]
    done = entsurge("run", str(tiny), *AS_TOLD)
    assert done.returncode == 4, done.stderr
    first = done.stdout.splitlines()[0]
    assert "is not to be believed: an edge in front of the ENT (WAF) refused pages (cloudflare: " in first
    finish = json.loads((tmp_path / "run" / "finish.json").read_text("utf-8"))
    assert asked(url, "/stub/asked")["asked"] - before < finish["started"] / 2


@pytest.mark.slow
def test_a_guard_ends_the_run(entsurge, stub, tiny, tmp_path) -> None:
    """Exit code 5, and why, in the events."""
    walled(tmp_path, stub("walled"), "broken", "[limits.guard]\nfailed_share = 0.5\npages = 5\nseconds = 3\n")
    done = entsurge("run", str(tiny), *AS_TOLD)
    assert done.returncode == 5, done.stderr
    events = [json.loads(line) for line in (tmp_path / "run" / "events.jsonl").read_text("utf-8").splitlines()]
    assert any(each["kind"] == "guard" and "the limit is 50%" in each["detail"] for each in events)


def test_doctor_tells_what_is_well_and_what_is_not(entsurge, stub, tmp_path) -> None:
    """One line a finding; 0 when all is well, 2 when a page is not, 6 when nobody answers."""
    url = stub("walled")
    walled(tmp_path, url, "sound")
    done = entsurge("doctor", "--target", "cible.toml", "--json", "--persona", "student")
    found = {row["check"]: row["ok"] for row in map(json.loads, done.stdout.splitlines())}
    assert done.returncode == 0, done.stderr
    assert found.pop("faults") is True
    skipped = {check for check in found if check.startswith("fault ")}
    assert {found.pop(check) for check in skipped} <= {None}
    assert found == {"descriptors": True, "authorised": True, "reach": True, "clock": True, "student sign-on": True,
                     "student open-home": True, "writes": None}  # fmt: skip
    walled(tmp_path, url, "broken")
    done = entsurge("doctor", "--target", "cible.toml", "--persona", "student")
    assert done.returncode == 2
    assert "failed: 500" in done.stdout
    assert entsurge("doctor", "--target", "http://127.0.0.1:1").returncode == 6
    machine = entsurge("doctor")
    assert machine.returncode == 0
    assert all(f"fault {one.kind}" in machine.stdout for one in abilities() if one.lacks)


@pytest.mark.slow
def test_what_a_run_wrote_is_removed(entsurge, face, tiny, tmp_path) -> None:
    """Every message and file is listed with who wrote it; clean-up leaves nothing, a second one has nothing to do."""
    entcore = face("entcore")
    url = entcore.url
    with (tmp_path / "people.csv").open("w", encoding="utf-8") as stream:
        write_csv(entcore.people, stream)
    (tmp_path / "people.csv").chmod(0o600)
    (tmp_path / "cible.toml").write_text(
        f'url = "{url}"\ndriver = "entcore"\nstand_in = {{ chat = "home", video-class = "home" }}\n'
        '[accounts]\nfile = "people.csv"\n[writes]\nmessages = "test-accounts"\nfiles = "test-accounts"\n',
        encoding="utf-8",
    )
    shipped = (content.root("scenarios") / "student.py").read_text(encoding="utf-8")
    ours = shipped.replace('yield "read-inbox"', 'yield "send-message"').replace(
        'yield "list-files"', 'yield "upload-file"'
    )
    (tmp_path / "ours.py").write_text(ours, encoding="utf-8")
    before = entcore.things()
    done = entsurge("run", str(tiny), "--target", "cible.toml", "--scenario", "student=ours.py", "--out", "run",
                    "--quiet", "--exporter-port", "0")  # fmt: skip
    assert done.returncode in (0, 3, 4), done.stderr
    made = [json.loads(line) for line in (tmp_path / "run" / "created.jsonl").read_text("utf-8").splitlines()]
    assert entcore.things() - before == len(made) > 0
    clean = entsurge("cleanup", "run", "--yes")
    assert clean.returncode == 0, clean.stdout + clean.stderr
    assert f"removed: {len(made)}" in clean.stdout
    assert entcore.things() == before
    assert "nothing was left" in entsurge("cleanup", "run", "--yes").stdout
    (tmp_path / "run" / "cleanup.json").unlink()
    (tmp_path / "cible.toml").write_text((tmp_path / "cible.toml").read_text().replace(url, "http://127.0.0.1:9"))
    dead = entsurge("cleanup", "run", "--yes")
    assert dead.returncode == 6, dead.stdout + dead.stderr
    assert len(dead.stderr.splitlines()) == 2


MADE = {
    "service": "messages", "action": "send-message", "url": "/m/1", "persona": "student", "group": "Lyon", "account": 1,
}  # fmt: skip


def test_clean_up_without_anybody_to_ask_says_how(entsurge, tmp_path) -> None:
    """No terminal, no answer: exit code 2 and the option, nothing removed."""
    (tmp_path / "run").mkdir()
    of = {"url": "http://127.0.0.1:1", "driver": "portal", "name": "sandbox"}
    (tmp_path / "run" / "manifest.json").write_text(json.dumps({"target": of}), encoding="utf-8")
    (tmp_path / "run" / "created.jsonl").write_text(json.dumps(MADE) + "\n", encoding="utf-8")
    done = entsurge("cleanup", "run", input="")
    assert done.returncode == 2, done.stderr
    assert "--yes" in done.stderr


def test_clean_up_is_asked_for(entsurge, tmp_path) -> None:
    """Without --yes and without an answer nothing is removed; a folder that is no run is told so."""
    assert entsurge("cleanup", "run").returncode == 2
    (tmp_path / "run").mkdir()
    for text in ("{", "[]", '{"target": {}}'):
        (tmp_path / "run" / "manifest.json").write_text(text, encoding="utf-8")
        assert "names no target" in entsurge("cleanup", "run", "--yes").stderr
    target = {"url": "http://127.0.0.1:1", "driver": "portal"}
    (tmp_path / "run" / "manifest.json").write_text(json.dumps({"target": target}), encoding="utf-8")
    assert "wrote nothing" in entsurge("cleanup", "run").stdout
    (tmp_path / "run" / "created.jsonl").write_text(json.dumps(MADE) + "\n", encoding="utf-8")
    assert entsurge("cleanup", "run", input="n\n").returncode == 130


def test_a_run_that_passes_midnight_of_its_last_authorised_day_does_not_begin(entsurge, tmp_path) -> None:
    """Two days of plan in real time, and an authorisation until today: refused before anybody is asked."""
    text = (content.root("profiles") / "lockdown-2020.toml").read_text("utf-8")
    text = text.replace('"monday"\nfrom = "09:00"\nto = "09:30"', '"friday"\nfrom = "00:00"\nto = "24:00"')
    text = text.replace('scale = "1/86"', 'scale = "1/8600"')
    text = text.replace("compression = 45", "compression = 1\nwarm_up_minutes = 1440")
    (tmp_path / "day.toml").write_text(text, "utf-8")
    today = datetime.now(UTC).astimezone().date()
    authorised = f'[authorised]\nby = "DSI"\nfrom = 2020-01-01\nuntil = {today}\n'
    (tmp_path / "cible.toml").write_text(LOCAL + authorised, "utf-8")
    done = entsurge("run", "./day.toml", "--target", "cible.toml", "--out", "run", "--exporter-port", "0")
    assert done.returncode == 2, done.stderr
    assert f"the run would go on until {today + timedelta(days=2)}" in done.stderr
    assert not (tmp_path / "run").exists()
