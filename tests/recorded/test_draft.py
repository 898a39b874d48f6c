"""A recorded visit becomes a driver that opens the same pages on the same server, with another account."""

import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.recorded import drafting

from entsurge.errors import CannotRecord

DRIVE = """
import locust, json, sys
from entsurge.engine import probe
from entsurge.engine.target_access import TargetAccess
from entsurge.targets.accounts import AccountBook, Person
told = json.loads(sys.argv[1])
context = probe.run_context(TargetAccess(url=told["url"], driver=told["driver"]),
                      AccountBook([Person("student", told["login"], told["password"], "S", "S", "all")]))
with probe.probing(context, "student", "all", 0) as visitor:
    seen = {"sign-on": visitor.signs_on()}
    for action in context.driver.actions:
        seen[action] = visitor.opens(action)
print(json.dumps({name: [str(each.outcome), each.reason] for name, each in seen.items()}))
"""


@pytest.fixture
def recorder():
    """A browser's recording, by an HTTP client."""
    spec = importlib.util.spec_from_file_location("recorder", Path(__file__).with_name("recorder.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    made = module.Recorder()
    yield made
    made.client.close()


def drafted(recorder, tmp_path: Path) -> tuple[Path, dict]:
    """The draft of a recording, as a file that is accepted."""
    recording, path = tmp_path / "visit.har", tmp_path / "ours.toml"
    recording.write_text(json.dumps(recorder.har()), encoding="utf-8")
    made, text = drafting.drafted(recording)
    path.write_text(text, encoding="utf-8")
    return path, made.file


def drive(url: str, driver: Path, login: str = "autre", password: str = "juste") -> dict:  # noqa: S107  a stub's
    told = json.dumps({"url": url, "driver": str(driver), "login": login, "password": password})
    done = subprocess.run([sys.executable, "-c", DRIVE, told], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_moodle(recorder, face, tmp_path) -> None:
    """Login token, session key in a script and in AJAX addresses, an item of a form: each is found and fed on."""
    moodle, client = face("moodle"), recorder.client
    url, alix, other = moodle.url, moodle.people.person("student", 0), moodle.people.person("student", 6)
    token = re.search(r'name="logintoken" value="([^"]+)"', client.get(f"{url}/login/index.php").text)[1]
    given = {"logintoken": token, "username": alix.login, "password": alix.password}
    home = client.post(f"{url}/login/index.php", data=given).text
    key, user = re.search(r'"sesskey":"(\w+)"', home)[1], re.search(r'"userId":(\d+)', home)[1]
    course = client.get(url + re.search(r'href="(/course/view.php\?id=\d+)"', home)[1]).text
    work = re.search(r'href="/mod/assign/view.php\?id=(\d+)"', course)[1]
    client.get(f"{url}/mod/assign/view.php?id={work}")
    edit = client.get(f"{url}/mod/assign/view.php?id={work}&action=editsubmission").text
    item = re.search(r'name="files_filemanager" value="([^"]+)"', edit)[1]
    client.post(
        f"{url}/repository/repository_ajax.php",
        data={"sesskey": key, "repo_id": "5", "itemid": item, "title": "x"},
        files={"repo_upload_file": ("c.txt", b"x")},
    )  # fmt: skip
    client.get(f"{url}/message/index.php")
    call = {"index": 0, "methodname": "core_message_get_conversations", "args": {"userid": user}}
    client.post(f"{url}/lib/ajax/service.php?sesskey={key}", json=[call])
    path, file = drafted(recorder, tmp_path)
    text = path.read_text(encoding="utf-8")
    assert key not in text
    assert {"homework", "messages"} <= {page["service"] for page in file["page"]}
    seen = drive(url, path, login=other.login, password=other.password)
    assert {name: each for name, each in seen.items() if each[0] != "ok" and name != "send-homework"} == {}


def test_entcore_by_json(recorder, face, tmp_path) -> None:
    """An XSRF cookie that goes back in a header, an identity in JSON that goes into an address."""
    entcore, client = face("entcore"), recorder.client
    url, alix = entcore.url, entcore.people.person("student", 0)
    client.get(f"{url}/auth/login")
    client.post(f"{url}/auth/login", data={"email": alix.login, "password": alix.password, "callBack": ""})
    client.get(f"{url}/conversation/conversation")
    client.get(f"{url}/conversation/list/INBOX")
    header = {"X-XSRF-TOKEN": client.cookies["XSRF-TOKEN"]}
    made = client.post(f"{url}/conversation/draft", json={"to": [], "subject": "s"}, headers=header).json()
    client.get(f"{url}/conversation/message/{made['id']}")
    path, file = drafted(recorder, tmp_path)
    assert file["cookies"]
    assert header["X-XSRF-TOKEN"] not in path.read_text(encoding="utf-8")


def test_cas(recorder, stub, tmp_path) -> None:
    """A CAS form with names that change is left to the method; the draft signs on with another account."""
    url, client = stub("identity"), recorder.client
    page = client.get(f"{url}/portail/")
    fields = dict(re.findall(r'name="([^"]+)" value="([^"]*)"', page.text))
    action = re.search(r"action='(/cas/login[^']+)'", page.text)[1]
    client.post(url + action, data={**fields, "username": "alix", "password": "juste", "submitBtn": "Go"})
    path, file = drafted(recorder, tmp_path)
    assert file["sign_on"]["method"] == "cas"
    text = path.read_text(encoding="utf-8")
    path.write_text(re.sub(r"signed_on = .*", 'signed_on = [{ css = "#connecte" }]', text), encoding="utf-8")
    assert drive(url, path)["sign-on"] == ["ok", ""]
    assert drive(url, path, password="faux")["sign-on"] == ["failed", "bad credentials"]


def test_the_command(recorder, face, tmp_path) -> None:
    """It writes the draft, says what was dropped and what to look at, writes over no file unasked, makes no folder."""
    url = face("entcore").url
    recorder.client.get(f"{url}/auth/login")
    (tmp_path / "v.har").write_text(json.dumps(recorder.har()), encoding="utf-8")
    command = [sys.executable, "-m", "entsurge", "import-har", "v.har", "--out", "d.toml"]
    first = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=60, check=False)
    assert first.returncode == 0, first.stderr
    assert "look at: no sign-on was found" in first.stderr
    again = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=60, check=False)
    assert again.returncode == 2
    assert "is there already" in again.stderr
    command[-1] = "nulle-part/d.toml"
    nowhere = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=60, check=False)
    assert "nulle-part/d.toml: No such file or directory" in nowhere.stderr
    assert nowhere.returncode == CannotRecord.exit_code
    assert not (tmp_path / "nulle-part").exists()
