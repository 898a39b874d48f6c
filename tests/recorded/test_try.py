"""`import-har --try`: the draft is played once, writes only where the target file allows it, and says what is left."""

import json
import socket
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import httpx
import pytest
from tests.authority import Authority
from tests.recorded.recorder import Recorder
from tests.recorded.small_ent import PASSWORD, SmallEnt, serving

WRITES = '[writes]\nmessages = "test-accounts"\n'


def record(ent: SmallEnt, folder: Path) -> Path:
    """A visit of one pupil, recorded."""
    recorder = Recorder()
    client = recorder.client
    client.get(f"{ent.url}/")
    client.post(f"{ent.url}/connexion", data={"u": "lea.martin", "p": PASSWORD})
    client.get(f"{ent.url}/actualites/caf%C3%A9/%E9")
    client.get(f"{ent.url}/messagerie/")
    client.get(f"{ent.url}/messagerie/api/liste?vide&q=a%2Bb")
    client.get(f"{ent.url}/messagerie/48213")
    page = client.get(f"{ent.url}/messagerie/nouveau").text
    token = page.partition("value='")[2].partition("'")[0]
    client.post(f"{ent.url}/messagerie/envoi", data={"jeton": token, "a": ["12", "34"], "texte": "Bonjour"})
    client.close()
    (folder / "visit.har").write_text(json.dumps(recorder.har()), encoding="utf-8")
    ent.asked.clear()
    ent.sent.clear()
    return folder / "visit.har"


def target(folder: Path, url: str, more: str = "", password: str = PASSWORD) -> Path:
    """A target file, and one pupil's account."""
    (folder / "accounts.csv").write_text(f"persona,login,password,school\nstudent,autre.eleve,{password},9990001X\n")
    (folder / "accounts.csv").chmod(0o600)
    (folder / "t.toml").write_text(f'url = "{url}"\n{more}\n[accounts]\nfile = "accounts.csv"\n', encoding="utf-8")
    return folder / "t.toml"


def tried(folder: Path, *more: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "entsurge", "import-har", "visit.har", "--try", "t.toml", *more]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)


def steps_of(said: str) -> list[str]:
    """The list of what is still to be done."""
    lines = said.partition("still to be done")[2].splitlines()[1:]
    return [line.partition(". ")[2] for line in lines]


@pytest.fixture
def ent():
    with serving() as made:
        yield made


def test_read_only_unless_the_target_file_says_otherwise(ent, tmp_path) -> None:
    """Every page that reads is opened as it was on the wire; the one that writes is said to be left."""
    record(ent, tmp_path)
    target(tmp_path, ent.url)
    done = tried(tmp_path, "--out", "ours.toml")
    assert done.returncode == 0, done.stderr
    assert ent.sent == []
    for line in (
        "GET /bureau",
        "GET /actualites/caf%C3%A9/%E9",
        "GET /messagerie/api/liste?vide&q=a%2Bb",
        "GET /messagerie/48213",
    ):
        assert line in ent.asked, done.stderr
    left = steps_of(done.stderr)
    assert left[0].startswith("send-message: not tried: [writes]"), left
    text = (tmp_path / "ours.toml").read_text("utf-8")
    assert "lea.martin" not in text + done.stderr
    assert PASSWORD not in text


@pytest.mark.needs("openssl")
def test_what_the_target_file_allows_is_written_over_tls(tmp_path, monkeypatch) -> None:
    """Over a private authority; with the page's own token, by another account; what stays there is said."""
    authority = Authority(tmp_path)
    made = authority.server()
    with serving(str(made.with_suffix(".chain")), str(made.with_suffix(".key"))) as ent:
        monkeypatch.setattr(httpx, "Client", trusting(authority.root))
        record(ent, tmp_path)
        target(tmp_path, ent.url, f'certificates = "root.pem"\n{WRITES}')
        done = tried(tmp_path)
        assert done.returncode == 0, done.stderr
        assert [sorted(each) for each in ent.sent] == [["a", "jeton", "texte"]]
        assert ent.sent[0]["texte"] != "Bonjour"
        assert set(ent.sessions.values()) == {"lea.martin", "autre.eleve"}
    assert any(line.startswith("left on the target: send-message:") for line in steps_of(done.stderr)), done.stderr
    assert 'method = "form"' in done.stdout


def trusting(root: Path):
    """A client of the library that trusts this authority."""
    import ssl

    made = httpx.Client
    context = ssl.create_default_context(cafile=str(root))
    return lambda **given: made(verify=context, **given)


def test_the_order_of_work(ent, tmp_path) -> None:
    """A sign-on that fails comes first, then what is masked; nothing is said of pages that nobody could open."""
    path = record(ent, tmp_path)
    whole = json.loads(path.read_text("utf-8"))
    whole["log"]["entries"][-2]["request"]["url"] += "?cle=n0wh3rE5een"
    path.write_text(json.dumps(whole), encoding="utf-8")
    target(tmp_path, ent.url, password="faux")
    done = tried(tmp_path)
    assert done.returncode == 2
    left = steps_of(done.stderr)
    assert left[0].startswith("sign-on: failed: bad credentials"), left
    assert "MASKED" in left[1]
    assert not any("not tried" in line for line in left)


def test_nothing_is_asked_that_is_not_authorised(ent, tmp_path) -> None:
    """Another day than the authorisation's, or hosts without one: exit 2, and the target has seen nothing."""
    record(ent, tmp_path)
    past = date.today() - timedelta(days=9)  # noqa: DTZ011  as the authorisation is written
    target(tmp_path, ent.url, f'[authorised]\nby = "essai"\nfrom = {past}\nuntil = {past}\n')
    done = tried(tmp_path)
    assert done.returncode == 2
    assert steps_of(done.stderr)[0].startswith("authorised: "), done.stderr
    target(tmp_path, "https://ent.example.org")
    refused = tried(tmp_path, "--out", "ours.toml")
    assert refused.returncode == 2
    assert "authorised: missing" in refused.stderr
    assert not (tmp_path / "ours.toml").exists()
    assert ent.asked == []


def test_nothing_answers(ent, tmp_path) -> None:
    """Exit 6, and the way to the target is the first thing to see to; the draft is there all the same."""
    record(ent, tmp_path)
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        target(tmp_path, f"http://127.0.0.1:{one.getsockname()[1]}")
        done = tried(tmp_path, "--out", "ours.toml")
    assert done.returncode == 6, done.stderr
    assert steps_of(done.stderr)[0].startswith("reach: ")
    assert (tmp_path / "ours.toml").exists()
