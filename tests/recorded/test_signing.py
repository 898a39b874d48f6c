"""How a visit signed on: forms, CAS, APIs, forms that scripts draw; each draft signs on again, with another account."""

import importlib.util
import json
import re
from pathlib import Path

import pytest
from tests.recorded.drafting import HOME, LOGIN, drafted, entry, form, recording
from tests.recorded.recorder import Recorder

_spec = importlib.util.spec_from_file_location("test_draft", Path(__file__).with_name("test_draft.py"))
_module = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_module)
drive = _module.drive


@pytest.fixture
def recorder():
    made = Recorder()
    yield made
    made.client.close()


def again(recorder: Recorder, folder: Path, url: str, **more: str) -> dict:
    """What comes of the draft of a recording, for another account."""
    (folder / "v.har").write_text(json.dumps(recorder.har()), encoding="utf-8")
    (folder / "d.toml").write_text(drafted(folder / "v.har")[1], encoding="utf-8")
    return drive(url, folder / "d.toml", **more)


def test_an_api_with_a_cookie_that_goes_back(recorder, stub, tmp_path) -> None:
    """Its constants, the page that sets the cookie, an element that only members see."""
    url, client = stub("identity"), recorder.client
    client.get(f"{url}/app/")
    client.post(f"{url}/app/session", json={"login": "alix", "password": "juste", "garder": True},
                headers={"X-XSRF-TOKEN": "biscuit"})  # fmt: skip
    client.get(f"{url}/app/")
    assert again(recorder, tmp_path, url) == {"sign-on": ["ok", ""], "open-home": ["ok", ""]}


def test_a_form_whose_token_is_in_a_meta_tag(recorder, stub, tmp_path) -> None:
    """It goes back in a header, as a script sends it; a wrong password is none, signs that are lacking are named."""
    url, client = stub("identity"), recorder.client
    token = re.search(r"content=(\w+|\S+?)>", client.get(f"{url}/form/").text.partition("csrf-token")[2])[1]
    client.post(f"{url}/form/", data={"identifiant": "alix", "secret": "juste"}, headers={"X-CSRF-Token": token})
    assert again(recorder, tmp_path, url)["sign-on"] == ["ok", ""]
    assert drive(url, tmp_path / "d.toml", password="faux")["sign-on"][0] == "failed"
    text = (tmp_path / "d.toml").read_text("utf-8")
    lacking = re.sub(r"signed_on = .*", 'signed_on = [{ css = "#nulle-part" }]', text)
    (tmp_path / "d.toml").write_text(lacking, encoding="utf-8")
    state, reason = drive(url, tmp_path / "d.toml")["sign-on"]
    assert (state, reason.partition(" /")[0]) == ("failed", "not signed on: GET")
    assert reason.endswith('css "#nulle-part"')


def test_a_form_that_a_script_draws(recorder, face, tmp_path) -> None:
    """Where it goes and what goes with it stand in the file; what a POST showed feeds what was read after it."""
    entcore, client = face("entcore"), recorder.client
    url, alix, other = entcore.url, entcore.people.person("student", 0), entcore.people.person("student", 1)
    client.get(f"{url}/auth/login")
    client.post(f"{url}/auth/login", data={"email": alix.login, "password": alix.password, "callBack": ""})
    client.get(f"{url}/conversation/conversation")
    header = {"X-XSRF-TOKEN": client.cookies["XSRF-TOKEN"]}
    made = client.post(f"{url}/conversation/draft", json={"to": [], "subject": "s"}, headers=header).json()
    client.get(f"{url}/conversation/message/{made['id']}")
    seen = again(recorder, tmp_path, url, login=other.login, password=other.password)
    assert {name: each for name, each in seen.items() if each[0] != "ok"} == {}


def test_a_first_try_that_failed_is_not_the_sign_on(tmp_path) -> None:
    """The form came again; the second time it went well. No password is sent later."""
    steps = [
        entry("http://e/login", LOGIN),
        entry("http://e/login", LOGIN, method="POST", at=1, post=form("username=lea&password=faux-faux")),
        entry("http://e/login", method="POST", status=302, location="/moi", at=2,
              post=form("username=lea&password=juste-juste")),
        entry("http://e/moi", HOME, at=3),
        entry("http://e/compte", HOME, method="POST", at=4, post=form("password=juste-juste&nouveau=xxxxxxx")),
    ]  # fmt: skip
    made, text = drafted(recording(tmp_path, *steps))
    assert [page["action"] for page in made.file["page"]] == ["open-home"]
    assert "faux" not in text
    assert "juste" not in text


def test_a_bearer_token_is_taken_from_the_sign_on(tmp_path) -> None:
    """By its path in the answer; the header itself stands nowhere."""
    given = {"mimeType": "application/json", "text": json.dumps({"login": "lea", "password": "juste-juste"})}
    made, text = drafted(recording(
        tmp_path,
        entry("http://e/", "<div id=app>"),
        entry("http://e/api/session", json.dumps({"jeton": "aB3-xyz-789"}), kind="application/json", method="POST",
              at=1, post=given),
        entry("http://e/messages", HOME, at=2, headers={"Authorization": "Bearer aB3-xyz-789"}),
    ))  # fmt: skip
    assert made.file["sign_on"]["token"] == "$.jeton"
    assert "aB3" not in text


@pytest.mark.parametrize("text", ['{"a": {"password": "juste-juste"}}', '[{"password": "juste-juste"}]', "{"])
def test_a_sign_on_that_no_method_knows_is_said(tmp_path, text) -> None:
    """The draft is one without it."""
    given = {"mimeType": "application/json", "text": text}
    made, written = drafted(recording(
        tmp_path, entry("http://e/", HOME),
        entry("http://e/s", "{}", kind="application/json", method="POST", at=1, post=given),
    ))  # fmt: skip
    assert "sign_on" not in made.file
    assert "juste" not in written
    assert made.notes


CHOICE = (
    "<form method=post action=/login><select name=etab><option value=12 selected>A<option value=13>B<option>Lycée C"
    "</select><input type=radio name=profil value=eleve checked><input type=radio name=profil value=parent>"
    "<input type=checkbox name=rester value=oui><input type=hidden name=lt value=LT-1-aB3dE6gH9k><input name=libre>"
    "<input name=username><input type=password name=password></form>"
)


@pytest.mark.parametrize(
    ("sent", "extra"),
    [
        ("etab=12&profil=eleve", None), ("etab=13&profil=eleve", {"etab": "13"}),
        ("etab=12&profil=parent&rester=oui", {"profil": "parent", "rester": "oui"}),
    ],
)  # fmt: skip
def test_what_was_chosen_at_the_sign_on_is_chosen_again(tmp_path, sent, extra) -> None:
    """A school, a kind of account, a tick: what differs from the form's own values, and nothing else."""
    posted = form(f"{sent}&lt=LT-1-aB3dE6gH9k&libre=&username=alix&password=motdepasse9")
    made, _ = drafted(
        recording(tmp_path, entry("http://e/", CHOICE), entry("http://e/login", HOME, method="POST", post=posted))
    )
    assert made.file["sign_on"].get("extra_fields") == extra


def test_what_was_typed_beside_is_said_by_its_field(tmp_path) -> None:
    """Its value stays out."""
    posted = form("etab=12&profil=eleve&lt=LT-1-aB3dE6gH9k&libre=Dupont&username=alix&password=motdepasse9")
    made, text = drafted(
        recording(tmp_path, entry("http://e/", CHOICE), entry("http://e/login", HOME, method="POST", post=posted))
    )
    assert any(note.startswith("sign_on.extra_fields: libre:") for note in made.notes)
    assert "Dupont" not in text
